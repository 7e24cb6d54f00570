import { expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  boundOfChrony,
  type ClockErrorBound,
  type ClockUncertainty,
  commitTimestampMs,
  surelyFuture,
  surelyPast,
  uncertaintyAt,
} from './index.ts';

const bound: ClockErrorBound = {
  asOf: Instant.of(1000),
  boundMs: 2,
  driftPpm: 50,
  voidAfter: Instant.of(101_000),
};
const at = (now: number, from: ClockErrorBound | undefined = bound): ClockUncertainty =>
  uncertaintyAt(from, 5000, Instant.of(now));
const why = (uncertainty: ClockUncertainty): string => (uncertainty.kind === 'unknown' ? uncertainty.why : 'bounded');

test('ClockBound: the bound is |offset| + root dispersion + root delay / 2', () => {
  expect(
    boundOfChrony({ systemTimeSeconds: -0.000_012, rootDelaySeconds: 0.000_4, rootDispersionSeconds: 0.000_03 }),
  ).toBeCloseTo(0.242, 9);
});

test('the interval widens with the drift, and by the millisecond that a whole-millisecond clock hides', () => {
  expect(at(1000)).toEqual({ kind: 'bounded', earliestMs: 4998, latestMs: 5003 });
  expect(at(21_000)).toEqual({ kind: 'bounded', earliestMs: 4997, latestMs: 5004 });
});

test('without a bound that holds now, the uncertainty is unknown', () => {
  expect(why(at(1000, undefined))).toBe('bounded');
  expect(why(uncertaintyAt(undefined, 5000, Instant.of(1000)))).toBe('never-synchronized');
  expect(why(at(100_999))).toBe('bounded');
  expect(why(at(101_000))).toBe('expired');
  expect(why(at(999))).toBe('disrupted');
  expect(why(at(Number.NaN))).toBe('disrupted');
  expect(at(2000, { ...bound, boundMs: 0, driftPpm: 0 })).toEqual({
    kind: 'bounded',
    earliestMs: 5000,
    latestMs: 5001,
  });
  expect(why(at(2000, { ...bound, boundMs: Number.NaN }))).toBe('unreadable');
  expect(why(at(2000, { ...bound, boundMs: -1 }))).toBe('unreadable');
  expect(why(at(2000, { ...bound, driftPpm: -1 }))).toBe('unreadable');
  expect(why(at(2000, { ...bound, boundMs: Number.POSITIVE_INFINITY }))).toBe('unreadable');
  expect(why(at(2000, { ...bound, voidAfter: Instant.of(Number.NaN) }))).toBe('expired');
  expect(why(uncertaintyAt(bound, Number.NaN, Instant.of(2000)))).toBe('unreadable');
});

test('Spanner, table 1: after is true only when surely past, before only when surely not yet; unknown is neither', () => {
  const known: ClockUncertainty = { kind: 'bounded', earliestMs: 10, latestMs: 14 };
  const unknown: ClockUncertainty = { kind: 'unknown', why: 'expired' };
  expect([9.9, 10, 14, 14.1].map((t) => surelyPast(t, known))).toEqual([true, false, false, false]);
  expect([9.9, 10, 14, 14.1].map((t) => surelyFuture(t, known))).toEqual([false, false, false, true]);
  expect([surelyPast(0, unknown), surelyFuture(1e15, unknown)]).toEqual([false, false]);
  expect([commitTimestampMs(known), commitTimestampMs(unknown)]).toEqual([14, undefined]);
});
