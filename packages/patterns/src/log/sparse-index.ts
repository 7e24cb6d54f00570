import { assert } from '../base/index.ts';

/**
 * Pairs of numbers that ascend in both places, found by the first: every so many bytes of a segment one, so that a search reads a short stretch instead of
 * everything. 16 bytes a pair; append O(1) amortised, search O(log n).
 */
export class SparseIndex {
  #pairs: Float64Array = new Float64Array(16);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  keyAt(at: number): number {
    return this.#pairs[at * 2]!;
  }

  valueAt(at: number): number {
    return this.#pairs[at * 2 + 1]!;
  }

  /** Neither may be below that of the last pair. */
  append(key: number, value: number): void {
    const last = this.#size - 1;
    assert(last < 0 || (key >= this.keyAt(last) && value >= this.valueAt(last)), 'an index ascends');
    if (this.#size * 2 === this.#pairs.length) {
      const grown = new Float64Array(this.#pairs.length * 2);
      grown.set(this.#pairs);
      this.#pairs = grown;
    }
    this.#pairs[this.#size * 2] = key;
    this.#pairs[this.#size * 2 + 1] = value;
    this.#size += 1;
  }

  /** How many pairs have a key below `key`: the place of the last of them is one less. */
  countBelow(key: number): number {
    let low = 0;
    let high = this.#size;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.keyAt(middle) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Keeps the first `size` pairs. */
  truncate(size: number): void {
    assert(size >= 0 && size <= this.#size, 'an index is truncated to what it has');
    this.#size = size;
  }
}
