/**
 * Draws from weights in constant time: n columns of equal height, each shared by at most two items, so that a column and a height decide (Walker, "An
 * Efficient Method for Generating Discrete Random Variables with General Distributions", ACM TOMS 1977; built in O(n) as by Vose, IEEE TSE 1991).
 */
import { assert } from '../base/index.ts';

export class AliasTable {
  /** The part of the column that is its own item's; the rest is the alias's. */
  #shares: Float64Array = new Float64Array(0);
  #aliases: Int32Array = new Int32Array(0);
  #work: Int32Array = new Int32Array(0);
  #size = 0;

  /** Takes the weights of the items 0 to `size − 1`, all greater than 0. O(size); allocates only when there are more than ever. */
  build(size: number, weightOf: (item: number) => number): void {
    assert(size > 0, 'there must be something to draw from');
    this.#reserve(size);
    const shares = this.#shares;
    let total = 0;
    for (let item = 0; item < size; item++) {
      shares[item] = weightOf(item);
      total += shares[item]!;
    }
    // Columns that are too low from the front of the work list, those that are too high from its end.
    const work = this.#work;
    let low = 0;
    let high = size;
    for (let item = 0; item < size; item++) {
      this.#aliases[item] = item;
      shares[item] = (shares[item]! * size) / total;
      if (shares[item]! < 1) work[low++] = item;
      else work[--high] = item;
    }
    while (low > 0 && high < size) {
      const poor = work[--low]!;
      const rich = work[high]!;
      this.#aliases[poor] = rich;
      shares[rich] = shares[rich]! - (1 - shares[poor]!);
      if (shares[rich]! < 1) {
        high += 1;
        work[low++] = rich;
      }
    }
    // What is left is 1 but for rounding.
    while (low > 0) shares[work[--low]!] = 1;
    for (; high < size; high++) shares[work[high]!] = 1;
    this.#size = size;
  }

  /** An item, with a probability proportional to its weight. `uniform` from [0, 1) decides both: column and height. O(1). */
  draw(uniform: number): number {
    const scaled = uniform * this.#size;
    const column = Math.floor(scaled);
    return scaled - column < this.#shares[column]! ? column : this.#aliases[column]!;
  }

  #reserve(size: number): void {
    if (size <= this.#shares.length) return;
    this.#shares = new Float64Array(size);
    this.#aliases = new Int32Array(size);
    this.#work = new Int32Array(size);
  }
}
