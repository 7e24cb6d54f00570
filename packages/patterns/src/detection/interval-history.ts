/**
 * Mean and standard deviation of the last so many intervals between heartbeats: the sampling window of the φ accrual detector
 * (Hayashibara et al., SRDS 2004, section 4.2).
 *
 * Sums are kept as intervals come and go, and taken anew once per turn of the window, so that rounding errors do not pile up. O(1) amortised
 * per interval, 8 bytes per sample.
 */
import { assert } from '../base/index.ts';

export class IntervalHistory {
  readonly #samples: Float64Array;
  #next = 0;
  #size = 0;
  #sum = 0;
  #squares = 0;

  constructor(maxSamples: number) {
    assert(Number.isInteger(maxSamples) && maxSamples >= 1, 'maxSamples must be an integer of 1 or more');
    this.#samples = new Float64Array(maxSamples);
  }

  get size(): number {
    return this.#size;
  }

  /** 0 when empty. */
  get meanMs(): number {
    return this.#size === 0 ? 0 : this.#sum / this.#size;
  }

  /** The population's variance, in square milliseconds. Never negative. */
  get variance(): number {
    const mean = this.meanMs;
    return this.#size === 0 ? 0 : Math.max(0, this.#squares / this.#size - mean * mean);
  }

  get deviationMs(): number {
    return Math.sqrt(this.variance);
  }

  add(intervalMs: number): void {
    const samples = this.#samples;
    const old = samples[this.#next]!;
    if (this.#size < samples.length) this.#size += 1;
    samples[this.#next] = intervalMs;
    this.#sum += intervalMs - old;
    this.#squares += intervalMs * intervalMs - old * old;
    this.#next += 1;
    if (this.#next === samples.length) this.#resum();
  }

  #resum(): void {
    this.#next = 0;
    let sum = 0;
    let squares = 0;
    for (const sample of this.#samples) {
      sum += sample;
      squares += sample * sample;
    }
    this.#sum = sum;
    this.#squares = squares;
  }
}
