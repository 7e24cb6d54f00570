/**
 * Sends what an `Outbox` holds: at least once, the messages of one key in order, those of different keys beside each other.
 *
 *     read --> waiting (behind earlier ones of its key) --> sending --delivered--> settled --all before it too--> acknowledged
 *                               ^                            |   | attemptsMax, or poison
 *                               +---- failed, sendMs --------+   v
 *                                     (delayMs)               parking --parked--> settled, with all of its key if that is held
 *                                                                | refused: no room; keep trying
 *
 * What is acknowledged is a position up to which everything is settled. After a crash the relay starts there again, so what lies behind it may be sent
 * twice: the receiver tells by the entry's id (`IdempotencyKeys`, `IdempotentReceiver`). Run one relay per outbox; two only repeat
 * more, but they break the order.
 *
 * Pure: no clock, no timers. Each input O(log what is under way), amortised; a park O(what is under way).
 */
import { assert, Instant } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';
import type { OutboxEntry } from './outbox.ts';

export interface OutboxRelayOptions {
  /** Messages that are being sent at once. Default 64. */
  readonly sendingMax?: number;
  /** Messages that are read beyond what is acknowledged. Default 1,024. */
  readonly aheadMax?: number;
  /** An answer is waited for so long; then the message is sent again. */
  readonly sendMs: number;
  /** How often a message is sent before it is parked. Default 10. */
  readonly attemptsMax?: number;
  /** How long to wait after attempt `attempt`, from 1. Default: 100 ms, doubled each time, to 30 s. */
  readonly delayMs?: (attempt: number) => number;
  /** A poison message is set aside: with all later ones of its key (`hold-key`, order is kept), or alone. Default `hold-key`. */
  readonly whenPoisoned?: 'hold-key' | 'skip';
}

export type OutboxRelayInput<M> =
  /** First. `acknowledgedTo`: what the outbox says. */
  | { readonly kind: 'start'; readonly acknowledgedTo: number }
  /** There may be more in the outbox. */
  | { readonly kind: 'stored' }
  /** What `Outbox.after` gave for the last `read`. */
  | { readonly kind: 'entries'; readonly entries: readonly OutboxEntry<M>[] }
  /** The receiver has it, now or from before. */
  | { readonly kind: 'delivered'; readonly position: number }
  /** `isPoison`: it will never be taken. */
  | { readonly kind: 'failed'; readonly position: number; readonly isPoison: boolean; readonly why: string }
  /** What `Outbox.park` gave for a `park`. */
  | { readonly kind: 'parked'; readonly position: number; readonly isDone: boolean }
  | { readonly kind: 'tick' };

export type OutboxRelayEffect<M> =
  /** Call `Outbox.after`. One at a time. */
  | { readonly kind: 'read'; readonly after: number; readonly limit: number }
  | { readonly kind: 'send'; readonly entry: OutboxEntry<M>; readonly attempt: number }
  /** Call `Outbox.acknowledge`. Of several the last is enough, and it need not be durable soon. */
  | { readonly kind: 'acknowledge'; readonly position: number }
  /** Call `Outbox.park`. */
  | { readonly kind: 'park'; readonly position: number; readonly holdsKey: boolean; readonly why: string };

interface Item<M> {
  readonly entry: OutboxEntry<M>;
  phase: 'waiting' | 'ready' | 'delayed' | 'sending' | 'parking' | 'settled';
  attempt: number;
  timer: Timer<M> | undefined;
}
interface Timer<M> extends Due {
  readonly item: Item<M>;
}

const defaultDelayMs = (attempt: number): number => Math.min(30_000, 100 * 2 ** (attempt - 1));

export class OutboxRelay<M> {
  readonly #sendMs: number;
  readonly #sendingMax: number;
  readonly #aheadMax: number;
  readonly #attemptsMax: number;
  readonly #holdsKey: boolean;
  readonly #delayMs: (attempt: number) => number;
  /** What was read and is not acknowledged, by position, ascending. At most `aheadMax`. */
  readonly #items = new Map<number, Item<M>>();
  /** By key: what is not settled, in order. */
  readonly #queues = new Map<string, Item<M>[]>();
  /** May be sent as soon as there is room. */
  #ready: Item<M>[] = [];
  readonly #timers = new DeadlineHeap<Timer<M>>();
  #sending = 0;
  #readTo = 0;
  #acknowledgedTo = 0;
  #isReading = false;
  #hasMore = false;
  /** What the read under way brings may be out of date. */
  #isStale = false;
  #hasStarted = false;

  constructor(options: OutboxRelayOptions) {
    this.#sendMs = options.sendMs;
    this.#sendingMax = options.sendingMax ?? 64;
    this.#aheadMax = options.aheadMax ?? 1024;
    this.#attemptsMax = options.attemptsMax ?? 10;
    this.#delayMs = options.delayMs ?? defaultDelayMs;
    this.#holdsKey = options.whenPoisoned !== 'skip';
    assert(this.#sendMs > 0, `sendMs must be > 0, not ${this.#sendMs}`);
    assert(this.#sendingMax >= 1, `sendingMax must be >= 1, not ${this.#sendingMax}`);
    assert(this.#aheadMax >= 1, `aheadMax must be >= 1, not ${this.#aheadMax}`);
    assert(this.#attemptsMax >= 1, `attemptsMax must be >= 1, not ${this.#attemptsMax}`);
  }

  /** Everything up to here is settled. */
  get acknowledgedTo(): number {
    return this.#acknowledgedTo;
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    const { earliest } = this.#timers;
    return earliest === undefined ? undefined : Instant.of(earliest.dueAt);
  }

  step(input: OutboxRelayInput<M>, now: Instant, out: OutboxRelayEffect<M>[]): void {
    assert(this.#hasStarted !== (input.kind === 'start'), 'a relay is started once, first of all');
    switch (input.kind) {
      case 'start':
        this.#hasStarted = true;
        this.#readTo = input.acknowledgedTo;
        this.#acknowledgedTo = input.acknowledgedTo;
        this.#hasMore = true;
        break;
      case 'stored':
        this.#hasMore = true;
        break;
      case 'entries':
        this.#take(input.entries);
        break;
      case 'delivered':
        this.#delivered(input.position, out);
        break;
      case 'failed':
        this.#failed(input.position, input.isPoison, input.why, now, out);
        break;
      case 'parked':
        this.#parked(input.position, input.isDone, now, out);
        break;
      case 'tick':
        this.#tick(now, out);
        break;
    }
    this.#send(now, out);
    this.#read(out);
  }

  #read(out: OutboxRelayEffect<M>[]): void {
    const limit = this.#aheadMax - this.#items.size;
    if (this.#isReading || !this.#hasMore || limit <= 0) return;
    this.#isReading = true;
    this.#hasMore = false;
    out.push({ kind: 'read', after: this.#readTo, limit });
  }

  #take(entries: readonly OutboxEntry<M>[]): void {
    this.#isReading = false;
    if (this.#isStale) {
      this.#isStale = false;
      this.#hasMore = true;
      return;
    }
    // There may be more behind; an empty answer is the end, until something is stored.
    if (entries.length > 0) this.#hasMore = true;
    for (const entry of entries) {
      assert(entry.position > this.#readTo, 'entries come in the order of their positions, after what was asked for');
      this.#readTo = entry.position;
      const item: Item<M> = { entry, phase: 'waiting', attempt: 0, timer: undefined };
      this.#items.set(entry.position, item);
      const queue = this.#queues.get(entry.key);
      if (queue === undefined) {
        this.#queues.set(entry.key, [item]);
        this.#makeReady(item);
      } else queue.push(item);
    }
  }

  #makeReady(item: Item<M>): void {
    item.phase = 'ready';
    this.#ready.push(item);
  }

  #send(now: Instant, out: OutboxRelayEffect<M>[]): void {
    const room = this.#sendingMax - this.#sending;
    if (room <= 0 || this.#ready.length === 0) return;
    for (const item of this.#ready.splice(0, room)) {
      // Parked meanwhile, with all of its key.
      if (item.phase !== 'ready') continue;
      item.phase = 'sending';
      item.attempt += 1;
      this.#sending += 1;
      this.#setTimer(item, Instant.add(now, this.#sendMs));
      out.push({ kind: 'send', entry: item.entry, attempt: item.attempt });
    }
  }

  /** Counts also when it comes after another attempt has begun: it was delivered. */
  #delivered(position: number, out: OutboxRelayEffect<M>[]): void {
    const item = this.#items.get(position);
    if (item === undefined || item.attempt === 0 || item.phase === 'parking' || item.phase === 'settled') return;
    this.#stop(item);
    this.#settle(item);
    this.#advance(out);
  }

  #failed(position: number, isPoison: boolean, why: string, now: Instant, out: OutboxRelayEffect<M>[]): void {
    const item = this.#items.get(position);
    if (item?.phase !== 'sending') return;
    this.#stop(item);
    if (!isPoison && item.attempt < this.#attemptsMax) return this.#delay(item, now);
    item.phase = 'parking';
    out.push({ kind: 'park', position, holdsKey: this.#holdsKey, why });
  }

  #parked(position: number, isDone: boolean, now: Instant, out: OutboxRelayEffect<M>[]): void {
    const item = this.#items.get(position);
    if (item?.phase !== 'parking') return;
    // There is no room for it: it stays in the way of its key, and is tried again, for ever, rather than lost.
    if (!isDone) return this.#delay(item, now);
    if (this.#holdsKey) {
      for (const each of this.#queues.get(item.entry.key)!) each.phase = 'settled';
      this.#queues.delete(item.entry.key);
      // It may bring messages of the key that have been set aside since.
      this.#isStale = this.#isReading;
    } else this.#settle(item);
    this.#advance(out);
  }

  #delay(item: Item<M>, now: Instant): void {
    item.phase = 'delayed';
    this.#setTimer(item, Instant.add(now, this.#delayMs(item.attempt)));
  }

  #tick(now: Instant, out: OutboxRelayEffect<M>[]): void {
    for (let next = this.#timers.earliest; next !== undefined && next.dueAt <= now; next = this.#timers.earliest) {
      this.#timers.take();
      const { item } = next;
      item.timer = undefined;
      if (item.phase === 'delayed') this.#makeReady(item);
      else if (item.phase === 'sending') this.#failed(item.entry.position, false, 'no answer came in time', now, out);
    }
  }

  /** The item is first of its key. */
  #settle(item: Item<M>): void {
    const { key } = item.entry;
    item.phase = 'settled';
    const queue = this.#queues.get(key)!;
    assert(queue[0] === item, 'messages of a key are settled in order');
    queue.shift();
    if (queue.length === 0) this.#queues.delete(key);
    else this.#makeReady(queue[0]!);
  }

  #advance(out: OutboxRelayEffect<M>[]): void {
    const before = this.#acknowledgedTo;
    for (const [position, { phase }] of this.#items) {
      if (phase !== 'settled') break;
      this.#items.delete(position);
      this.#acknowledgedTo = position;
    }
    if (this.#acknowledgedTo > before) out.push({ kind: 'acknowledge', position: this.#acknowledgedTo });
  }

  #stop(item: Item<M>): void {
    if (item.timer !== undefined) this.#timers.remove(item.timer);
    item.timer = undefined;
    if (item.phase === 'sending') this.#sending -= 1;
  }

  #setTimer(item: Item<M>, at: Instant): void {
    item.timer = { item, dueAt: at, gone: false };
    this.#timers.add(item.timer);
  }
}
