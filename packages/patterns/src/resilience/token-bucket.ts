/**
 * Token bucket: `ratePerSecond` on average, `burst` at once. A reservation may take tokens that are not there yet, and then has to wait
 * for them; so those who wait are served in order, and nobody has to ask twice (as `golang.org/x/time/rate`, whose tests are repeated here).
 *
 * Pure: no clock. Two numbers of memory. O(1).
 */
import { assert } from '../base/index.ts';

export interface TokenBucketOptions {
  /** Tokens that come in a second. 0: none ever come; the burst is all there is. */
  readonly ratePerSecond: number;
  /** Tokens that it holds at most, and has at the beginning. */
  readonly burst: number;
}

/** What `reserve` answers when there is no way. */
export const NEVER: number = Number.POSITIVE_INFINITY;

export class TokenBucket {
  #perMs: number;
  #burst: number;
  #tokens: number;
  /** When `#tokens` was right. */
  #at = Number.NaN;
  /** When the last reservation is due. */
  #lastDueAt = Number.NEGATIVE_INFINITY;

  constructor(options: TokenBucketOptions) {
    assert(options.ratePerSecond >= 0, `ratePerSecond must be >= 0, not ${options.ratePerSecond}`);
    assert(options.burst > 0, `burst must be > 0, not ${options.burst}`);
    this.#perMs = options.ratePerSecond / 1000;
    this.#burst = options.burst;
    this.#tokens = options.burst;
  }

  /** Tokens at `now`; negative while reservations wait. */
  tokens(now: number): number {
    // A clock that goes back brings no tokens, and takes none.
    if (!(now > this.#at)) return this.#tokens;
    return Math.min(this.#burst, this.#tokens + (now - this.#at) * this.#perMs);
  }

  /** Takes `count` tokens if they are there. */
  take(count: number, now: number): boolean {
    return this.reserve(count, now, 0) === 0;
  }

  /**
   * Takes `count` tokens, now or from those to come, unless that would mean to wait longer than `waitMaxMs`. The milliseconds to wait, 0
   * for none; `NEVER` when nothing was taken. More than the burst are never there at once.
   */
  reserve(count: number, now: number, waitMaxMs: number = NEVER): number {
    assert(count >= 0, `count must be >= 0, not ${count}`);
    if (count > this.#burst) return NEVER;
    const left = this.tokens(now) - count;
    const waitMs = left >= 0 ? 0 : -left / this.#perMs;
    if (waitMs > waitMaxMs || waitMs === NEVER) return NEVER;
    this.#tokens = left;
    this.#at = now;
    this.#lastDueAt = now + waitMs;
    return waitMs;
  }

  /** How long `count` tokens would have to be waited for; takes nothing. */
  waitMs(count: number, now: number): number {
    const missing = count - this.tokens(now);
    return count > this.#burst ? NEVER : missing <= 0 ? 0 : missing / this.#perMs;
  }

  /**
   * A reservation that is due at `dueAt` will not be used: its tokens come back, without those that later reservations already count on.
   * Without effect once it is due.
   */
  cancel(count: number, dueAt: number, now: number): void {
    if (dueAt < now) return;
    const back = count - (this.#lastDueAt - dueAt) * this.#perMs;
    if (back <= 0) return;
    this.#tokens = Math.min(this.#burst, this.tokens(now) + back);
    this.#at = now;
    if (dueAt !== this.#lastDueAt) return;
    const before = dueAt - count / this.#perMs;
    if (before >= now) this.#lastDueAt = before;
  }

  /** The new rate holds from `now` on; who waits goes on waiting as long as it was told. */
  setRate(ratePerSecond: number, now: number): void {
    assert(ratePerSecond >= 0, `ratePerSecond must be >= 0, not ${ratePerSecond}`);
    this.#tokens = this.tokens(now);
    this.#at = now;
    this.#perMs = ratePerSecond / 1000;
  }

  setBurst(burst: number, now: number): void {
    assert(burst > 0, `burst must be > 0, not ${burst}`);
    this.#tokens = this.tokens(now);
    this.#at = now;
    this.#burst = burst;
  }
}
