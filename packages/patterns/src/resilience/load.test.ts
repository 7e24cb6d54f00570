import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { AdaptiveThrottle } from './adaptive-throttle.ts';
import { Bulkhead } from './bulkhead.ts';
import type { Policy } from './call.ts';
import { compose } from './compose.ts';
import { AimdLimit, ExponentialAverage, GradientLimit, VegasLimit } from './concurrency-limit.ts';
import { LimitConcurrency } from './limit-concurrency.ts';
import { isTimeout } from './resilience-error.ts';
import { ShedLoad } from './shed-load.ts';
import { Timeout } from './timeout.ts';
import { Deferred, FakeTime, outcomeOf, Recorded, settle } from './world.fixture.ts';

const t = Instant.of;

describe('SRE, chapter 21: a client-side throttle', () => {
  test('refuses nothing while requests are at most K times the accepts', () => {
    const throttle = new AdaptiveThrottle({ multiplier: 2 });
    for (let i = 0; i < 100; i++) {
      expect(throttle.admit(0, t(0))).toBe(true);
      if (i % 2 === 0) throttle.accepted(t(0));
    }
    expect(throttle.refusalProbability(t(0))).toBe(0);
  });

  test('refuses with probability (requests - K · accepts) / (requests + 1)', () => {
    const throttle = new AdaptiveThrottle({ multiplier: 2 });
    for (let i = 0; i < 99; i++) throttle.admit(0.999, t(0));
    for (let i = 0; i < 10; i++) throttle.accepted(t(0));
    expect(throttle.refusalProbability(t(0))).toBe(0.79);
    expect(throttle.admit(0.789, t(0))).toBe(false);
    expect(throttle.admit(0.999, t(0))).toBe(true);
  });

  test('counts what it refuses itself, so it gets stricter while nothing is accepted', () => {
    const throttle = new AdaptiveThrottle();
    for (let i = 0; i < 999; i++) throttle.admit(0, t(0));
    expect(throttle.refusalProbability(t(0))).toBe(0.999);
  });

  test('has forgotten everything after its window', () => {
    const throttle = new AdaptiveThrottle();
    for (let i = 0; i < 999; i++) throttle.admit(0, t(0));
    expect(throttle.refusalProbability(t(119_999))).toBeGreaterThan(0.99);
    expect(throttle.refusalProbability(t(120_000))).toBe(0);
  });

  test('sends about K times what the service takes', () => {
    let state = 1;
    const random = (): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32;
    };
    const throttle = new AdaptiveThrottle({ multiplier: 2 });
    let sent = 0;
    for (let second = 0; second < 600; second++) {
      let taken = 0;
      for (let i = 0; i < 100; i++) {
        const now = t(second * 1_000 + i * 10);
        if (!throttle.admit(random(), now)) continue;
        if (second >= 300) sent += 1;
        if (taken < 10) {
          taken += 1;
          throttle.accepted(now);
        }
      }
    }
    expect(sent / 300).toBeGreaterThan(18);
    expect(sent / 300).toBeLessThan(22);
  });

  test('as a policy refuses before anything is sent, and counts errors that are no overload as accepted', async () => {
    const time = new FakeTime();
    const shed = new ShedLoad(time, () => 0.5, { isOverload: (error) => (error as Error).message === '503' });
    const pipeline = compose(shed);
    for (let i = 0; i < 10; i++) await expect(pipeline.run(() => Promise.reject(new Error('404')))).rejects.toThrow();
    expect(shed.refusalProbability).toBe(0);
    let sent = 0;
    let refused = 0;
    for (let i = 0; i < 100; i++) {
      const outcome = outcomeOf(
        pipeline.run(() => {
          sent += 1;
          return Promise.reject(new Error('503'));
        }),
      );
      await settle();
      if ((outcome.error as { code?: string }).code === 'throttled') refused += 1;
    }
    expect(sent + refused).toBe(100);
    expect(refused).toBeGreaterThan(60);
  });
});

test('a throttle takes a caller who left for no refusal, but a timeout around it for one', async () => {
  const time = new FakeTime();
  const shed = new ShedLoad(time, () => 0.999, { isOverload: isTimeout });
  const fail = async (policies: readonly Policy[], abort: boolean): Promise<void> => {
    const controller = new AbortController();
    const operation = new Deferred<number>();
    outcomeOf(compose(...policies, shed).run(() => operation.promise, { signal: controller.signal }));
    if (abort) controller.abort('left');
    await time.advance(10);
    operation.reject(new Error('aborted'));
    await settle();
  };
  for (let i = 0; i < 20; i++) await fail([], true);
  expect(shed.refusalProbability).toBe(0);
  for (let i = 0; i < 40; i++) await fail([new Timeout(time, { timeoutMs: 10 })], false);
  // 60 requests, 20 accepts
  expect(shed.refusalProbability).toBe(20 / 61);
});

describe('Netflix concurrency-limits', () => {
  const sample = (rttMs: number, inFlight: number, dropped = false) => ({ rttMs, inFlight, dropped });

  test('ExpAvgMeasurementTest: a mean at first, then exponential', () => {
    const average = new ExponentialAverage(100, 10);
    const found = Array.from({ length: 10 }, (_, i) => average.add(i + 10));
    expect(found).toEqual([10, 10.5, 11, 11.5, 12, 12.5, 13, 13.5, 14, 14.5]);
    expect(average.add(100)).toBeCloseTo(16.2, 1);
  });

  test('VegasLimitTest: increaseLimit, decreaseLimit, noChangeIfWithinThresholds, largeLimitIncrease', () => {
    const second = (rttMs: number, inFlight: number): number => {
      const limit = new VegasLimit({ alpha: 3, beta: 6, initial: 10, max: 20 });
      limit.update(sample(10, 10));
      expect(limit.limit).toBe(10);
      limit.update(sample(rttMs, inFlight));
      return limit.limit;
    };
    expect([second(10, 11), second(50, 11), second(14, 14)]).toEqual([16, 9, 10]);
    const large = new VegasLimit({ initial: 10_000, max: 20_000 });
    large.update(sample(10_000, 5_000));
    large.update(sample(10_000, 6_000));
    expect(large.limit).toBe(10_024);
  });

  test('Vegas does not grow while the limit is not used, shrinks on a drop, and looks for the shortest round trip anew', () => {
    const limit = new VegasLimit({ initial: 100, max: 200, probeMultiplier: 0.1 });
    limit.update(sample(10, 100));
    limit.update(sample(10, 49));
    expect(limit.limit).toBe(100);
    limit.update(sample(10, 100, true));
    expect(limit.limit).toBe(98);
    for (let i = 0; i < 7; i++) limit.update(sample(20, 0));
    // The tenth sample makes 20 ms the shortest.
    limit.update(sample(20, 98));
    expect(limit.limit).toBe(109);
  });

  test('AIMDLimitTest: increaseOnSuccess, decreaseOnDrops, successOverflow', () => {
    const after = (initial: number, max: number, rttMs: number, inFlight: number, dropped: boolean): number => {
      const limit = new AimdLimit({ initial, max, min: 1 });
      limit.update(sample(rttMs, inFlight, dropped));
      return limit.limit;
    };
    expect(after(20, 200, 1, 10, false)).toBe(21);
    expect(after(30, 200, 0, 0, true)).toBe(27);
    expect(after(21, 21, 1, 11, false)).toBe(21);
    expect(after(30, 200, 1, 14, false)).toBe(30);
    expect(after(30, 200, 5_001, 15, false)).toBe(27);
  });

  test('Gradient2: grows by a fifth of the queue while nothing is slower, and stays when it is not used', () => {
    const limit = new GradientLimit({ initial: 20 });
    limit.update(sample(10, 20));
    limit.update(sample(10, 20));
    limit.update(sample(10, 20));
    // 20 + 3 · 0.2 · 4
    expect(limit.limit).toBe(22);
    for (let i = 0; i < 100; i++) limit.update(sample(10, 5));
    expect(limit.limit).toBe(22);
    for (let i = 0; i < 1_000; i++) limit.update(sample(10, 200));
    expect(limit.limit).toBe(200);
  });

  test('Gradient2: at least half remains of each estimate, however slow a sample is', () => {
    const limit = new GradientLimit({ initial: 100 });
    for (let i = 0; i < 10; i++) limit.update(sample(10, 0));
    limit.update(sample(10_000, 100));
    // 0.8 · 100 + 0.2 · (0.5 · 100 + 4)
    expect(limit.limit).toBe(90);
  });

  test('Gradient2: tolerates what is half as slow again, not more', () => {
    const after = (rttMs: number): number => {
      const limit = new GradientLimit({ initial: 100, longWindow: 1e9 });
      for (let i = 0; i < 10; i++) limit.update(sample(10, 0));
      for (let i = 0; i < 50; i++) limit.update(sample(rttMs, 200));
      return limit.limit;
    };
    expect(after(14.9)).toBeGreaterThan(130);
    expect(after(30)).toBeLessThan(60);
  });

  test('Gradient2: what was usual in a long overload is soon not usual any more', () => {
    const limit = new GradientLimit({ initial: 100 });
    for (let i = 0; i < 10; i++) limit.update(sample(100, 0));
    for (let i = 0; i < 60; i++) limit.update(sample(10, 0));
    limit.update(sample(60, 100));
    expect(limit.limit).toBeLessThan(100);
  });

  test('Gradient2: stays within a few times of what a service can take that handles 50 at once, though what is usual drifts', () => {
    const limit = new GradientLimit({ initial: 20 });
    for (let i = 0; i < 30; i++) limit.update(sample(10, 0));
    const found: number[] = [];
    for (let i = 0; i < 400; i++) {
      limit.update(sample(10 * Math.max(1, limit.limit / 50), limit.limit));
      if (i > 100) found.push(limit.limit);
    }
    expect(Math.max(...found)).toBeLessThan(150);
    expect(Math.min(...found)).toBeGreaterThan(45);
  });
});

describe('an adaptive concurrency limit', () => {
  test('refuses beyond the limit, and lets more run once that has grown', async () => {
    const time = new FakeTime();
    const policy = new LimitConcurrency(time, {
      limit: new AimdLimit({ initial: 2, min: 1, max: 10 }),
      windowMs: 100,
      samplesMin: 2,
    });
    const pipeline = compose(policy);
    const first = [new Deferred<number>(), new Deferred<number>()];
    const runs = first.map(({ promise }) => outcomeOf(pipeline.run(() => promise)));
    await expect(pipeline.run(() => 1)).rejects.toMatchObject({ code: 'limit-reached', outcome: 'not-applied' });
    await time.advance(50);
    first[0]!.resolve(0);
    await time.advance(100);
    first[1]!.resolve(1);
    await settle();
    expect(runs.map(({ value }) => value)).toEqual([0, 1]);
    expect(policy.limit).toBe(3);
    expect(policy.running).toBe(0);
  });

  test('shrinks when calls time out, and takes no notice of other failures', async () => {
    const time = new FakeTime();
    const policy = new LimitConcurrency(time, {
      limit: new AimdLimit({ initial: 10, min: 1, max: 10 }),
      windowMs: 0,
      samplesMin: 1,
    });
    const fail = async (error: object): Promise<void> => {
      await expect(compose(policy).run(() => Promise.reject(error))).rejects.toBe(error);
    };
    await fail(new Error('bad request'));
    expect(policy.limit).toBe(10);
    await fail(Object.assign(new Error('late'), { code: 'timed-out' }));
    expect(policy.limit).toBe(9);
    const five = Array.from({ length: 5 }, () => new Deferred<number>());
    for (const { promise } of five) outcomeOf(compose(policy).run(() => promise));
    five[0]!.resolve(1);
    await settle();
    // Five of nine run, and none was dropped since: it grows again.
    expect(policy.limit).toBe(10);
  });

  test('lets calls wait in order if so configured; one that gives up leaves its place to the next', async () => {
    const time = new FakeTime();
    const policy = new LimitConcurrency(time, { limit: new AimdLimit({ initial: 1, min: 1, max: 1 }), waitersMax: 2 });
    const pipeline = compose(policy);
    const first = new Deferred<number>();
    outcomeOf(pipeline.run(() => first.promise));
    const controller = new AbortController();
    const left = outcomeOf(pipeline.run(() => 1, { signal: controller.signal }));
    const next = outcomeOf(pipeline.run(() => 2));
    controller.abort('left');
    first.resolve(0);
    await settle();
    expect([left.error, next.value, policy.running]).toEqual(['left', 2, 0]);
  });

  test('learns from full windows only: not before their time, not from too few calls', async () => {
    const time = new FakeTime();
    const events = new Recorded();
    const policy = new LimitConcurrency(time, {
      limit: new AimdLimit({ initial: 2, min: 1, max: 9 }),
      windowMs: 100,
      samplesMin: 3,
      events,
    });
    const limits: number[] = [];
    for (let i = 0; i < 6; i++) {
      await compose(policy).run(() => i);
      limits.push(policy.limit);
      await time.advance(40);
    }
    expect(limits).toEqual([2, 2, 2, 3, 3, 3]);
    expect(events.events).toEqual([{ kind: 'limit', policy: 'concurrency limit', from: 2, to: 3 }]);
  });
});

test('a limit outlives samples that a coarse clock says took no time, and refuses options that are none', () => {
  const gradient = new GradientLimit();
  for (let i = 0; i < 20; i++) gradient.update({ rttMs: 0, inFlight: 30, dropped: false });
  expect(gradient.limit).toBeGreaterThan(20);
  expect(() => new GradientLimit({ queue: Number.NaN })).toThrow(/queue must be >= 0, not NaN/);
  expect(() => new GradientLimit({ longWindow: 0 })).toThrow(/longWindow must be >= 1/);
  expect(() => new VegasLimit({ probeMultiplier: Number.NaN })).toThrow(/probeMultiplier must be > 0/);
  expect(() => new AimdLimit({ timeoutMs: Number.NaN })).toThrow(/timeoutMs must be > 0/);
  expect(() => new Bulkhead({ concurrentMax: 1.5 })).toThrow(/concurrentMax must be a whole number >= 1, not 1.5/);
});
