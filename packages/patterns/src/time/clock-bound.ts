/**
 * How wrong may the wall clock be? An interval that surely contains true time, made from what a time daemon last said, and "unknown" when nothing
 * is sure: nobody may guess then.
 *
 * Corbett et al., "Spanner", OSDI 2012, section 3 (TrueTime). The terms of the bound are those of NTP (RFC 5905, root distance) as chrony and AWS ClockBound
 * use them: |offset| + root dispersion + root delay / 2, growing by the worst drift of the oscillator since it was taken.
 *
 * Pure. Milliseconds, with a fraction.
 */
import type { Instant } from '../base/index.ts';

export type ClockUncertainty =
  /** True time is in [earliestMs, latestMs], milliseconds since the epoch. */
  | { readonly kind: 'bounded'; readonly earliestMs: number; readonly latestMs: number }
  | { readonly kind: 'unknown'; readonly why: 'never-synchronized' | 'expired' | 'disrupted' | 'unreadable' };

/** What a time daemon knew at an instant of this machine's monotonic clock. */
export interface ClockErrorBound {
  readonly asOf: Instant;
  /** Half the width of the interval at `asOf`. */
  readonly boundMs: number;
  /** How fast it widens: parts per million. 50 is a safe figure for a quartz; chrony's own default of 1 is an estimate, not a bound. */
  readonly driftPpm: number;
  /** Not to be trusted from here on. */
  readonly voidAfter: Instant;
}

/** Three figures of `chronyc tracking`, in seconds. */
export interface ChronyTracking {
  readonly systemTimeSeconds: number;
  readonly rootDelaySeconds: number;
  readonly rootDispersionSeconds: number;
}

/** A wall clock read in whole milliseconds is up to 1 ms behind itself. */
export const WALL_RESOLUTION_MS = 1;

/** |offset| + root dispersion + root delay / 2, in milliseconds. */
export function boundOfChrony(tracking: ChronyTracking): number {
  const { systemTimeSeconds, rootDispersionSeconds, rootDelaySeconds } = tracking;
  return 1000 * (Math.abs(systemTimeSeconds) + rootDispersionSeconds + rootDelaySeconds / 2);
}

/**
 * The interval at `now`, when the wall clock, in whole milliseconds, shows `wallMs`. Unknown when there is no bound, when it has run out, when it is not a number ≥ 0, or
 * when it lies in the future, which means that the monotonic clock is not the one it was taken with (another boot, a moved machine).
 */
export function uncertaintyAt(bound: ClockErrorBound | undefined, wallMs: number, now: Instant): ClockUncertainty {
  if (bound === undefined) return { kind: 'unknown', why: 'never-synchronized' };
  const ageMs = now - bound.asOf;
  if (!(ageMs >= 0)) return { kind: 'unknown', why: 'disrupted' };
  if (!(now < bound.voidAfter)) return { kind: 'unknown', why: 'expired' };
  const halfMs = bound.boundMs + (ageMs * bound.driftPpm) / 1e6;
  if (!(bound.boundMs >= 0 && bound.driftPpm >= 0 && Number.isFinite(halfMs) && Number.isFinite(wallMs)))
    return { kind: 'unknown', why: 'unreadable' };
  return { kind: 'bounded', earliestMs: wallMs - halfMs, latestMs: wallMs + WALL_RESOLUTION_MS + halfMs };
}

/** A timestamp that is surely not in the past: Spanner's `TT.now().latest`. Undefined when unknown. */
export function commitTimestampMs(uncertainty: ClockUncertainty): number | undefined {
  return uncertainty.kind === 'bounded' ? uncertainty.latestMs : undefined;
}

/** Whether `timestampMs` is surely past: `TT.after`. False when unknown. */
export function surelyPast(timestampMs: number, uncertainty: ClockUncertainty): boolean {
  return uncertainty.kind === 'bounded' && uncertainty.earliestMs > timestampMs;
}

/** Whether `timestampMs` has surely not come: `TT.before`. False when unknown. */
export function surelyFuture(timestampMs: number, uncertainty: ClockUncertainty): boolean {
  return uncertainty.kind === 'bounded' && uncertainty.latestMs < timestampMs;
}
