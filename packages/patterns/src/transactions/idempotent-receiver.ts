/**
 * Remembers what was answered, so that a repeated request is answered again and not carried out again (Joshi, "Patterns of
 * Distributed Systems", Idempotent Receiver; Ongaro's thesis, section 6.3).
 *
 * A sender opens a session and numbers its requests from 1. With each request it says below which number all answers have arrived; those are
 * forgotten. Requests may arrive in any order, within a window of numbers that starts there.
 *
 * The receiver is a function of the order of its calls and of nothing else, so that replicas that make the same calls hold the same answers. When there
 * are too many sessions, or too much is remembered, the session that was not heard of for the longest is forgotten whole; its sender's next
 * request is refused, never carried out twice. A session's id must not be used again, not even after that: give it out from something that
 * only grows, such as a place in a log.
 *
 * Each call O(1), amortised, but `freeze`, which is O(sessions).
 */
import { assert } from '../base/index.ts';

export interface IdempotentReceiverOptions<R> {
  /** Sessions remembered. Default 8,192. */
  readonly sessionsMax?: number;
  /** How many numbers beyond the first unacknowledged one are taken; a power of two. Default 4,096. */
  readonly windowMax?: number;
  /** Sum of the weights of all answers; one session may take half of it. Default 64 Mi. */
  readonly weightMax?: number;
  /** What an answer counts; a function of its content alone. Default 1. */
  readonly weigh?: (reply: R) => number;
}

/**
 * `new`: carry it out, then `record` the answer. `unknown-session`: never opened, closed, or forgotten. `acknowledged`: answered long ago, and the
 * sender said so. `window-full`: not carried out; try again when earlier answers have been acknowledged.
 */
export type Reception = 'new' | 'unknown-session' | 'acknowledged' | 'window-full';

/** A session's content. Never changed once a freeze has seen it. */
interface Window<R> {
  readonly epoch: number;
  /** Below, everything has been answered and forgotten. */
  acknowledgedBelow: number;
  /** Answers by the low bits of their number; the length is a power of two. */
  ring: (R | undefined)[];
  weight: number;
}

interface Session<R> {
  readonly id: number;
  window: Window<R>;
  /** Towards less recently used. */
  older: Session<R> | undefined;
  newer: Session<R> | undefined;
}

export interface FrozenSession<R> {
  readonly id: number;
  readonly acknowledgedBelow: number;
  /** Ascending by number. */
  readonly replies: readonly { readonly sequence: number; readonly reply: R }[];
}

const RING_MIN = 8;
/** So that no sum of a number and a window is beyond what counts exactly. Whoever sends one a microsecond gets here in 142 years. */
const SEQUENCE_MAX = 2 ** 52;

export class IdempotentReceiver<R extends object> {
  readonly #sessionsMax: number;
  readonly #windowMax: number;
  readonly #weightMax: number;
  readonly #weigh: (reply: R) => number;
  readonly #sessions = new Map<number, Session<R>>();
  #newest: Session<R> | undefined;
  #oldest: Session<R> | undefined;
  #weight = 0;
  #epoch = 0;

  constructor(options: IdempotentReceiverOptions<R> = {}) {
    this.#sessionsMax = options.sessionsMax ?? 8192;
    this.#windowMax = options.windowMax ?? 4096;
    this.#weightMax = options.weightMax ?? 64 * 1024 * 1024;
    this.#weigh = options.weigh ?? (() => 1);
    assert(this.#sessionsMax >= 1, `sessionsMax must be at least 1, not ${this.#sessionsMax}`);
    assert(this.#weightMax > 0, `weightMax must be above 0, not ${this.#weightMax}`);
    assert(this.#windowMax >= 1 && (this.#windowMax & (this.#windowMax - 1)) === 0, 'windowMax must be a power of two');
  }

  /** Sessions that are remembered. */
  get size(): number {
    return this.#sessions.size;
  }

  get weight(): number {
    return this.#weight;
  }

  has(session: number): boolean {
    return this.#sessions.has(session);
  }

  /** `session` must never have been open before. */
  open(session: number): void {
    assert(!this.#sessions.has(session), 'a session is opened once');
    if (this.#sessions.size >= this.#sessionsMax) this.#forget(this.#oldest!);
    this.#enter(session, 1);
  }

  /** Returns whether there was such a session. */
  close(session: number): boolean {
    const found = this.#sessions.get(session);
    if (found !== undefined) this.#forget(found);
    return found !== undefined;
  }

  /** The remembered answer when this request was carried out before; otherwise what to do with it. */
  receive(session: number, sequence: number, acknowledgedBelow: number): R | Reception {
    assert(Number.isInteger(sequence), `the number of a request must be an integer, not ${sequence}`);
    const found = this.#sessions.get(session);
    if (found === undefined) return 'unknown-session';
    if (sequence > SEQUENCE_MAX) return 'window-full';
    this.#touch(found);
    const below = Math.min(acknowledgedBelow, sequence);
    if (below > found.window.acknowledgedBelow) this.#acknowledge(this.#writable(found), below);
    const { window } = found;
    const offset = sequence - window.acknowledgedBelow;
    if (offset < 0) return 'acknowledged';
    if (offset < window.ring.length) {
      const reply = window.ring[sequence % window.ring.length];
      if (reply !== undefined) return reply;
    }
    if (offset >= this.#windowMax || window.weight > this.#weightMax / 2) return 'window-full';
    return 'new';
  }

  /** The answer to a request that was `new`; the session may have been closed by it. */
  record(session: number, sequence: number, reply: R): void {
    const found = this.#sessions.get(session);
    if (found === undefined) return;
    this.#keep(this.#writable(found), sequence, reply);
    while (this.#weight > this.#weightMax && this.#oldest !== found) this.#forget(this.#oldest!);
  }

  /** Everything, least recently used first, as it is now whatever happens later. To be read lazily. */
  freeze(): Iterable<FrozenSession<R>> {
    this.#epoch += 1;
    const sessions: { id: number; window: Window<R> }[] = [];
    for (let s = this.#oldest; s !== undefined; s = s.newer) sessions.push({ id: s.id, window: s.window });
    return (function* () {
      for (const { id, window } of sessions) yield thaw(id, window);
    })();
  }

  /** Adds a session of a frozen receiver with the same options; in the order that `freeze` gave. */
  load(frozen: FrozenSession<R>): void {
    const session = this.#enter(frozen.id, frozen.acknowledgedBelow);
    for (const { sequence, reply } of frozen.replies) this.#keep(session.window, sequence, reply);
  }

  clear(): void {
    this.#sessions.clear();
    this.#newest = undefined;
    this.#oldest = undefined;
    this.#weight = 0;
  }

  #enter(id: number, acknowledgedBelow: number): Session<R> {
    const window = {
      epoch: this.#epoch,
      acknowledgedBelow,
      ring: new Array<undefined>(RING_MIN).fill(undefined),
      weight: 0,
    };
    const session: Session<R> = { id, window, older: undefined, newer: undefined };
    this.#sessions.set(id, session);
    this.#append(session);
    return session;
  }

  #forget(session: Session<R>): void {
    this.#weight -= session.window.weight;
    this.#sessions.delete(session.id);
    this.#unlink(session);
  }

  #touch(session: Session<R>): void {
    if (session === this.#newest) return;
    this.#unlink(session);
    this.#append(session);
  }

  #append(session: Session<R>): void {
    session.older = this.#newest;
    session.newer = undefined;
    if (this.#newest === undefined) this.#oldest = session;
    else this.#newest.newer = session;
    this.#newest = session;
  }

  #unlink(session: Session<R>): void {
    if (session.older === undefined) this.#oldest = session.newer;
    else session.older.newer = session.newer;
    if (session.newer === undefined) this.#newest = session.older;
    else session.newer.older = session.older;
  }

  #writable(session: Session<R>): Window<R> {
    if (session.window.epoch !== this.#epoch) {
      session.window = { ...session.window, epoch: this.#epoch, ring: session.window.ring.slice() };
    }
    return session.window;
  }

  #acknowledge(window: Window<R>, below: number): void {
    const { ring } = window;
    const until = Math.min(below, window.acknowledgedBelow + ring.length);
    for (let sequence = window.acknowledgedBelow; sequence < until; sequence++) {
      const reply = ring[sequence % ring.length];
      if (reply === undefined) continue;
      const weight = this.#weigh(reply);
      window.weight -= weight;
      this.#weight -= weight;
      ring[sequence % ring.length] = undefined;
    }
    window.acknowledgedBelow = below;
  }

  #keep(window: Window<R>, sequence: number, reply: R): void {
    const offset = sequence - window.acknowledgedBelow;
    assert(offset >= 0 && offset < this.#windowMax, 'an answer is recorded within the window');
    if (offset >= window.ring.length) grow(window, offset + 1);
    assert(window.ring[sequence % window.ring.length] === undefined, 'an answer is recorded once');
    window.ring[sequence % window.ring.length] = reply;
    const weight = this.#weigh(reply);
    window.weight += weight;
    this.#weight += weight;
  }
}

function grow<R>(window: Window<R>, needed: number): void {
  let size = window.ring.length;
  while (size < needed) size *= 2;
  const ring = new Array<R | undefined>(size).fill(undefined);
  for (let i = 0; i < window.ring.length; i++) {
    const sequence = window.acknowledgedBelow + i;
    ring[sequence % size] = window.ring[sequence % window.ring.length];
  }
  window.ring = ring;
}

function thaw<R>(id: number, window: Window<R>): FrozenSession<R> {
  const { acknowledgedBelow, ring } = window;
  const replies: { sequence: number; reply: R }[] = [];
  for (let sequence = acknowledgedBelow; sequence < acknowledgedBelow + ring.length; sequence++) {
    const reply = ring[sequence % ring.length];
    if (reply !== undefined) replies.push({ sequence, reply });
  }
  return { id, acknowledgedBelow, replies };
}
