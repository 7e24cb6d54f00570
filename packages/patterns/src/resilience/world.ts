import type { Instant } from '../base/index.ts';

/** Never goes back; its zero is arbitrary. `clock` of `@quorate/env` fits. */
export interface MonotonicClock {
  monotonic(): Instant;
}

/**
 * Calls `fn` once, not before `when` and never inside the call of `at`; disposing before that cancels it. `timers` of `@quorate/env` fits.
 */
export interface TimerSource {
  at(when: Instant, fn: () => void): Disposable;
}

/** What policies need of the outside world. An `Env` of `@quorate/env` is one. */
export interface Time {
  readonly clock: MonotonicClock;
  readonly timers: TimerSource;
}

/** A uniform number in [0, 1). */
export type RandomNumber = () => number;
