/**
 * How many backends a client needs: as many as keep the requests outstanding at each within a band (Finagle, `LoadBand.scala`). With the mean of the
 * requests outstanding, smoothed over `smoothMs`:
 *
 *     mean / size ≥ high: one more        mean / size ≤ low: one less
 *
 * at most one step for each beginning or end of a request. The band must be wide enough that a step does not lead out of it on the other side. With
 * `rendezvousSubset` a step opens or closes one connection, for a subset contains all smaller ones. Not with `deterministicSubset` or
 * `deterministicAperture`: they are even only when all clients have the same size.
 *
 * The mean is that over time: what was outstanding since the last event counts for as long as it was; there, what is outstanding after the event counts for the
 * time before it, so that one request after a long silence looks like a load of one all along. Pure; O(1), allocates nothing.
 */
import { assert, type Instant } from '../base/index.ts';

export interface LoadBandOptions {
  /** Default 1. */
  readonly sizeMin?: number;
  readonly sizeMax: number;
  /** Default 0.5. */
  readonly low?: number;
  /** At least twice `low`, so that the step from one to two stays in the band. Default 2. */
  readonly high?: number;
  /** Default 5,000. */
  readonly smoothMs?: number;
}

export class LoadBand {
  readonly #sizeMin: number;
  readonly #sizeMax: number;
  readonly #low: number;
  readonly #high: number;
  readonly #smoothMs: number;
  #size: number;
  #outstanding = 0;
  #mean = 0;
  #meanAt: number;

  constructor(options: LoadBandOptions, now: Instant) {
    const { sizeMin = 1, sizeMax, low = 0.5, high = 2, smoothMs = 5_000 } = options;
    assert(sizeMin >= 1 && sizeMax >= sizeMin, `sizes must be 1 to sizeMax, not ${sizeMin} to ${sizeMax}`);
    assert(low >= 0 && high >= 2 * low, `high must be at least twice low, not ${high}`);
    assert(smoothMs > 0, `smoothMs must be > 0, not ${smoothMs}`);
    this.#sizeMin = sizeMin;
    this.#sizeMax = sizeMax;
    this.#low = low;
    this.#high = high;
    this.#smoothMs = smoothMs;
    this.#size = sizeMin;
    this.#meanAt = now;
  }

  /** How many backends are needed now. */
  get size(): number {
    return this.#size;
  }

  /** Requests outstanding, smoothed, as of the last event. */
  get mean(): number {
    return this.#mean;
  }

  begin(now: Instant): void {
    this.#change(1, now);
  }

  end(now: Instant): void {
    assert(this.#outstanding > 0, 'only what has begun can end');
    this.#change(-1, now);
  }

  #change(by: 1 | -1, now: Instant): void {
    const w = Math.exp(-Math.max(0, now - this.#meanAt) / this.#smoothMs);
    this.#mean = this.#mean * w + this.#outstanding * (1 - w);
    this.#meanAt = now;
    this.#outstanding += by;
    const each = this.#mean / this.#size;
    if (each >= this.#high && this.#size < this.#sizeMax) this.#size += 1;
    else if (each <= this.#low && this.#size > this.#sizeMin) this.#size -= 1;
  }
}
