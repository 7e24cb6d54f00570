/** A service that fails a third of its calls and is sometimes slow, seen through policies. */
import { channel } from 'node:diagnostics_channel';
import { createNodeEnv } from '@quorate/env/node';
import { Instant } from '@quorate/patterns/base';
import {
  Bulkhead,
  CircuitBreaker,
  compose,
  Fallback,
  Hedge,
  Retry,
  RetryBudget,
  StaleWhileRevalidate,
  Timeout,
} from '@quorate/patterns/resilience';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const env = createNodeEnv();
const stream = env.random.stream('example');
const random = (): number => stream.float();
const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.at(Instant.add(env.clock.monotonic(), ms), resolve);
  });

const events = channel('quorate.example');
const told = new Map<string, number>();
events.subscribe((event) => {
  const { kind } = event as { kind: string };
  told.set(kind, (told.get(kind) ?? 0) + 1);
});

let calls = 0;
async function stock(): Promise<number> {
  calls += 1;
  if (calls % 3 === 1) throw new Error('503');
  if (calls % 10 === 0) await pause(200);
  return 42;
}

const guarded = compose(
  new Retry(env, random, { attemptsMax: 4, backoff: { baseMs: 2 }, budget: new RetryBudget(), events }),
  new CircuitBreaker(env, { failureRate: 0.8, events }),
  new Timeout(env, { timeoutMs: 50, events }),
  new Bulkhead({ concurrentMax: 5, waitersMax: 100, events }),
);
const answers = await Promise.allSettled(Array.from({ length: 60 }, () => guarded.run(stock)));
const good = answers.filter(({ status }) => status === 'fulfilled').length;
say(`${good} of 60 calls succeeded, with ${calls} attempts; ${[...told].map(([k, n]) => `${k}: ${n}`).join(', ')}`);

// When everything fails, the circuit opens, and the fallback answers without asking.
let asked = 0;
const breaker = new CircuitBreaker(env, { failuresInARow: 3 });
const safe = compose(new Fallback({ answer: () => 'the catalogue of yesterday' }), breaker);
for (let i = 0; i < 20; i++)
  await safe.run<unknown>(() => {
    asked += 1;
    throw new Error('down');
  });
say(`the circuit is ${breaker.state}; of 20 calls ${asked} were sent, all were answered`);

// The first attempt hangs, the second does not.
const hedged = compose(new Hedge(env, { after: { ms: 10 } }));
say(
  `attempt ${await hedged.run(async ({ attempt }) => (attempt === 1 ? pause(300).then(() => 1) : 2))} answered first`,
);

const cache = new StaleWhileRevalidate<number>(env, { freshMs: 0, staleMs: 1_000 });
let price = 10;
const first = await cache.get('price', () => price++);
const second = await cache.get('price', () => price++);
await pause(5);
const third = await cache.get('price', () => price++);
say(`prices: ${[first, second, third].map(({ value, freshness }) => `${value} (${freshness})`).join(', ')}`);
