/**
 * Rumour mongering: who hears something new passes it on until it has met too many who knew it.
 *
 * Demers et al., "Epidemic Algorithms for Replicated Database Maintenance", PODC 1987, section 1.4 (complex epidemics): push, pull or both; losing
 * interest by a counter or by a coin; with feedback (only needless contacts count) or blind (every contact counts). A few are never reached:
 * back it up by anti-entropy.
 *
 *     unknown --heard--> hot --lost interest--> cold --maxRumours newer ones--> forgotten
 *
 * Pure; randomness is injected. A round is O(hot) per partner; a message O(rumours in it).
 */
import { assert, Instant, type RandomNumber } from '../base/index.ts';
import { choosePeers } from './peers.ts';

export interface RumourOptions {
  readonly self: string;
  readonly members: readonly string[];
  readonly random: RandomNumber;
  readonly intervalMs: number;
  /** `push` by default. Pull asks in every round, also when there is nothing new; it pays where there always is. */
  readonly mode?: 'push' | 'pull' | 'push-pull';
  /** `counter` by default: interest is lost after `k` contacts (with feedback: `k` rounds in a row with contacts of which none needed it). `coin`: with probability 1/k at each. */
  readonly stop?: 'counter' | 'coin';
  /** 3 by default. */
  readonly k?: number;
  /** True by default: only contacts with somebody who knew it already count. */
  readonly feedback?: boolean;
  /** Partners per round. 1 by default. */
  readonly fanout?: number;
  /** Rumours remembered. 10,000 by default. The oldest is forgotten first: then it would be news again. */
  readonly maxRumours?: number;
}

export interface Rumour<Body> {
  readonly id: string;
  readonly body: Body;
}

export type RumourMessage<Body> =
  | { readonly kind: 'rumours'; readonly rumours: readonly Rumour<Body>[]; readonly pull: boolean }
  /** To whom sent `rumours`: which of them were known already. */
  | { readonly kind: 'feedback'; readonly known: readonly string[]; readonly fresh: readonly string[] };

export type RumourInput<Body> =
  | { readonly kind: 'spread'; readonly rumour: Rumour<Body> }
  | { readonly kind: 'members'; readonly members: readonly string[] }
  | { readonly kind: 'message'; readonly from: string; readonly message: RumourMessage<Body> }
  | { readonly kind: 'tick' };

export type RumourEffect<Body> =
  | { readonly kind: 'send'; readonly to: string; readonly message: RumourMessage<Body> }
  /** Heard for the first time. */
  | { readonly kind: 'heard'; readonly rumour: Rumour<Body> };

interface Hot<Body> {
  readonly rumour: Rumour<Body>;
  contacts: number;
  /** What this round's contacts said: somebody needed it; somebody knew it. */
  needed: boolean;
  knownAlready: boolean;
}

export class RumourMonger<Body> {
  readonly #options: Required<RumourOptions>;
  readonly #known = new Set<string>();
  readonly #hot = new Map<string, Hot<Body>>();
  #members: readonly string[];
  #nextAt: Instant;

  constructor(options: RumourOptions, now: Instant) {
    const defaults = { mode: 'push', stop: 'counter', k: 3, feedback: true, fanout: 1, maxRumours: 10_000 } as const;
    this.#options = { ...defaults, ...options };
    assert(this.#options.k >= 1, 'k must be 1 or more');
    assert(this.#options.intervalMs > 0, 'intervalMs must be above 0');
    assert(this.#options.maxRumours >= 1, 'maxRumours must be 1 or more');
    this.#members = options.members;
    this.#nextAt = Instant.add(now, this.#options.intervalMs);
  }

  knows(id: string): boolean {
    return this.#known.has(id);
  }

  /** Rumours still passed on. */
  get hot(): number {
    return this.#hot.size;
  }

  /** Undefined while there is nothing to push and nothing to ask for. */
  get deadline(): Instant | undefined {
    return this.#hot.size > 0 || this.#options.mode !== 'push' ? this.#nextAt : undefined;
  }

  step(input: RumourInput<Body>, now: Instant, out: RumourEffect<Body>[]): void {
    switch (input.kind) {
      case 'spread':
        if (this.#hot.size === 0 && this.#options.mode === 'push') this.#nextAt = now;
        this.#hear(input.rumour);
        return;
      case 'members':
        this.#members = input.members;
        return;
      case 'message':
        if (input.message.kind === 'feedback') return this.#feedback(input.message);
        return this.#rumours(input.from, input.message, now, out);
      case 'tick':
        if (now >= this.#nextAt) this.#round(now, out);
    }
  }

  #round(now: Instant, out: RumourEffect<Body>[]): void {
    const { self, random, fanout, mode, intervalMs } = this.#options;
    this.#nextAt = Instant.add(now, intervalMs);
    const pull = mode !== 'push';
    this.#judge();
    for (const to of choosePeers(random, { self, members: this.#members }, fanout)) {
      const rumours = mode === 'pull' ? [] : this.#offer();
      if (rumours.length > 0 || pull) out.push({ kind: 'send', to, message: { kind: 'rumours', rumours, pull } });
    }
  }

  #rumours(
    from: string,
    message: RumourMessage<Body> & { kind: 'rumours' },
    now: Instant,
    out: RumourEffect<Body>[],
  ): void {
    const known: string[] = [];
    const fresh: string[] = [];
    // Taken before what has come is added: nobody needs its own rumour back.
    const answer = message.pull ? this.#offer() : [];
    for (const rumour of message.rumours) {
      if (this.#known.has(rumour.id)) {
        known.push(rumour.id);
        continue;
      }
      fresh.push(rumour.id);
      if (this.#hot.size === 0 && this.#options.mode === 'push')
        this.#nextAt = Instant.add(now, this.#options.intervalMs);
      this.#hear(rumour);
      out.push({ kind: 'heard', rumour });
    }
    if (this.#options.feedback && message.rumours.length > 0)
      out.push({ kind: 'send', to: from, message: { kind: 'feedback', known, fresh } });
    if (answer.length > 0)
      out.push({ kind: 'send', to: from, message: { kind: 'rumours', rumours: answer, pull: false } });
  }

  /** What is passed on in one contact. Blind interest is lost by passing on. */
  #offer(): Rumour<Body>[] {
    const rumours: Rumour<Body>[] = [];
    for (const hot of this.#hot.values()) {
      rumours.push(hot.rumour);
      if (!this.#options.feedback) this.#cool(hot);
    }
    return rumours;
  }

  #feedback({ known, fresh }: RumourMessage<Body> & { kind: 'feedback' }): void {
    for (const id of known) {
      const hot = this.#hot.get(id);
      if (hot !== undefined) hot.knownAlready = true;
    }
    for (const id of fresh) {
      const hot = this.#hot.get(id);
      if (hot !== undefined) hot.needed = true;
    }
  }

  /** Contacts are counted by rounds: one in which anybody needed the rumour begins the count again. */
  #judge(): void {
    for (const hot of this.#hot.values()) {
      if (hot.needed) hot.contacts = 0;
      else if (hot.knownAlready) this.#cool(hot);
      hot.needed = false;
      hot.knownAlready = false;
    }
  }

  #cool(hot: Hot<Body>): void {
    const { stop, k, random } = this.#options;
    hot.contacts += 1;
    const lost = stop === 'counter' ? hot.contacts >= k : random() < 1 / k;
    if (lost) this.#hot.delete(hot.rumour.id);
  }

  #hear(rumour: Rumour<Body>): void {
    if (this.#known.has(rumour.id)) return;
    this.#known.add(rumour.id);
    this.#hot.set(rumour.id, { rumour, contacts: 0, needed: false, knownAlready: false });
    if (this.#known.size <= this.#options.maxRumours) return;
    for (const oldest of this.#known) {
      this.#known.delete(oldest);
      this.#hot.delete(oldest);
      return;
    }
  }
}
