/** Token buckets beside `limiter`, and stale-while-revalidate beside `lru-cache`, whose `fetch` does the same. */
import { createNodeEnv } from '@quorate/env/node';
import { compose, RateLimit, StaleWhileRevalidate, TokenBucket } from '@quorate/patterns/resilience';
import { RateLimiter, TokenBucket as TheirBucket } from 'limiter';
import { LRUCache } from 'lru-cache';
import type { Row, Rows } from './row.ts';

const TAKES = 10_000;
const BURST = TAKES / 2;
const CALLS = 2_000;
const KEYS = 1_000;
const env = createNodeEnv();

/** Half of the tokens are there, and as good as none come. */
const buckets = (): Row => ({
  measures: 'time',
  what: 'token bucket, half of the tries are refused',
  ops: TAKES,
  sides: [
    {
      name: 'TokenBucket',
      run: () => {
        const bucket = new TokenBucket({ ratePerSecond: 1 / 3600, burst: BURST });
        let taken = 0;
        for (let i = 0; i < TAKES; i++) if (bucket.take(1, env.clock.monotonic())) taken += 1;
        return taken;
      },
    },
    {
      name: 'limiter',
      run: () => {
        const bucket = new TheirBucket({ bucketSize: BURST, tokensPerInterval: 1, interval: 3_600_000 });
        bucket.content = BURST;
        let taken = 0;
        for (let i = 0; i < TAKES; i++) if (bucket.tryRemoveTokens(1)) taken += 1;
        return taken;
      },
    },
  ],
});

const limits = (): Row => {
  const own = compose(new RateLimit(env, { ratePerSecond: 1e9, burst: 1e9 }));
  const theirs = new RateLimiter({ tokensPerInterval: 1e9, interval: 'second' });
  const answer = async (): Promise<number> => 1;
  return {
    measures: 'time',
    what: 'a call under a rate limit that is far away',
    ops: CALLS,
    sides: [
      {
        name: 'RateLimit',
        run: async () => {
          let sum = 0;
          for (let i = 0; i < CALLS; i++) sum += await own.run(answer);
          return sum;
        },
      },
      {
        name: 'limiter',
        run: async () => {
          let sum = 0;
          for (let i = 0; i < CALLS; i++) {
            await theirs.removeTokens(1);
            sum += await answer();
          }
          return sum;
        },
      },
    ],
  };
};

/** `fetch` of a key that is there and fresh. */
const hits = (): Row => {
  const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}`);
  const own = new StaleWhileRevalidate<number>(env, { freshMs: 3_600_000, entriesMax: KEYS });
  const theirs = new LRUCache<string, { value: number }>({
    max: KEYS,
    ttl: 3_600_000,
    allowStale: true,
    fetchMethod: async (key) => ({ value: key.length }),
  });
  return {
    measures: 'time',
    what: 'cached answer that is fresh',
    ops: KEYS,
    sides: [
      {
        name: 'StaleWhileRevalidate',
        run: async () => {
          let sum = 0;
          for (const key of keys) sum += (await own.get(key, async () => key.length)).value;
          return sum;
        },
      },
      {
        name: 'lru-cache, fetch',
        run: async () => {
          let sum = 0;
          for (const key of keys) sum += (await theirs.fetch(key))!.value;
          return sum;
        },
      },
    ],
  };
};

const misses = (): Row => {
  const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}`);
  return {
    measures: 'time',
    what: 'answer that has to be fetched, asked for twice at once',
    ops: KEYS,
    sides: [
      {
        name: 'StaleWhileRevalidate',
        run: async () => {
          const cache = new StaleWhileRevalidate<number>(env, { freshMs: 3_600_000, entriesMax: KEYS });
          const fetch = async (): Promise<number> => 1;
          const answers = await Promise.all(keys.flatMap((key) => [cache.get(key, fetch), cache.get(key, fetch)]));
          return answers.reduce((sum, { value }) => sum + value, 0);
        },
      },
      {
        name: 'lru-cache, fetch',
        run: async () => {
          const cache = new LRUCache<string, { value: number }>({
            max: KEYS,
            ttl: 3_600_000,
            fetchMethod: async () => ({ value: 1 }),
          });
          const answers = await Promise.all(keys.flatMap((key) => [cache.fetch(key), cache.fetch(key)]));
          return answers.reduce((sum, answer) => sum + answer!.value, 0);
        },
      },
    ],
  };
};

export const rows: Rows = [buckets, limits, hits, misses];
