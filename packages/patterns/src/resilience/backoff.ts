/**
 * How long to wait before the next attempt (Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015, whose simulation the test
 * repeats). Without jitter clients that failed together come back together; full jitter makes the least load, decorrelated is as
 * fast with more of it. Pure: the random number is an input. O(1).
 */
import { assert } from '../base/index.ts';
import type { RandomNumber } from './world.ts';

export type Jitter =
  /** base · factor^(n−1). */
  | { readonly kind: 'none' }
  /** Uniform in [0, exponential). */
  | { readonly kind: 'full' }
  /** Half of the exponential, and uniform in the other half. */
  | { readonly kind: 'equal' }
  /** Uniform in [base, 3 · previous delay), from `base` on. `factor` plays no part. */
  | { readonly kind: 'decorrelated' }
  /** The exponential, and uniform within ± `part` of it: `0.2` for ±20 %. In (0, 1]. */
  | { readonly kind: 'around'; readonly part: number };

export interface BackoffOptions {
  /** Delay after the first failure, before jitter. Default 100. */
  readonly baseMs?: number;
  /** No delay is longer, jitter included. Default 20,000. */
  readonly capMs?: number;
  /** Growth per attempt, at least 1. Default 2. */
  readonly factor?: number;
  /** Default full. */
  readonly jitter?: Jitter;
}

export class Backoff {
  readonly #baseMs: number;
  readonly #capMs: number;
  readonly #factor: number;
  readonly #jitter: Jitter;

  constructor(options: BackoffOptions = {}) {
    this.#baseMs = options.baseMs ?? 100;
    // A delay is a time that comes.
    this.#capMs = Math.min(options.capMs ?? 20_000, Number.MAX_SAFE_INTEGER);
    this.#factor = options.factor ?? 2;
    this.#jitter = options.jitter ?? { kind: 'full' };
    assert(this.#baseMs >= 0, `baseMs must be >= 0, not ${options.baseMs}`);
    assert(this.#capMs >= this.#baseMs, `capMs must be at least baseMs (${this.#baseMs}), not ${this.#capMs}`);
    assert(this.#factor >= 1, `factor must be >= 1, not ${options.factor}`);
    if (this.#jitter.kind === 'around')
      assert(
        this.#jitter.part > 0 && this.#jitter.part <= 1,
        `jitter around must be in (0, 1], not ${this.#jitter.part}`,
      );
  }

  /**
   * Delay after the `failures`-th failure in a row, counted from 1, when the delay before was `previousMs` (0 at first; only decorrelated
   * jitter looks at it).
   */
  delayMs(failures: number, previousMs: number, random: RandomNumber): number {
    const jitter = this.#jitter;
    // The power grows beyond all numbers, and that times nothing would be no number.
    const exponential = this.#baseMs === 0 ? 0 : Math.min(this.#capMs, this.#baseMs * this.#factor ** (failures - 1));
    switch (jitter.kind) {
      case 'none':
        return exponential;
      case 'full':
        return random() * exponential;
      case 'equal':
        return exponential / 2 + (random() * exponential) / 2;
      case 'decorrelated': {
        const previous = Math.max(previousMs, this.#baseMs);
        return Math.min(this.#capMs, this.#baseMs + random() * (previous * 3 - this.#baseMs));
      }
      case 'around':
        return Math.min(this.#capMs, exponential * (1 + jitter.part * (2 * random() - 1)));
    }
  }
}
