import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SpaceSaving, spaceSavingCounters } from './index.ts';

const stream = fc.array(fc.tuple(fc.constantFrom(...'aaaabbbccdefghij'), fc.integer({ min: 1, max: 3 })), {
  maxLength: 120,
});

function counted(items: readonly (readonly [string, number])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [key, weight] of items) counts.set(key, (counts.get(key) ?? 0) + weight);
  return counts;
}

/** Lemmas 1 to 4 of the paper, over `errorMax` = total / counters. */
function expectSummary(summary: SpaceSaving<string>, truth: ReadonlyMap<string, number>, errorMax: number): void {
  for (const { key, count, error } of summary.top()) {
    const real = truth.get(key) ?? 0;
    expect(count).toBeGreaterThanOrEqual(real);
    expect(count - error).toBeLessThanOrEqual(real);
    expect(error).toBeLessThanOrEqual(errorMax);
  }
  for (const [key, real] of truth) {
    if (real > errorMax) expect(summary.get(key)).toBeDefined();
    if (summary.get(key) === undefined) expect(real).toBeLessThanOrEqual(summary.floor);
  }
}

describe('Metwally et al., section 3', () => {
  test('counts are never too low and at most total / counters too high, and no frequent key is missed', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 1, max: 12 }), (items, counters) => {
        const summary = new SpaceSaving<string>(counters);
        for (const [key, weight] of items) summary.add(key, weight);
        const truth = counted(items);
        expect(summary.total).toBe([...truth.values()].reduce((a, b) => a + b, 0));
        expect(summary.top().reduce((sum, { count }) => sum + count, 0)).toBe(summary.total);
        const counts = summary.top().map(({ count }) => count);
        expect(summary.floor).toBe(counts.length < counters ? 0 : Math.min(...counts));
        expectSummary(summary, truth, summary.total / counters);
      }),
      { numRuns: 300 },
    );
  });
  test('with a counter for each key it is exact', () => {
    fc.assert(
      fc.property(stream, (items) => {
        const summary = new SpaceSaving<string>(16);
        for (const [key, weight] of items) summary.add(key, weight);
        expect(new Map(summary.top().map(({ key, count }) => [key, count]))).toEqual(counted(items));
      }),
    );
  });
  test('a new key takes over the smallest counter, with its count as error', () => {
    const summary = new SpaceSaving<string>(2);
    for (const key of ['X', 'Y', 'Y', 'Z']) summary.add(key);
    expect(summary.top()).toEqual([
      { key: 'Y', count: 2, error: 0 },
      { key: 'Z', count: 2, error: 1 },
    ]);
    expect(summary.get('X')).toBeUndefined();
    expect(summary.floor).toBe(2);
  });
});

test('a merged summary keeps the promise for both streams together', () => {
  fc.assert(
    fc.property(stream, stream, fc.integer({ min: 1, max: 8 }), (a, b, counters) => {
      const [left, right] = [new SpaceSaving<string>(counters), new SpaceSaving<string>(counters)];
      for (const [key, weight] of a) left.add(key, weight);
      for (const [key, weight] of b) right.add(key, weight);
      const merged = left.merged(right);
      const truth = counted([...a, ...b]);
      expect(merged.total).toBe(left.total + right.total);
      for (const { key, count, error } of merged.top()) {
        expect(count).toBeGreaterThanOrEqual(truth.get(key) ?? 0);
        expect(count - error).toBeLessThanOrEqual(truth.get(key) ?? 0);
      }
      for (const [key, real] of truth)
        if (merged.get(key) === undefined) expect(real).toBeLessThanOrEqual(merged.floor);
      for (const [key, real] of truth)
        if (real > (left.total + right.total) / counters) expect(merged.get(key)).toBeDefined();
    }),
    { numRuns: 300 },
  );
});

test('the hot keys of a skewed stream come first', () => {
  const summary = new SpaceSaving<number>(spaceSavingCounters(0.01));
  let state = 1;
  for (let i = 0; i < 50_000; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    summary.add(Math.floor(1 / (state / 2 ** 32 + 1e-6)));
  }
  // Key k comes with probability 1 / (k (k + 1)).
  expect(summary.top(5).map(({ key }) => key)).toEqual([1, 2, 3, 4, 5]);
  expect(Math.abs(summary.get(1)!.count / 25_000 - 1)).toBeLessThan(0.05);
});

test('nonsense is refused', () => {
  expect(() => new SpaceSaving(0)).toThrow('counters must be a positive integer, not 0');
  expect(() => new SpaceSaving(1).add('a', 0)).toThrow('weight must be positive, not 0');
});

test('what is merged of a full summary and one with room knows of the keys that it has not', () => {
  const wide = new SpaceSaving<string>(10);
  wide.add('q');
  const narrow = new SpaceSaving<string>(1);
  for (const key of ['y', 'x', 'x']) narrow.add(key);
  const merged = wide.merged(narrow);
  // x has y's place, so that y may have come up to three times.
  expect([merged.get('y'), merged.floor]).toEqual([undefined, 3]);
  merged.add('y');
  expect(merged.get('y')).toEqual({ key: 'y', count: 4, error: 3 });
});

test('summaries of any two sizes merge, and what comes later is counted no lower than it is', () => {
  const size = fc.integer({ min: 1, max: 6 });
  fc.assert(
    fc.property(stream, stream, stream, size, size, (first, second, later, mine, theirs) => {
      const [one, other] = [new SpaceSaving<string>(mine), new SpaceSaving<string>(theirs)];
      for (const [key, weight] of first) one.add(key, weight);
      for (const [key, weight] of second) other.add(key, weight);
      const merged = one.merged(other);
      for (const [key, weight] of later) merged.add(key, weight);
      for (const [key, real] of counted([...first, ...second, ...later])) {
        const { count, error } = merged.get(key) ?? { count: merged.floor, error: merged.floor };
        expect(count).toBeGreaterThanOrEqual(real);
        expect(count - error).toBeLessThanOrEqual(real);
      }
    }),
    { numRuns: 300 },
  );
});
