/**
 * Bounds retries to a part of the calls, for all callers together. Retries help against rare failures; when everything fails they multiply
 * the load (three layers of three retries: 64 times), and keep a service down that would come back. Every layer that retries has a budget.
 */
import { assert, type Instant } from '../base/index.ts';
import { SlidingWindow } from './sliding-window.ts';

/** What retries and hedges ask before they send something more. */
export interface AttemptBudget {
  /** A call was sent for the first time. */
  deposit(now: Instant): void;
  /** One more attempt; false: there may be none now. */
  withdraw(now: Instant): boolean;
  /** How an attempt went. */
  succeeded(): void;
  failed(): void;
}

export interface RetryBudgetOptions {
  /** Retries for each call. Default 0.2. */
  readonly ratio?: number;
  /** Retries that are always there, for when there are few calls. Default 10. */
  readonly reservePerSecond?: number;
  /** How long a call's share may be used. Default 10,000. */
  readonly windowMs?: number;
}

/** A budget by the rate of calls (Finagle's `RetryBudget`; Envoy's is like it): ratio · calls + reserve, in a sliding window. O(1). */
export class RetryBudget implements AttemptBudget {
  readonly #ratio: number;
  readonly #reserve: number;
  readonly #window: SlidingWindow;

  constructor(options: RetryBudgetOptions = {}) {
    const { ratio = 0.2, reservePerSecond = 10, windowMs = 10_000 } = options;
    assert(ratio >= 0, `ratio must be >= 0, not ${ratio}`);
    assert(reservePerSecond >= 0, `reservePerSecond must be >= 0, not ${reservePerSecond}`);
    this.#ratio = ratio;
    this.#reserve = (reservePerSecond * windowMs) / 1000;
    this.#window = new SlidingWindow(windowMs, 10, 2);
  }

  /** Retries that may be sent at `now`. */
  balance(now: Instant): number {
    this.#window.advance(now);
    return this.#ratio * this.#window.total(0) + this.#reserve - this.#window.total(1);
  }

  deposit(now: Instant): void {
    this.#window.advance(now);
    this.#window.add(0);
  }

  withdraw(now: Instant): boolean {
    // Sums of fractions of a call come out a little short.
    if (this.balance(now) < 1 - 1e-9) return false;
    this.#window.add(1);
    return true;
  }

  succeeded(): void {}
  failed(): void {}
}

export interface RetryThrottleOptions {
  /** In (0, 1000]. Default 10. */
  readonly tokensMax?: number;
  /** Tokens for each success, > 0. Default 0.1. */
  readonly tokenRatio?: number;
}

/**
 * A budget by how calls end (gRPC proposal A6, "Throttling Retry Attempts and Hedged RPCs"): a failure takes a token, a success gives a
 * part of one, and nothing is retried while half of them or fewer are left. Needs no clock. O(1).
 */
export class RetryThrottle implements AttemptBudget {
  readonly #max: number;
  readonly #ratio: number;
  #tokens: number;

  constructor(options: RetryThrottleOptions = {}) {
    const { tokensMax = 10, tokenRatio = 0.1 } = options;
    assert(tokensMax > 0 && tokensMax <= 1000, `tokensMax must be in (0, 1000], not ${tokensMax}`);
    assert(tokenRatio > 0, `tokenRatio must be > 0, not ${tokenRatio}`);
    // The proposal looks at three decimal places; whole thousandths have no rounding.
    this.#max = Math.round(tokensMax * 1000);
    this.#ratio = Math.round(tokenRatio * 1000);
    this.#tokens = this.#max;
  }

  get tokens(): number {
    return this.#tokens / 1000;
  }

  deposit(): void {}

  withdraw(): boolean {
    return this.#tokens > this.#max / 2;
  }

  succeeded(): void {
    this.#tokens = Math.min(this.#max, this.#tokens + this.#ratio);
  }

  failed(): void {
    this.#tokens = Math.max(0, this.#tokens - 1000);
  }
}
