/**
 * A quantile of a stream from five numbers (Jain and Chlamtac, "The P² Algorithm for Dynamic Calculation of Quantiles and Histograms Without
 * Storing Observations", CACM 28(10), 1985; the test repeats its table I). O(1) time and memory.
 */
import { assert } from '../base/index.ts';

export class Quantile {
  readonly #p: number;
  /** Heights of the five markers, their positions, and where they should be. */
  readonly #heights: Float64Array = new Float64Array(5);
  readonly #at: Float64Array = new Float64Array([1, 2, 3, 4, 5]);
  readonly #wanted: Float64Array;
  readonly #steps: Float64Array;
  #count = 0;

  /** `p` in (0, 1): 0.95 for the value that 95 % are below. */
  constructor(p: number) {
    assert(p > 0 && p < 1, `p must be in (0, 1), not ${p}`);
    this.#p = p;
    this.#wanted = new Float64Array([1, 1 + 2 * p, 1 + 4 * p, 3 + 2 * p, 5]);
    this.#steps = new Float64Array([0, p / 2, p, (1 + p) / 2, 1]);
  }

  get count(): number {
    return this.#count;
  }

  /** The estimate; exact up to five observations; NaN with none. */
  get value(): number {
    if (this.#count > 5) return this.#heights[2]!;
    if (this.#count === 0) return Number.NaN;
    return this.#heights[Math.min(this.#count - 1, Math.floor(this.#p * this.#count))]!;
  }

  add(value: number): void {
    if (this.#count < 5) {
      this.#insert(value);
      return;
    }
    this.#count += 1;
    const cell = this.#cellOf(value);
    for (let i = cell + 1; i < 5; i++) this.#at[i]! += 1;
    for (let i = 0; i < 5; i++) this.#wanted[i]! += this.#steps[i]!;
    for (let i = 1; i < 4; i++) this.#adjust(i);
  }

  #insert(value: number): void {
    let i = this.#count;
    for (; i > 0 && this.#heights[i - 1]! > value; i--) this.#heights[i] = this.#heights[i - 1]!;
    this.#heights[i] = value;
    this.#count += 1;
  }

  #cellOf(value: number): number {
    const q = this.#heights;
    if (value < q[0]!) {
      q[0] = value;
      return 0;
    }
    if (value >= q[4]!) {
      if (value > q[4]!) q[4] = value;
      return 3;
    }
    let cell = 0;
    while (cell < 3 && value >= q[cell + 1]!) cell += 1;
    return cell;
  }

  #adjust(i: number): void {
    const [q, n] = [this.#heights, this.#at];
    const off = this.#wanted[i]! - n[i]!;
    const up = off >= 1 && n[i + 1]! - n[i]! > 1;
    if (!up && !(off <= -1 && n[i - 1]! - n[i]! < -1)) return;
    const d = up ? 1 : -1;
    const curved =
      q[i]! +
      (d / (n[i + 1]! - n[i - 1]!)) *
        (((n[i]! - n[i - 1]! + d) * (q[i + 1]! - q[i]!)) / (n[i + 1]! - n[i]!) +
          ((n[i + 1]! - n[i]! - d) * (q[i]! - q[i - 1]!)) / (n[i]! - n[i - 1]!));
    const isBetween = q[i - 1]! < curved && curved < q[i + 1]!;
    q[i] = isBetween ? curved : q[i]! + (d * (q[i + d]! - q[i]!)) / (n[i + d]! - n[i]!);
    n[i]! += d;
  }
}
