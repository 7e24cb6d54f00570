/**
 * Work that must happen in the end, though it fails now: each item is tried until it succeeds, with growing delays, a bounded number at once,
 * and after so many failures it is dead, and given to whoever looks after such. Unlike `Retry`, nobody waits for the result.
 *
 *     add -> due --attempt--> running --succeeded--> (gone)
 *             ^                  | failed
 *             +---- delayed <----+--- attempts are used up ---> dead (gone)
 *
 * The caller keeps items in a durable place if they must survive: everything that changes is an input or an effect. Order is by due time, so
 * it is not kept among items that fail; where it must be, use one queue for each key with `runningMax` 1 and no delay.
 *
 * Pure: no clock, no timers. O(log n).
 */
import { assert, Instant } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { RandomNumber } from './world.ts';

export interface RetryQueueOptions {
  /** Items that wait, run or are delayed. Default 10,000. */
  readonly itemsMax?: number;
  /** Default 1. */
  readonly runningMax?: number;
  /** Default 10. */
  readonly attemptsMax?: number;
  readonly backoff?: BackoffOptions;
}

export type RetryQueueInput<T> =
  /** `id` must not be in the queue. `attempts`: what it has behind it, when it comes from a durable place; default 0. */
  | { readonly kind: 'add'; readonly id: string; readonly item: T; readonly attempts?: number }
  | { readonly kind: 'succeeded'; readonly id: string }
  /** `isFinal`: no attempt will ever succeed. */
  | { readonly kind: 'failed'; readonly id: string; readonly error: unknown; readonly isFinal?: boolean }
  | { readonly kind: 'tick' };

export type RetryQueueEffect<T> =
  | { readonly kind: 'attempt'; readonly id: string; readonly item: T; readonly attempt: number }
  | { readonly kind: 'delayed'; readonly id: string; readonly attempts: number; readonly delayMs: number }
  | { readonly kind: 'dead'; readonly id: string; readonly item: T; readonly attempts: number; readonly error: unknown }
  /** There are `itemsMax` already, or the id is there. The item was not taken. */
  | { readonly kind: 'refused'; readonly id: string; readonly item: T; readonly why: 'full' | 'duplicate' };

interface Queued<T> extends Due {
  readonly id: string;
  readonly item: T;
  attempts: number;
  delayMs: number;
  isRunning: boolean;
}

export class RetryQueue<T> {
  readonly #random: RandomNumber;
  readonly #backoff: Backoff;
  readonly #itemsMax: number;
  readonly #runningMax: number;
  readonly #attemptsMax: number;
  readonly #items = new Map<string, Queued<T>>();
  readonly #waiting = new DeadlineHeap<Queued<T>>();
  #running = 0;

  constructor(random: RandomNumber, options: RetryQueueOptions = {}) {
    this.#random = random;
    this.#backoff = new Backoff(options.backoff);
    this.#itemsMax = options.itemsMax ?? 10_000;
    this.#runningMax = options.runningMax ?? 1;
    this.#attemptsMax = options.attemptsMax ?? 10;
    assert(this.#itemsMax >= 1, `itemsMax must be >= 1, not ${options.itemsMax}`);
    assert(this.#runningMax >= 1, `runningMax must be >= 1, not ${options.runningMax}`);
    assert(this.#attemptsMax >= 1, `attemptsMax must be >= 1, not ${options.attemptsMax}`);
  }

  get size(): number {
    return this.#items.size;
  }

  get running(): number {
    return this.#running;
  }

  /** When `tick` is next worth calling; undefined while nothing waits, or as many run as may. */
  get deadline(): Instant | undefined {
    const { earliest } = this.#waiting;
    return earliest === undefined || this.#running >= this.#runningMax ? undefined : Instant.of(earliest.dueAt);
  }

  step(input: RetryQueueInput<T>, now: Instant, out: RetryQueueEffect<T>[]): void {
    switch (input.kind) {
      case 'add':
        this.#add(input.id, input.item, input.attempts ?? 0, now, out);
        break;
      case 'succeeded':
        this.#take(input.id);
        break;
      case 'failed':
        this.#failed(input.id, input.error, input.isFinal === true, now, out);
        break;
      case 'tick':
        break;
    }
    this.#run(now, out);
  }

  #add(id: string, item: T, attempts: number, now: Instant, out: RetryQueueEffect<T>[]): void {
    const why = this.#items.has(id) ? 'duplicate' : this.#items.size >= this.#itemsMax ? 'full' : undefined;
    if (why !== undefined) {
      out.push({ kind: 'refused', id, item, why });
      return;
    }
    const queued: Queued<T> = { id, item, attempts, delayMs: 0, isRunning: false, dueAt: now, gone: false };
    this.#items.set(id, queued);
    this.#waiting.add(queued);
  }

  /** The item that runs under that id leaves; an answer for one that does not is of no interest. */
  #take(id: string): Queued<T> | undefined {
    const queued = this.#items.get(id);
    if (queued === undefined || !queued.isRunning) return undefined;
    this.#items.delete(id);
    this.#running -= 1;
    return queued;
  }

  #failed(id: string, error: unknown, isFinal: boolean, now: Instant, out: RetryQueueEffect<T>[]): void {
    const queued = this.#take(id);
    if (queued === undefined) return;
    const { item, attempts } = queued;
    if (isFinal || attempts >= this.#attemptsMax) {
      out.push({ kind: 'dead', id, item, attempts, error });
      return;
    }
    const delayMs = this.#backoff.delayMs(attempts, queued.delayMs, this.#random);
    queued.isRunning = false;
    queued.delayMs = delayMs;
    queued.dueAt = now + delayMs;
    this.#items.set(id, queued);
    this.#waiting.add(queued);
    out.push({ kind: 'delayed', id, attempts, delayMs });
  }

  #run(now: Instant, out: RetryQueueEffect<T>[]): void {
    while (this.#running < this.#runningMax) {
      const { earliest } = this.#waiting;
      if (earliest === undefined || earliest.dueAt > now) return;
      this.#waiting.take();
      earliest.isRunning = true;
      earliest.attempts += 1;
      this.#running += 1;
      out.push({ kind: 'attempt', id: earliest.id, item: earliest.item, attempt: earliest.attempts });
    }
  }
}
