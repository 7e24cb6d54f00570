import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { Endpoints, PENALTY, PeakEwma } from './index.ts';

const at = Instant.of;

describe('peak EWMA, by hand', () => {
  const one = (decayMs = 10_000): { metric: PeakEwma; slot: number; endpoints: Endpoints } => {
    const endpoints = new Endpoints();
    const slot = endpoints.add({ id: 'a' }, at(0));
    return { metric: new PeakEwma(endpoints, { decayMs }), slot, endpoints };
  };
  const answer = (metric: PeakEwma, slot: number, from: number, to: number): void => {
    metric.begin(slot, at(from));
    metric.end(slot, at(from), at(to));
  };

  test('believes a slower answer at once', () => {
    const { metric, slot } = one();
    answer(metric, slot, 0, 10);
    answer(metric, slot, 10, 210);
    expect(metric.costMs(slot, at(210))).toBe(200);
  });

  test('believes a faster one by 1 − e^(−t/τ)', () => {
    const { metric, slot } = one(1000);
    answer(metric, slot, 0, 100);
    answer(metric, slot, 580, 600); // 500 ms after the last: w = e^-0.5 = 0.60653
    expect(metric.costMs(slot, at(600))).toBeCloseTo(100 * 0.60653 + 20 * 0.39347, 3);
  });

  test('multiplies the cost by what is outstanding and one more', () => {
    const { metric, slot } = one();
    answer(metric, slot, 0, 50);
    metric.begin(slot, at(50));
    metric.begin(slot, at(50));
    expect(metric.load(slot, at(50))).toBe(50 * 3);
  });

  test('halves what it knows in τ ln 2 of not being asked', () => {
    const { metric, slot } = one(10_000);
    answer(metric, slot, 0, 80);
    expect(metric.load(slot, at(80 + 10_000 * Math.LN2))).toBeCloseTo(40, 9);
  });

  test('does not change by being looked at', () => {
    const { metric, slot } = one(1000);
    const twin = one(1000);
    answer(metric, slot, 0, 100);
    answer(twin.metric, twin.slot, 0, 100);
    for (let ms = 100; ms < 600; ms += 7) metric.load(slot, at(ms));
    answer(metric, slot, 590, 600);
    answer(twin.metric, twin.slot, 590, 600);
    expect(metric.load(slot, at(600))).toBe(twin.metric.load(twin.slot, at(600)));
  });

  test('gives an unknown endpoint one request, and no second before the first has ended', () => {
    const { metric, slot } = one();
    expect(metric.load(slot, at(0))).toBe(0);
    metric.begin(slot, at(0));
    expect(metric.load(slot, at(1))).toBe(PENALTY + 1);
    metric.end(slot, at(0), at(5));
    expect(metric.load(slot, at(5))).toBe(5);
  });

  test('takes silence for the time that some request has waited', () => {
    const { metric, slot } = one(10_000);
    answer(metric, slot, 0, 10);
    metric.begin(slot, at(1000));
    expect(metric.costMs(slot, at(1002))).toBeLessThan(10);
    expect(metric.costMs(slot, at(1500))).toBe(500);
    metric.begin(slot, at(1500));
    expect(metric.load(slot, at(1600))).toBe(600 * 3);
    metric.end(slot, at(1500), at(1600)); // the other one has waited since 1,000, but this one was quick
    expect(metric.costMs(slot, at(1650))).toBeGreaterThanOrEqual(99);
    expect(metric.costMs(slot, at(1950))).toBe(350);
  });

  test('does not take an answer within one tick of the clock for free', () => {
    const { metric, slot } = one();
    answer(metric, slot, 5, 5);
    metric.begin(slot, at(5));
    const loadOfOne = metric.load(slot, at(5));
    metric.begin(slot, at(5));
    expect(metric.load(slot, at(5))).toBeGreaterThan(loadOfOne);
  });

  test('knows nothing of a successor in the same slot', () => {
    const { metric, slot, endpoints } = one();
    answer(metric, slot, 0, 900);
    endpoints.remove('a');
    expect(endpoints.add({ id: 'b' }, at(900))).toBe(slot);
    expect(metric.load(slot, at(900))).toBe(0);
  });

  test('counts what is outstanding by weight', () => {
    const endpoints = new Endpoints();
    const slot = endpoints.add({ id: 'a', weight: 2 }, at(0));
    const metric = new PeakEwma(endpoints);
    answer(metric, slot, 0, 50);
    metric.begin(slot, at(50));
    expect(metric.load(slot, at(50))).toBe(50 * 1.5);
  });
});
