import { describe, expect, test } from 'vitest';
import { Bulkhead } from './bulkhead.ts';
import type { Policy } from './call.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { compose } from './compose.ts';
import { Fallback } from './fallback.ts';
import { Hedge } from './hedge.ts';
import { LimitConcurrency } from './limit-concurrency.ts';
import { Retry } from './retry.ts';
import { ShedLoad } from './shed-load.ts';
import { Timeout } from './timeout.ts';
import { FakeTime, outcomeOf } from './world.fixture.ts';

const half = (): number => 0.5;
/** As who reads `error.response.status` of an error without a response. */
const faulty = (): never => {
  throw new TypeError('the callback is faulty');
};

const time = new FakeTime();
const policies: Record<string, () => Policy> = {
  retry: () => new Retry(time, half, { isRetryable: faulty }),
  breaker: () => new CircuitBreaker(time, { isFailure: faulty, failuresInARow: 1 }),
  fallback: () => new Fallback({ answer: () => 1, handles: faulty }),
  hedge: () => new Hedge(time, { isRetryable: faulty }),
  shedding: () => new ShedLoad(time, half, { isOverload: faulty }),
  limit: () => new LimitConcurrency(time, { isDrop: faulty }),
};

describe.each(Object.entries(policies))('a callback of a %s that throws', (_name, make) => {
  test('ends the call with what it threw, whatever is around it, and leaves no place taken', async () => {
    const bulkhead = new Bulkhead({ concurrentMax: 1 });
    const { signal } = new AbortController();
    const timeout = (): Timeout => new Timeout(time, { timeoutMs: 500 });
    const ill = (): Promise<never> => Promise.reject(new Error('ill'));
    const outcomes = [
      outcomeOf(compose(make()).run(ill)),
      outcomeOf(compose(make()).run(ill, { signal })),
      outcomeOf(compose(timeout(), make()).run(ill)),
      outcomeOf(compose(make(), timeout()).run(ill)),
      outcomeOf(compose(bulkhead, make()).run(ill)),
    ];
    await time.advance(0);
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({ state: 'failed', error: { message: 'the callback is faulty' } });
    expect(bulkhead.running).toBe(0);
  });
});

test('a breaker whose callback threw counts a failure, and a limit gives the place to the next', async () => {
  const breaker = new CircuitBreaker(time, { isFailure: faulty, failuresInARow: 1 });
  const limit = new LimitConcurrency(time, { isDrop: faulty });
  outcomeOf(compose(breaker).run(() => Promise.reject(new Error('ill'))));
  outcomeOf(compose(limit).run(() => Promise.reject(new Error('ill'))));
  await time.advance(0);
  expect([breaker.state, limit.running]).toEqual(['open', 0]);
});

test('an event channel that throws costs one call its end, not the others their time', async () => {
  const own = new FakeTime();
  let published = 0;
  const events = {
    hasSubscribers: true,
    publish: () => {
      published += 1;
      if (published === 1) throw new Error('the channel is faulty');
    },
  };
  const pipeline = compose(new Timeout(own, { timeoutMs: 100, events }));
  const hang = (): Promise<never> => new Promise(() => {});
  const outcomes = [outcomeOf(pipeline.run(hang)), outcomeOf(pipeline.run(hang)), outcomeOf(pipeline.run(hang))];
  await expect(own.advance(150)).rejects.toThrow('the channel is faulty');
  await own.advance(1);
  expect(outcomes.slice(1)).toMatchObject([{ error: { code: 'timed-out' } }, { error: { code: 'timed-out' } }]);
  expect(own.pending).toBe(0);
});
