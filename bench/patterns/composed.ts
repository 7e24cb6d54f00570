/** Policies together, as they are used: retry around a breaker around a timeout around a bulkhead. */
import { createNodeEnv } from '@quorate/env/node';
import {
  Bulkhead,
  type CallContext,
  CircuitBreaker,
  compose,
  type Pipeline,
  Retry,
  Timeout,
} from '@quorate/patterns/resilience';
import {
  bulkhead,
  CountBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleAll,
  type IDefaultPolicyContext,
  retry,
  TimeoutStrategy,
  timeout,
  wrap,
} from 'cockatiel';
import Opossum from 'opossum';
import pRetry from 'p-retry';
import type { Row, Rows, TimedSide } from './row.ts';

const AIM = 10;
const CALLS = 500;
const TIMEOUT_MS = 1_000;
const PLACES = 500;
const env = createNodeEnv();
const random = (): number => env.random.stream('bench').float();

const pipeline = (): Pipeline =>
  compose(
    new Retry(env, random),
    new CircuitBreaker(env),
    new Timeout(env, { timeoutMs: TIMEOUT_MS }),
    new Bulkhead({ concurrentMax: PLACES }),
  );

type Wrapped = { execute<T>(operation: (context: IDefaultPolicyContext) => Promise<T>): Promise<T> };
const wrapped = (strategy: TimeoutStrategy): Wrapped =>
  wrap(
    retry(handleAll, { maxAttempts: 2, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, {
      halfOpenAfter: 30_000,
      breaker: new CountBreaker({ size: 100, threshold: 0.5 }),
    }),
    timeout(TIMEOUT_MS, strategy),
    bulkhead(PLACES),
  );
/** The other way to put this together from packages: timeout, breaker and bulkhead in one, and retries around. */
const retried = <T>(operation: () => Promise<T>): (() => Promise<T>) => {
  const breaker = new Opossum(operation, { timeout: TIMEOUT_MS, capacity: PLACES, errorThresholdPercentage: 50 });
  return () => pRetry(() => breaker.fire(), { retries: 2 });
};

const inTurn = (name: string, call: () => Promise<number>): TimedSide => ({
  name,
  run: async () => {
    let sum = 0;
    for (let i = 0; i < CALLS; i++) sum += await call();
    return sum;
  },
});
const together = (name: string, call: () => Promise<number>): TimedSide => ({
  name,
  run: async () => (await Promise.all(Array.from({ length: CALLS }, call))).reduce((sum, one) => sum + one, 0),
});

const answer = async (): Promise<number> => 1;
/** As one that passes its signal on: it has to be there. */
const looking = async ({ signal }: Pick<CallContext, 'signal'>): Promise<number> => (signal.aborted ? 0 : 1);

const calls = (what: string, side: typeof inTurn): Row => {
  const own = pipeline();
  const aggressive = wrapped(TimeoutStrategy.Aggressive);
  const cooperative = wrapped(TimeoutStrategy.Cooperative);
  return {
    measures: 'time',
    what,
    ops: CALLS,
    aim: AIM,
    sides: [
      side('compose', () => own.run(answer)),
      side('cockatiel, aggressive timeout', () => aggressive.execute(answer)),
      side('cockatiel, cooperative timeout', () => cooperative.execute(answer)),
      side('p-retry around opossum', retried(answer)),
    ],
  };
};

const withSignal = (): Row => {
  const own = pipeline();
  const theirs = wrapped(TimeoutStrategy.Aggressive);
  return {
    measures: 'time',
    what: 'four policies, the operation looks at its signal',
    ops: CALLS,
    aim: AIM,
    sides: [
      inTurn('compose', () => own.run(looking)),
      inTurn('cockatiel, aggressive timeout', () => theirs.execute(looking)),
    ],
  };
};

export const rows: Rows = [
  () => calls('retry, breaker, timeout, bulkhead; calls in turn', inTurn),
  () => calls(`retry, breaker, timeout, bulkhead; ${CALLS} calls at once`, together),
  withSignal,
];
