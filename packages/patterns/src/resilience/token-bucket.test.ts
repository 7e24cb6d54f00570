import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compose } from './compose.ts';
import { RateLimit } from './rate-limit.ts';
import { NEVER, TokenBucket } from './token-bucket.ts';
import { FakeTime, outcomeOf } from './world.fixture.ts';

/** Times are in units of 100 ms, as there. */
const takes = (bucket: TokenBucket, rows: readonly (readonly [number, number, boolean])[]): void => {
  const answers = rows.map(([at, n]) => bucket.take(n, at * 100));
  expect(answers).toEqual(rows.map(([, , taken]) => taken));
};
/** When the tokens are there, or NEVER. */
const reserve = (bucket: TokenBucket, at: number, n: number, maxMs?: number): number =>
  Math.round((at * 100 + bucket.reserve(n, at * 100, maxMs)) * 1e6) / 1e8;
const bucketOf = (ratePerSecond: number, burst: number): TokenBucket => new TokenBucket({ ratePerSecond, burst });

describe('golang.org/x/time/rate, rate_test.go', () => {
  test('TestLimiterBurst1', () => {
    takes(bucketOf(10, 1), [
      [0, 1, true],
      [0, 1, false],
      [0, 1, false],
      [1, 1, true],
      [1, 1, false],
      [1, 1, false],
      [2, 2, false],
      [2, 1, true],
      [2, 1, false],
    ]);
  });
  test('TestLimiterBurst3', () => {
    takes(bucketOf(10, 3), [
      [0, 2, true],
      [0, 2, false],
      [0, 1, true],
      [0, 1, false],
      [1, 4, false],
      [2, 1, true],
      [3, 1, true],
      [4, 1, true],
      [4, 1, true],
      [4, 1, false],
      [4, 1, false],
      [9, 3, true],
      [9, 0, true],
    ]);
  });
  test('TestLimiterJumpBackwards', () => {
    takes(bucketOf(10, 3), [
      [1, 1, true],
      [0, 1, true],
      [0, 1, true],
      [0, 1, false],
      [0, 1, false],
      [1, 1, true],
      [1, 1, false],
      [1, 1, false],
      [2, 1, true],
      [2, 1, false],
      [2, 1, false],
    ]);
  });
  test('TestSimpleReserve, TestMix, TestReserveMax', () => {
    const simple = bucketOf(10, 2);
    expect([reserve(simple, 0, 2), reserve(simple, 0, 2), reserve(simple, 3, 2)]).toEqual([0, 2, 4]);
    const mix = bucketOf(10, 2);
    expect(reserve(mix, 0, 3)).toBe(NEVER);
    expect(reserve(mix, 0, 2)).toBe(0);
    takes(mix, [[1, 2, false]]);
    expect(reserve(mix, 1, 2)).toBe(2);
    takes(mix, [
      [1, 1, false],
      [3, 1, true],
    ]);
    const max = bucketOf(10, 2);
    expect([reserve(max, 0, 2, 100), reserve(max, 0, 1, 100), reserve(max, 0, 1, 100)]).toEqual([0, 1, NEVER]);
  });
  test('TestCancelLast, TestCancelTooLate, TestCancel0Tokens, TestCancel1Token', () => {
    const last = bucketOf(10, 2);
    expect([reserve(last, 0, 2), reserve(last, 0, 2)]).toEqual([0, 2]);
    last.cancel(2, 200, 100);
    expect(reserve(last, 1, 2)).toBe(2);
    const late = bucketOf(10, 2);
    expect([reserve(late, 0, 2), reserve(late, 0, 2)]).toEqual([0, 2]);
    late.cancel(2, 200, 300);
    expect(reserve(late, 3, 2)).toBe(4);
    const none = bucketOf(10, 2);
    expect([reserve(none, 0, 2), reserve(none, 0, 1), reserve(none, 0, 1)]).toEqual([0, 1, 2]);
    none.cancel(1, 100, 0);
    expect(reserve(none, 0, 1)).toBe(3);
    const one = bucketOf(10, 2);
    expect([reserve(one, 0, 2), reserve(one, 0, 2), reserve(one, 0, 1)]).toEqual([0, 2, 3]);
    one.cancel(2, 200, 200);
    expect(reserve(one, 2, 2)).toBe(4);
  });
  test('TestCancelMulti', () => {
    const bucket = bucketOf(10, 4);
    expect([4, 3, 1, 1].map((n) => reserve(bucket, 0, n))).toEqual([0, 3, 4, 5]);
    bucket.cancel(1, 500, 100);
    bucket.cancel(3, 300, 100);
    expect(reserve(bucket, 1, 3)).toBe(5);
  });
  test('TestReserveSetLimit, TestReserveSetBurst', () => {
    const limit = bucketOf(5, 2);
    expect([reserve(limit, 0, 2), reserve(limit, 0, 2)]).toEqual([0, 4]);
    limit.setRate(10, 200);
    expect(reserve(limit, 2, 1)).toBe(4);
    const burst = bucketOf(5, 2);
    expect([reserve(burst, 0, 2), reserve(burst, 0, 2)]).toEqual([0, 4]);
    burst.setBurst(4, 300);
    expect(reserve(burst, 0, 4)).toBe(9);
  });
  test('TestZeroLimit', () => {
    const bucket = bucketOf(0, 1);
    expect([bucket.take(1, 0), bucket.take(1, 1e9)]).toEqual([true, false]);
  });
});

test('token bucket: in no stretch of time more is taken than burst + rate · time', () => {
  const step = fc.record({ gapMs: fc.constantFrom(0, 1, 7, 100, 250), n: fc.integer({ min: 1, max: 3 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const bucket = bucketOf(20, 3);
      const taken: { at: number; n: number }[] = [];
      let now = 0;
      for (const { gapMs, n } of steps) {
        now += gapMs;
        if (bucket.take(n, now)) taken.push({ at: now, n });
      }
      taken.forEach((from, i) => {
        let sum = 0;
        for (const { at, n } of taken.slice(i)) {
          sum += n;
          expect(sum).toBeLessThanOrEqual(3 + (at - from.at) * 0.02 + 1e-9);
        }
      });
    }),
    { numRuns: 200 },
  );
});

describe('a rate limit', () => {
  test('lets calls wait for their token in order, and refuses those that would wait too long', async () => {
    const time = new FakeTime();
    const pipeline = compose(new RateLimit(time, { ratePerSecond: 10, burst: 1, waitMaxMs: 200 }));
    const started: number[] = [];
    const outcomes = [0, 1, 2, 3].map((i) => outcomeOf(pipeline.run(() => started.push(i, time.now))));
    await time.advance(1_000);
    expect(started).toEqual([0, 0, 1, 100, 2, 200]);
    expect(outcomes[3]!.error).toMatchObject({ code: 'rate-limited', retryAfterMs: 300 });
  });

  test('gives back the token of a call that stops waiting', async () => {
    const time = new FakeTime();
    const pipeline = compose(new RateLimit(time, { ratePerSecond: 10, burst: 1, waitMaxMs: 100 }));
    await pipeline.run(() => 0);
    const controller = new AbortController();
    const left = outcomeOf(pipeline.run(() => 1, { signal: controller.signal }));
    controller.abort('left');
    const next = outcomeOf(pipeline.run(() => 2));
    await time.advance(100);
    expect([left.error, next.value]).toEqual(['left', 2]);
    expect(time.pending).toBe(0);
  });
});

test('counts and rates that are none are refused, and take nothing', () => {
  const bucket = new TokenBucket({ ratePerSecond: 1, burst: 2 });
  for (const count of [Number.NaN, -5])
    expect(() => bucket.reserve(count, 0)).toThrow(`count must be >= 0, not ${count}`);
  expect(() => bucket.setRate(Number.NaN, 0)).toThrow(/ratePerSecond must be >= 0/);
  expect(() => bucket.setBurst(0, 0)).toThrow(/burst must be > 0/);
  expect(bucket.tokens(0)).toBe(2);
});
