/** The requests of each endpoint in the present interval, and whose rate falls out of line. */

/** Below which rate an endpoint is an outlier: mean − factor · standard deviation (of the whole population). Rates in percent. */
export function successRateThreshold(
  rates: readonly number[],
  stdevFactor: number,
): { readonly mean: number; readonly threshold: number } {
  const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
  const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
  return { mean, threshold: mean - stdevFactor * Math.sqrt(variance) };
}

export class SuccessRates {
  readonly #requests: Uint32Array;
  readonly #successes: Uint32Array;

  constructor(slotsMax: number) {
    this.#requests = new Uint32Array(slotsMax);
    this.#successes = new Uint32Array(slotsMax);
  }

  record(slot: number, success: boolean): void {
    this.#requests[slot] = this.#requests[slot]! + 1;
    if (success) this.#successes[slot] = this.#successes[slot]! + 1;
  }

  requestsOf(slot: number): number {
    return this.#requests[slot]!;
  }

  /** In percent. */
  rateOf(slot: number): number {
    return (100 * this.#successes[slot]!) / this.#requests[slot]!;
  }

  /** Of one slot. */
  forget(slot: number): void {
    this.#requests[slot] = 0;
    this.#successes[slot] = 0;
  }

  clear(): void {
    this.#requests.fill(0);
    this.#successes.fill(0);
  }
}
