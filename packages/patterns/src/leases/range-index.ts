/**
 * Which of many key ranges contain a key. A sorted array with, at the middle of each stretch, the greatest end within the stretch (a static
 * interval tree; Cormen et al., "Introduction to Algorithms", section 14.3), and a short unsorted list of what was added since the array was built.
 *
 * Find O(log n + hits + recent), where recent is at most √n or 32; add and remove O(√n) amortised.
 */
import { assert } from '../base/index.ts';

export interface KeyInterval {
  readonly low: string;
  /** Exclusive; undefined: to the end. */
  readonly high: string | undefined;
}

const RECENT_MIN = 32;

export class RangeIndex<T extends KeyInterval> {
  #sorted: T[] = [];
  /** At the middle of each stretch of `#sorted`: the greatest `high` in it; undefined for "to the end". */
  #highest: (string | undefined)[] = [];
  readonly #recent = new Set<T>();
  readonly #removed = new Set<T>();

  get size(): number {
    return this.#sorted.length + this.#recent.size - this.#removed.size;
  }

  add(interval: T): void {
    assert(!this.#recent.has(interval), 'an interval is added once');
    if (this.#removed.delete(interval)) return;
    this.#recent.add(interval);
    this.#rebuildWhenDue();
  }

  /** The interval must have been added. */
  remove(interval: T): void {
    if (this.#recent.delete(interval)) return;
    this.#removed.add(interval);
    this.#rebuildWhenDue();
  }

  /** Calls `visit` for every interval that contains `key`, in no particular order. */
  find(key: string, visit: (interval: T) => void): void {
    this.#find(key, 0, this.#sorted.length, visit);
    for (const interval of this.#recent) if (contains(interval, key)) visit(interval);
  }

  #find(key: string, from: number, to: number, visit: (interval: T) => void): void {
    if (from >= to) return;
    const middle = (from + to) >>> 1;
    const highest = this.#highest[middle];
    if (highest !== undefined && highest <= key) return;
    this.#find(key, from, middle, visit);
    const interval = this.#sorted[middle]!;
    if (interval.low > key) return;
    if (contains(interval, key) && !(this.#removed.size > 0 && this.#removed.has(interval))) visit(interval);
    this.#find(key, middle + 1, to, visit);
  }

  #rebuildWhenDue(): void {
    const due = Math.max(RECENT_MIN, Math.sqrt(this.#sorted.length));
    if (this.#recent.size <= due && this.#removed.size <= due) return;
    const kept = this.#sorted.filter((interval) => !this.#removed.has(interval));
    this.#sorted = [...kept, ...this.#recent].sort((a, b) => (a.low < b.low ? -1 : a.low > b.low ? 1 : 0));
    this.#recent.clear();
    this.#removed.clear();
    this.#highest = new Array<string | undefined>(this.#sorted.length);
    if (this.#sorted.length > 0) this.#summarise(0, this.#sorted.length);
  }

  #summarise(from: number, to: number): string | undefined {
    const middle = (from + to) >>> 1;
    let highest = this.#sorted[middle]!.high;
    if (from < middle) highest = later(highest, this.#summarise(from, middle));
    if (middle + 1 < to) highest = later(highest, this.#summarise(middle + 1, to));
    this.#highest[middle] = highest;
    return highest;
  }
}

function contains(interval: KeyInterval, key: string): boolean {
  return interval.low <= key && (interval.high === undefined || key < interval.high);
}

function later(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a > b ? a : b;
}
