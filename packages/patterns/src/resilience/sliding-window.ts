/**
 * Counts of the last `windowMs`, in buckets: what is counted leaves between `windowMs - bucketMs` and `windowMs` after it came. Buckets
 * begin at multiples of their length. Memory: one number for each bucket and kind. O(1), but for a jump over many buckets.
 */
import { assert } from '../base/index.ts';

export class SlidingWindow {
  readonly #bucketMs: number;
  readonly #buckets: number;
  readonly #kinds: number;
  readonly #counts: Float64Array;
  readonly #totals: Float64Array;
  #slot = Number.NEGATIVE_INFINITY;

  /** `kinds`: how many different things are counted, told apart by an index from 0. */
  constructor(windowMs: number, buckets: number, kinds: number) {
    assert(windowMs > 0, `windowMs must be > 0, not ${windowMs}`);
    assert(Number.isInteger(buckets) && buckets > 0, `buckets must be a positive integer, not ${buckets}`);
    this.#bucketMs = windowMs / buckets;
    this.#buckets = buckets;
    this.#kinds = kinds;
    this.#counts = new Float64Array(buckets * kinds);
    this.#totals = new Float64Array(kinds);
  }

  /** Forgets what is too old at `now`. A `now` before the last one changes nothing. */
  advance(now: number): void {
    const slot = Math.floor(now / this.#bucketMs);
    if (slot <= this.#slot) return;
    if (slot - this.#slot >= this.#buckets) this.clear();
    else for (let old = this.#slot + 1; old <= slot; old++) this.#drop(old);
    this.#slot = slot;
  }

  /** O(1). Call `advance` first. */
  add(kind: number, amount = 1): void {
    const at = this.#index(this.#slot) + kind;
    this.#counts[at] = this.#counts[at]! + amount;
    this.#totals[kind] = this.#totals[kind]! + amount;
  }

  /** As of the last `advance`. */
  total(kind: number): number {
    return this.#totals[kind]!;
  }

  clear(): void {
    this.#counts.fill(0);
    this.#totals.fill(0);
  }

  #drop(slot: number): void {
    const at = this.#index(slot);
    for (let kind = 0; kind < this.#kinds; kind++) {
      this.#totals[kind] = this.#totals[kind]! - this.#counts[at + kind]!;
      this.#counts[at + kind] = 0;
    }
  }

  #index(slot: number): number {
    const turn = slot % this.#buckets;
    return (turn < 0 ? turn + this.#buckets : turn) * this.#kinds;
  }
}
