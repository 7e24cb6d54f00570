import type { RandomStream } from '@quorate/env';

export interface BackoffOptions {
  /** The first pause. Default 20. */
  readonly minMs?: number;
  /** The longest pause. Default 1,000. */
  readonly maxMs?: number;
}

/** Pauses between attempts that double up to a bound, each drawn from the upper half, so that many who lost the same node do not return together. */
export class Backoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #random: RandomStream;
  #failures = 0;

  constructor(random: RandomStream, options: BackoffOptions = {}) {
    this.#random = random;
    this.#minMs = options.minMs ?? 20;
    this.#maxMs = options.maxMs ?? 1_000;
  }

  get failures(): number {
    return this.#failures;
  }

  next(): number {
    const ceiling = Math.min(this.#maxMs, this.#minMs * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return ceiling / 2 + (ceiling / 2) * this.#random.float();
  }

  reset(): void {
    this.#failures = 0;
  }
}
