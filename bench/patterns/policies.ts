/** Resilience policies alone, around an operation that does nothing: what is timed is the policy, and one await per call. */
import { deepStrictEqual } from 'node:assert';
import { createNodeEnv } from '@quorate/env/node';
import { Bulkhead, CircuitBreaker, compose, Fallback, type Policy, Retry, Timeout } from '@quorate/patterns/resilience';
import {
  bulkhead,
  ConstantBackoff,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  fallback,
  handleAll,
  retry,
  TimeoutStrategy,
  timeout,
} from 'cockatiel';
import Opossum from 'opossum';
import pLimit from 'p-limit';
import PQueue from 'p-queue';
import pRetry from 'p-retry';
import type { Row, Rows, TimedSide } from './row.ts';

const CALLS = 2_000;
/** Refusals are slow where they carry a stack. */
const REFUSALS = 500;
const AT_ONCE = 10;
const env = createNodeEnv();
const random = (): number => env.random.stream('bench').float();

type Guarded = () => Promise<number>;
const answer = async (): Promise<number> => 1;
const ours = (...policies: Policy[]): Guarded => {
  const pipeline = compose(...policies);
  return () => pipeline.run(answer);
};

/** Calls one after the other; the sum of what they answer. */
const inTurn = (name: string, call: Guarded, calls = CALLS): TimedSide => ({
  name,
  run: async () => {
    let sum = 0;
    for (let i = 0; i < calls; i++) sum += await call();
    return sum;
  },
});

const timed = (what: string, sides: readonly TimedSide[], ops = CALLS): Row => ({ measures: 'time', what, ops, sides });

const breakers = (): Row => {
  const theirs = circuitBreaker(handleAll, {
    halfOpenAfter: 30_000,
    breaker: new CountBreaker({ size: 100, threshold: 0.5 }),
  });
  // Its own timeout is off: that is another pattern.
  const opossum = new Opossum(answer, { timeout: false });
  return timed('circuit breaker, closed', [
    inTurn('CircuitBreaker', ours(new CircuitBreaker(env))),
    inTurn('cockatiel', () => theirs.execute(answer)),
    inTurn('opossum', () => opossum.fire()),
  ]);
};

/** How many of the calls were refused. */
const refusals = (name: string, call: Guarded): TimedSide => ({
  name,
  run: async () => {
    let refused = 0;
    for (let i = 0; i < REFUSALS; i++)
      await call().catch(() => {
        refused += 1;
      });
    return refused;
  },
});

const refusing = async (): Promise<Row> => {
  const failing = async (): Promise<number> => {
    throw new Error('down');
  };
  const own = compose(new CircuitBreaker(env, { failuresInARow: 1, openMs: 3_600_000 }));
  const theirs = circuitBreaker(handleAll, {
    halfOpenAfter: 3_600_000,
    breaker: new CountBreaker({ size: 1, threshold: 0.5, minimumNumberOfCalls: 1 }),
  });
  const opossum = new Opossum(failing, { timeout: false, resetTimeout: 3_600_000, volumeThreshold: 1 });
  await Promise.allSettled([own.run(failing), theirs.execute(failing), opossum.fire()]);
  let asked = 0;
  const count = async (): Promise<number> => {
    asked += 1;
    return asked;
  };
  const row = timed(
    'circuit breaker, open: a refusal',
    [
      refusals('CircuitBreaker', () => own.run(count)),
      refusals('cockatiel', () => theirs.execute(count)),
      refusals('opossum', () => opossum.fire()),
    ],
    REFUSALS,
  );
  deepStrictEqual(asked, 0);
  return row;
};

const timeouts = (): Row => {
  const aggressive = timeout(1_000, TimeoutStrategy.Aggressive);
  const cooperative = timeout(1_000, TimeoutStrategy.Cooperative);
  const opossum = new Opossum(answer, { timeout: 1_000 });
  return timed('timeout that does not expire', [
    inTurn('Timeout', ours(new Timeout(env, { timeoutMs: 1_000 }))),
    inTurn('cockatiel, aggressive', () => aggressive.execute(answer)),
    inTurn('cockatiel, cooperative', () => cooperative.execute(answer)),
    inTurn('opossum, with its breaker', () => opossum.fire()),
  ]);
};

const retries = (): Row => {
  const theirs = retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() });
  return timed('retry, first attempt succeeds', [
    inTurn('Retry', ours(new Retry(env, random))),
    inTurn('cockatiel', () => theirs.execute(answer)),
    inTurn('p-retry', () => pRetry(answer, { retries: 2 })),
  ]);
};

/** Every call fails once. Without a delay, so that waiting is no part of it; they all run at once. */
const failingOnce = (): Row => {
  const theirs = retry(handleAll, { maxAttempts: 2, backoff: new ConstantBackoff(0) });
  const own = compose(new Retry(env, random, { backoff: { baseMs: 0 } }));
  const error = new Error('once');
  const once = (): Guarded => {
    let failed = false;
    return async () => {
      if (failed) return 1;
      failed = true;
      throw error;
    };
  };
  const together = (name: string, call: (operation: Guarded) => Promise<number>): TimedSide => ({
    name,
    run: async () => {
      const answers = await Promise.all(Array.from({ length: CALLS }, () => call(once())));
      return answers.reduce((sum, one) => sum + one, 0);
    },
  });
  return timed(`retry, first attempt fails, ${CALLS} at once, no delay`, [
    together('Retry', (operation) => own.run(operation)),
    together('cockatiel', (operation) => theirs.execute(operation)),
    together('p-retry', (operation) => pRetry(operation, { retries: 2, minTimeout: 0, maxTimeout: 0 })),
  ]);
};

const bulkheads = (): Row => {
  const own = compose(new Bulkhead({ concurrentMax: AT_ONCE, waitersMax: CALLS }));
  const theirs = bulkhead(AT_ONCE, CALLS);
  const limit = pLimit(AT_ONCE);
  const queue = new PQueue({ concurrency: AT_ONCE });
  let running = 0;
  let most = 0;
  const watched = async (): Promise<number> => {
    running += 1;
    most = Math.max(most, running);
    await undefined;
    running -= 1;
    return 1;
  };
  const crowd = (name: string, call: (operation: Guarded) => Promise<number>): TimedSide => ({
    name,
    run: async () => {
      most = 0;
      const answers = await Promise.all(Array.from({ length: CALLS }, () => call(watched)));
      return [answers.length, most];
    },
  });
  return timed(`bulkhead, ${CALLS} calls, ${AT_ONCE} at a time`, [
    crowd('Bulkhead', (operation) => own.run(operation)),
    crowd('cockatiel', (operation) => theirs.execute(operation)),
    crowd('p-limit', (operation) => limit(operation)),
    crowd('p-queue', (operation) => queue.add(operation)),
  ]);
};

const freeBulkheads = (): Row => {
  const theirs = bulkhead(AT_ONCE, 0);
  const limit = pLimit(AT_ONCE);
  return timed('bulkhead with a free place', [
    inTurn('Bulkhead', ours(new Bulkhead({ concurrentMax: AT_ONCE }))),
    inTurn('cockatiel', () => theirs.execute(answer)),
    inTurn('p-limit', () => limit(answer)),
  ]);
};

const fallbacks = (): Row => {
  const error = new Error('down');
  const failing = async (): Promise<number> => {
    throw error;
  };
  const own = compose(new Fallback({ answer: () => 1 }));
  const theirs = fallback(handleAll, 1);
  return timed('fallback that is needed', [
    inTurn('Fallback', () => own.run(failing)),
    inTurn('cockatiel', () => theirs.execute(failing)),
  ]);
};

export const rows: Rows = [breakers, refusing, timeouts, retries, failingOnce, freeBulkheads, bulkheads, fallbacks];
