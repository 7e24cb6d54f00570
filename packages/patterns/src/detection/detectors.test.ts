import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  deviationsAtPhi,
  exponentialPhi,
  type FailureDetector,
  IntervalHistory,
  logisticPhi,
  normalPhi,
  PhiAccrualDetector,
  type PhiAccrualOptions,
  phiOf,
  TimeoutDetector,
} from './index.ts';

const at = Instant.of;
const certainty = (phi: number): number => 1 - 10 ** -phi;
const heard = (intervals: readonly number[], options: PhiAccrualOptions = {}): PhiAccrualDetector => {
  const detector = new PhiAccrualDetector(options);
  let now = 0;
  for (const interval of intervals) {
    now += interval;
    detector.heartbeat(at(now));
  }
  return detector;
};

describe('phi, by the published test values of Akka (AccrualFailureDetectorSpec)', () => {
  test.each([
    [0, 0, 10, 0.5, 3],
    [6, 0, 10, 0.7257, 3],
    [15, 0, 10, 0.9332, 3],
    [20, 0, 10, 0.97725, 3],
    [25, 0, 10, 0.99379, 3],
    [35, 0, 10, 0.99977, 3],
    [40, 0, 10, 0.99997, 4],
    [22, 20, 3, 0.7475, 3],
  ])(
    'a silence of %d ms, mean %d, deviation %d, is as late as %f of all heartbeats',
    (t, mean, sd, expected, digits) => {
      expect(Math.abs(certainty(phiOf(t, mean, sd)) - expected)).toBeLessThan(10 ** -digits);
    },
  );
  test.each([
    [0, 0],
    [500, 0.1],
    [1000, 0.3],
    [1200, 1.6],
    [1400, 4.7],
    [1600, 10.8],
    [1700, 15.3],
  ])('at %d ms, mean 1000, deviation 100, it is %f', (t, expected) => {
    expect(Math.abs(phiOf(t, 1000, 100) - expected)).toBeLessThan(0.1);
  });
  test('outliers are handled without losing precision', () => {
    expect(Math.abs(phiOf(10, 0, 1) - 38)).toBeLessThan(1);
    expect(phiOf(-25, 0, 1)).toBe(0);
  });
  test('a larger deviation gives a lower phi', () => {
    expect(phiOf(1100, 1000, 500)).toBeLessThan(phiOf(1100, 1000, 100));
  });
});

describe('phi in the far tail', () => {
  test('the normal curve is the normal distribution', () => {
    // Abramowitz and Stegun, tables 26.1 and 26.2: Q(1), Q(2), Q(3), Q(5), and -log10 Q(x) for x = 10, 20, 50, 100, 500.
    for (const [y, tail] of [
      [1, 0.158655253931457],
      [2, 0.0227501319481792],
      [3, 0.00134989803163009],
      [5, 2.86651571879194e-7],
    ] as const)
      expect(10 ** -normalPhi(y) / tail).toBeCloseTo(1, 11);
    for (const [y, phi] of [
      [10, 23.11805],
      [20, 88.56009],
      [50, 544.9663],
      [100, 2173.87154],
      [500, 54289.90831],
    ] as const)
      expect(normalPhi(y)).toBeCloseTo(phi, 3);
  });
  test('every curve stays finite, is not negative and never falls', () => {
    for (const phi of [logisticPhi, normalPhi, exponentialPhi]) {
      let before = 0;
      for (let y = -60; y < 1e300; y = y < 60 ? y + 0.01 : y * 1.01) {
        const value = phi(y);
        if (!(value >= before && Number.isFinite(value))) expect.fail(`${phi.name}(${y}) = ${value} after ${before}`);
        before = value;
      }
    }
  });
  test('where Akka says infinity, the value is its formula’s limit', () => {
    // y (1.5976 + 0.070566 y²) / ln 10 at y = 40.
    expect(phiOf(5000, 1000, 100)).toBeCloseTo((40 * (1.5976 + 0.070566 * 1600)) / Math.LN10, 9);
  });
  test('both curves agree near the mean to the logistic approximation’s published error', () => {
    for (let y = -4; y <= 4; y += 0.05)
      expect(Math.abs(10 ** -logisticPhi(y) - 10 ** -normalPhi(y))).toBeLessThan(1.5e-4);
  });
  test('the deviations at a threshold are the first at which it is reached', () => {
    for (const threshold of [0.01, 1, 8, 300, 100_000]) {
      const y = deviationsAtPhi('normal', threshold);
      expect(normalPhi(y)).toBeGreaterThanOrEqual(threshold);
      expect(normalPhi(y - Math.abs(y) * 1e-12)).toBeLessThanOrEqual(threshold);
    }
  });
});

describe('interval history, by the published test values of Akka', () => {
  test('mean and variance', () => {
    const history = new IntervalHistory(20);
    for (const sample of [100, 200, 125, 340, 130]) history.add(sample);
    expect([history.meanMs, history.variance]).toEqual([179, 7584]);
    const one = new IntervalHistory(600);
    one.add(1000);
    expect(one.variance).toBe(0);
  });
  test('the oldest samples leave', () => {
    const history = new IntervalHistory(3);
    const seen: [number, number][] = [];
    for (const sample of [100, 110, 90, 140, 80]) {
      history.add(sample);
      seen.push([history.meanMs, history.variance]);
    }
    for (const [index, mean, variance] of [
      [2, 100, 66.6666667],
      [3, 113.333333, 422.222222],
      [4, 103.333333, 688.88888889],
    ] as const) {
      expect(seen[index]![0]).toBeCloseTo(mean, 5);
      expect(seen[index]![1]).toBeCloseTo(variance, 5);
    }
  });
  test('its sums are those of the samples it holds, whatever came before', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })),
        (max, all) => {
          const history = new IntervalHistory(max);
          for (const sample of all) history.add(sample);
          const kept = all.slice(-max);
          const mean = kept.reduce((sum, sample) => sum + sample, 0) / Math.max(1, kept.length);
          expect(history.size).toBe(kept.length);
          expect(history.meanMs).toBeCloseTo(mean, 5);
        },
      ),
      { numRuns: 100, seed: 7 },
    );
  });
});

describe('phi accrual detector', () => {
  test('it suspects nobody before the first heartbeat', () => {
    const detector = new PhiAccrualDetector();
    expect([detector.suspicion(at(1e9)), detector.available(at(1e9)), detector.deadline]).toEqual([0, true, undefined]);
  });
  test('Akka: with one heartbeat phi rests on the guess', () => {
    const detector = heard([0]);
    expect(Math.abs(detector.suspicion(at(1000)) - 0.3)).toBeLessThan(0.2);
    expect(Math.abs(detector.suspicion(at(2000)) - 4.5)).toBeLessThan(0.3);
    expect(detector.suspicion(at(3000))).toBeGreaterThan(15);
  });
  test('Akka: a peer that misses heartbeats is unavailable', () => {
    const detector = heard([0, 1000, 100], { threshold: 3 });
    expect([detector.available(at(1200)), detector.available(at(8200))]).toEqual([true, false]);
  });
  test('Akka: the interval that ends an outage is not learned', () => {
    const detector = heard(Array<number>(1000).fill(1000), { acceptablePauseMs: 3000 });
    const last = 1_000_000;
    expect(detector.available(at(last + 300_000))).toBe(false);
    detector.heartbeat(at(last + 300_000));
    expect(detector.available(at(last + 300_100))).toBe(true);
    detector.heartbeat(at(last + 301_000));
    expect(detector.available(at(last + 301_100))).toBe(true);
    expect(detector.available(at(last + 308_100))).toBe(false);
  });
  test('Akka: an acceptable pause is accepted, a longer one is not', () => {
    expect(heard([0, 1000, 1000, 1000], { acceptablePauseMs: 3000 }).available(at(7000))).toBe(true);
    expect(heard([0, 1000, 1000, 1000, 1000, 1000, 500], { acceptablePauseMs: 3000 }).available(at(11_000))).toBe(
      false,
    );
  });
  test('Akka: phi depends on the last samples only', () => {
    const fast = heard([0, 100, 100, 100], { maxSamples: 3 });
    const later = heard([0, 100, 100, 100, 700, 500, 500, 500], { maxSamples: 3 });
    expect(later.suspicion(at(3000))).toBeCloseTo(fast.suspicion(at(400)), 3);
  });
  test('an interval in which this process stood still is excused and not learned', () => {
    const detector = heard([0, 1000, 1000, 1000]);
    const mean = detector.meanMs;
    expect(detector.available(at(9000))).toBe(false);
    detector.stalled(6000, at(9000));
    expect(detector.available(at(9000))).toBe(true);
    detector.heartbeat(at(9001));
    expect(detector.meanMs).toBe(mean);
    detector.stalled(1e9, at(9500));
    expect(detector.suspicion(at(9500))).toBe(0 + logisticPhi(-mean / detector.deviationMs));
  });
  test('options that make no sense are refused by name', () => {
    expect(() => new PhiAccrualDetector({ threshold: 0 })).toThrow(/threshold/);
    expect(() => new PhiAccrualDetector({ minDeviationMs: 0 })).toThrow(/minDeviationMs/);
    expect(() => new PhiAccrualDetector({ acceptablePauseMs: -1 })).toThrow(/acceptablePauseMs/);
    expect(() => new PhiAccrualDetector({ firstIntervalMs: 0 })).toThrow(/firstIntervalMs/);
    expect(() => new IntervalHistory(0)).toThrow(/maxSamples/);
    expect(() => new TimeoutDetector(Number.NaN)).toThrow(/timeoutMs/);
  });
});

describe('every detector', () => {
  const makers: readonly [string, () => FailureDetector][] = [
    ['timeout', () => new TimeoutDetector(1500)],
    ...(['logistic', 'normal', 'exponential'] as const).map((curve): [string, () => FailureDetector] => [
      curve,
      () => new PhiAccrualDetector({ curve, acceptablePauseMs: 300 }),
    ]),
  ];
  test.each(makers)(
    '%s: its deadline is the first instant at which it is unavailable, and suspicion never falls in silence',
    (_name, make) => {
      fc.assert(
        fc.property(fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 12 }), (intervals) => {
          const detector = make();
          let now = 0;
          for (const interval of intervals) {
            now += interval;
            detector.heartbeat(at(now));
          }
          const deadline = detector.deadline!;
          expect(detector.available(deadline)).toBe(false);
          expect(detector.available(at(deadline - 0.001))).toBe(true);
          let before = 0;
          for (let silence = 0; silence < 20_000; silence += 250) {
            const suspicion = detector.suspicion(at(now + silence));
            expect(suspicion).toBeGreaterThanOrEqual(before);
            before = suspicion;
          }
        }),
        { numRuns: 40, seed: 11 },
      );
    },
  );
  test.each(makers)(
    '%s: a stall moves the deadline by as much, but never beyond a silence that begins now',
    (_name, make) => {
      const detector = make();
      detector.stalled(50, at(0));
      expect(detector.deadline).toBeUndefined();
      detector.heartbeat(at(0));
      const whole = detector.deadline!;
      detector.stalled(200, at(1000));
      expect(detector.deadline).toBeCloseTo(whole + 200, 6);
      detector.stalled(-5, at(1000));
      detector.stalled(5000, at(1000));
      expect(detector.deadline).toBeCloseTo(whole + 1000, 6);
    },
  );
});
