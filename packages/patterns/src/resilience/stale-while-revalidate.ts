/**
 * A cache that answers at once with what it has while it fetches anew, and with what it had when fetching fails (RFC 5861, sections 3 and 4):
 *
 *     age:   0 ......... freshMs ............ + staleMs ............ + staleIfErrorMs
 *            fresh       stale, and fetched    waits for a fetch;     gone
 *                        in the background     stale if that fails    (longest of both)
 *
 * However many ask for a key, it is fetched once. Who gives up leaves; a fetch that nobody waits for any more goes on only if it is a background
 * one. O(1); least recently used entries leave first.
 */
import { assert } from '../base/index.ts';
import { Call, type Operation } from './call.ts';
import { LruMap } from './lru-map.ts';
import type { MonotonicClock, Time } from './world.ts';

export interface StaleWhileRevalidateOptions<V> {
  /** Up to this age nothing is fetched. */
  readonly freshMs: number;
  /** For so long after that the old value is answered while a new one is fetched. Default 0. */
  readonly staleMs?: number;
  /** For so long after `freshMs` the old value is answered when fetching fails. Default 0. */
  readonly staleIfErrorMs?: number;
  /** Keys that are kept. Default 1,000. */
  readonly entriesMax?: number;
  /** Told of errors that no caller sees, because an old value was answered. */
  readonly onError?: (key: string, error: unknown) => void;
  /** Whether a value may be kept. Default: all. */
  readonly mayKeep?: (value: V) => boolean;
}

export type Freshness = 'fresh' | 'stale' | 'stale-if-error';

export interface Cached<V> {
  readonly value: V;
  readonly freshness: Freshness;
  readonly ageMs: number;
}

interface Entry<V> {
  readonly value: V;
  readonly at: number;
}

/** A fetch under way, and who waits for it. */
class Fetch<V> {
  readonly call: Call;
  readonly isBackground: boolean;
  readonly promise: Promise<Entry<V>>;
  waiters = 0;

  constructor(operation: Operation<V>, isBackground: boolean, load: (fetch: Fetch<V>) => Promise<Entry<V>>) {
    this.call = new Call(operation, 1, undefined);
    this.isBackground = isBackground;
    this.promise = load(this);
  }
}

export class StaleWhileRevalidate<V> {
  readonly #clock: MonotonicClock;
  readonly #options: StaleWhileRevalidateOptions<V>;
  readonly #freshMs: number;
  readonly #staleMs: number;
  readonly #errorMs: number;
  readonly #entries: LruMap<Entry<V>>;
  readonly #fetches = new Map<string, Fetch<V>>();

  constructor(time: Pick<Time, 'clock'>, options: StaleWhileRevalidateOptions<V>) {
    this.#clock = time.clock;
    this.#options = options;
    this.#freshMs = options.freshMs;
    this.#staleMs = options.freshMs + (options.staleMs ?? 0);
    this.#errorMs = options.freshMs + (options.staleIfErrorMs ?? 0);
    const entriesMax = options.entriesMax ?? 1_000;
    assert(this.#freshMs >= 0, `freshMs must be >= 0, not ${options.freshMs}`);
    assert(this.#staleMs >= this.#freshMs && this.#errorMs >= this.#freshMs, 'staleMs and staleIfErrorMs must be >= 0');
    assert(entriesMax >= 1, `entriesMax must be >= 1, not ${options.entriesMax}`);
    this.#entries = new LruMap(entriesMax);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Fetches that are under way. */
  get fetching(): number {
    return this.#fetches.size;
  }

  /**
   * The value of `key`, fetched by `fetch` if need be, whose `call.signal` is aborted when nobody waits for it any more. Rejects with what `fetch` rejects
   * with when there is no old value that may stand in, or with the reason of `signal`.
   */
  get(key: string, fetch: Operation<V>, signal?: AbortSignal): Promise<Cached<V>> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const entry = this.#entries.get(key);
    const ageMs = entry === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - entry.at;
    if (entry !== undefined && ageMs < this.#freshMs)
      return Promise.resolve({ value: entry.value, freshness: 'fresh', ageMs });
    if (entry !== undefined && ageMs < this.#staleMs) {
      this.#revalidate(key, fetch);
      return Promise.resolve({ value: entry.value, freshness: 'stale', ageMs });
    }
    return this.#wait(key, fetch, signal);
  }

  /** The next `get` fetches. A fetch under way is not kept. */
  forget(key: string): void {
    this.#entries.delete(key);
    this.#fetches.delete(key);
  }

  async #wait(key: string, fetch: Operation<V>, signal: AbortSignal | undefined): Promise<Cached<V>> {
    const running = this.#fetches.get(key) ?? this.#fetch(key, fetch, false);
    running.waiters += 1;
    try {
      const { value } = await orAborted(running.promise, signal);
      return { value, freshness: 'fresh', ageMs: 0 };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      const old = this.#entries.peek(key);
      const ageMs = old === undefined ? Number.POSITIVE_INFINITY : this.#clock.monotonic() - old.at;
      if (old === undefined || ageMs >= this.#errorMs) throw error;
      this.#options.onError?.(key, error);
      return { value: old.value, freshness: 'stale-if-error', ageMs };
    } finally {
      running.waiters -= 1;
      if (running.waiters === 0 && !running.isBackground && this.#fetches.get(key) === running) {
        this.#fetches.delete(key);
        running.call.cancel(signal?.reason);
      }
    }
  }

  #revalidate(key: string, fetch: Operation<V>): void {
    if (this.#fetches.has(key)) return;
    const { promise } = this.#fetch(key, fetch, true);
    promise.catch((error: unknown) => this.#options.onError?.(key, error));
  }

  #fetch(key: string, operation: Operation<V>, isBackground: boolean): Fetch<V> {
    const fetch = new Fetch<V>(operation, isBackground, (running) => this.#load(key, operation, running));
    this.#fetches.set(key, fetch);
    return fetch;
  }

  async #load(key: string, operation: Operation<V>, running: Fetch<V>): Promise<Entry<V>> {
    // Whom the operation calls finds it under way.
    await undefined;
    try {
      const value = await operation(running.call);
      const entry = { value, at: this.#clock.monotonic() };
      if (this.#fetches.get(key) === running && this.#options.mayKeep?.(value) !== false) this.#entries.set(key, entry);
      return entry;
    } finally {
      if (this.#fetches.get(key) === running) this.#fetches.delete(key);
    }
  }
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise<T>((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
