import { describe, expect, test } from 'vitest';
import type { CallContext } from './call.ts';
import { StaleWhileRevalidate, type StaleWhileRevalidateOptions } from './stale-while-revalidate.ts';
import { Deferred, FakeTime, outcomeOf, settle } from './world.fixture.ts';

const setUp = (options: Partial<StaleWhileRevalidateOptions<number>> = {}) => {
  const time = new FakeTime();
  const errors: unknown[] = [];
  const cache = new StaleWhileRevalidate<number>(time, {
    freshMs: 600,
    staleMs: 30,
    staleIfErrorMs: 1_200,
    onError: (_key, error) => errors.push(error),
    ...options,
  });
  let fetches = 0;
  const fetch = (): number => ++fetches;
  return { time, cache, errors, fetch, fetches: () => fetches };
};

describe('RFC 5861', () => {
  test('section 3: max-age=600, stale-while-revalidate=30: old for up to 30 more, fetched meanwhile', async () => {
    const { time, cache, fetch, fetches } = setUp();
    expect(await cache.get('k', fetch)).toEqual({ value: 1, freshness: 'fresh', ageMs: 0 });
    await time.advance(599);
    expect(await cache.get('k', fetch)).toEqual({ value: 1, freshness: 'fresh', ageMs: 599 });
    await time.advance(30);
    expect(await cache.get('k', fetch)).toEqual({ value: 1, freshness: 'stale', ageMs: 629 });
    await settle();
    expect(fetches()).toBe(2);
    expect(await cache.get('k', fetch)).toEqual({ value: 2, freshness: 'fresh', ageMs: 0 });
    await time.advance(630);
    expect(await cache.get('k', fetch)).toEqual({ value: 3, freshness: 'fresh', ageMs: 0 });
  });

  test('section 4: max-age=600, stale-if-error=1200: old for up to 1200 more, when fetching fails', async () => {
    const { time, cache, fetch, errors } = setUp();
    await cache.get('k', fetch);
    const fail = (): Promise<number> => Promise.reject(new Error('down'));
    await time.advance(1_799);
    expect(await cache.get('k', fail)).toEqual({ value: 1, freshness: 'stale-if-error', ageMs: 1_799 });
    expect(errors).toHaveLength(1);
    await time.advance(1);
    await expect(cache.get('k', fail)).rejects.toThrow('down');
  });

  test('a failure in the background is told, and the old value stays', async () => {
    const { time, cache, fetch, errors } = setUp();
    await cache.get('k', fetch);
    await time.advance(610);
    await cache.get('k', () => Promise.reject(new Error('down')));
    await settle();
    expect(errors).toEqual([new Error('down')]);
    expect((await cache.get('k', fetch)).value).toBe(1);
  });
});

describe('a stale-while-revalidate cache', () => {
  test('fetches once however many ask, before and after it has a value', async () => {
    const { time, cache, fetches, fetch } = setUp();
    const all = await Promise.all([cache.get('k', fetch), cache.get('k', fetch), cache.get('other', fetch)]);
    expect(all.map(({ value }) => value)).toEqual([1, 1, 2]);
    await time.advance(610);
    await Promise.all([cache.get('k', fetch), cache.get('k', fetch)]);
    await settle();
    expect(fetches()).toBe(3);
  });

  test('stops a fetch only when the last who waited for it has left', async () => {
    const { cache } = setUp();
    const answer = new Deferred<number>();
    let signal: AbortSignal | undefined;
    const fetch = (call: CallContext): Promise<number> => {
      signal = call.signal;
      return answer.promise;
    };
    const [a, b] = [new AbortController(), new AbortController()];
    const outcomes = [cache.get('k', fetch, a.signal), cache.get('k', fetch, b.signal)].map(outcomeOf);
    await settle();
    a.abort('a left');
    await settle();
    expect([outcomes[0]!.error, outcomes[1]!.state, signal?.aborted]).toEqual(['a left', 'pending', false]);
    b.abort('b left');
    await settle();
    expect([signal?.aborted, cache.fetching]).toEqual([true, 0]);
    answer.resolve(9);
    await settle();
    expect(cache.size).toBe(0);
  });

  test('a fetch that looks at its signal only after all have left finds it aborted, with their reason', async () => {
    const { cache } = setUp();
    const answer = new Deferred<number>();
    let late: AbortSignal | undefined;
    const fetch = async (call: CallContext): Promise<number> => {
      const value = await answer.promise;
      late = call.signal;
      return value;
    };
    const controller = new AbortController();
    const outcome = outcomeOf(cache.get('k', fetch, controller.signal));
    await settle();
    controller.abort('left');
    await settle();
    answer.resolve(1);
    await settle();
    expect([outcome.error, late?.aborted, late?.reason]).toEqual(['left', true, 'left']);
  });

  test('does not stop a fetch that began in the background, when somebody who joined it leaves', async () => {
    const { time, cache, fetch } = setUp();
    await cache.get('k', fetch);
    await time.advance(610);
    const answer = new Deferred<number>();
    let signal: AbortSignal | undefined;
    const slow = (call: CallContext): Promise<number> => {
      signal = call.signal;
      return answer.promise;
    };
    expect((await cache.get('k', slow)).freshness).toBe('stale');
    await time.advance(100);
    const controller = new AbortController();
    const joined = outcomeOf(cache.get('k', fetch, controller.signal));
    await settle();
    controller.abort('left');
    await settle();
    expect([joined.error, signal?.aborted, cache.fetching]).toEqual(['left', false, 1]);
    answer.resolve(7);
    await settle();
    expect((await cache.get('k', fetch)).value).toBe(7);
  });

  test('drops the entry that was not used for longest', async () => {
    const { cache, fetch } = setUp({ entriesMax: 2 });
    for (const key of ['a', 'b', 'a', 'c']) await cache.get(key, fetch);
    expect(cache.size).toBe(2);
    expect((await cache.get('a', fetch)).value).toBe(1);
    expect((await cache.get('b', fetch)).value).toBe(4);
  });

  test('does not keep what was fetched before the key was forgotten', async () => {
    const { cache, fetch } = setUp();
    const answer = new Deferred<number>();
    const old = cache.get('k', () => answer.promise);
    await settle();
    cache.forget('k');
    answer.resolve(99);
    expect((await old).value).toBe(99);
    expect((await cache.get('k', fetch)).value).toBe(1);
  });
});
