/**
 * Aggregates that survive loss and repetition, because merging is a join: the extrema of all members' values, and from them the number of members.
 *
 * Jelasity, Montresor, Babaoglu, "Gossip-Based Aggregation in Large Dynamic Networks", TOCS 2005 (minimum and maximum); Cardoso, Baquero,
 * Almeida, "Probabilistic Estimation of Network Size and Diameter", LADC 2009: everybody draws k exponential numbers, the minima of all are
 * exponential with rate N, and (k - 1) / (their sum) estimates N with a relative standard deviation of 1/√(k - 2).
 *
 * Immutable values. O(1), and O(k) for the size.
 */
import { assert, type RandomNumber } from '../base/index.ts';

export class Extrema {
  static readonly none: Extrema = new Extrema(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
  readonly min: number;
  readonly max: number;

  private constructor(min: number, max: number) {
    this.min = min;
    this.max = max;
  }

  static of(value: number): Extrema {
    assert(!Number.isNaN(value), 'a value must be a number');
    return new Extrema(value, value);
  }

  merge(other: Extrema): Extrema {
    return new Extrema(Math.min(this.min, other.min), Math.max(this.max, other.max));
  }

  equals(other: Extrema): boolean {
    return this.min === other.min && this.max === other.max;
  }
}

export class SizeEstimate {
  /** Minima; not to be changed. */
  readonly minima: Float64Array;

  constructor(minima: Float64Array) {
    assert(minima.length >= 3, 'an estimate needs three minima or more');
    this.minima = minima;
  }

  /** One member's part. `k` numbers: 400 give 5 % standard deviation. Draw anew when members have left: minima never rise. */
  static ofMember(random: RandomNumber, k: number): SizeEstimate {
    // 1 - random() is never 0, so the logarithm is finite.
    return new SizeEstimate(Float64Array.from({ length: k }, () => -Math.log(1 - random())));
  }

  get members(): number {
    let sum = 0;
    for (const minimum of this.minima) sum += minimum;
    return (this.minima.length - 1) / sum;
  }

  merge(other: SizeEstimate): SizeEstimate {
    assert(other.minima.length === this.minima.length, 'both must have drawn as many numbers');
    return new SizeEstimate(this.minima.map((minimum, at) => Math.min(minimum, other.minima[at]!)));
  }

  equals(other: SizeEstimate): boolean {
    return this.minima.length === other.minima.length && this.minima.every((one, at) => one === other.minima[at]);
  }
}
