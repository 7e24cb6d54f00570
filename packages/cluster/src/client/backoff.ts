import type { RandomStream } from '@quorate/env';

/** Exponential backoff with equal jitter: half of the delay is fixed, half drawn, so that many clients do not come back in step. */
export class Backoff {
  readonly #random: RandomStream;
  readonly #firstMs: number;
  readonly #maxMs: number;
  #nextMs: number;

  constructor(random: RandomStream, options: { readonly firstMs: number; readonly maxMs: number }) {
    this.#random = random;
    this.#firstMs = options.firstMs;
    this.#maxMs = options.maxMs;
    this.#nextMs = options.firstMs;
  }

  delayMs(): number {
    const delay = this.#nextMs;
    this.#nextMs = Math.min(this.#maxMs, delay * 2);
    return delay / 2 + (delay / 2) * this.#random.float();
  }

  reset(): void {
    this.#nextMs = this.#firstMs;
  }
}
