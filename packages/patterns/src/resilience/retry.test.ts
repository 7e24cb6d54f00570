import { describe, expect, test } from 'vitest';
import { Backoff } from './backoff.ts';
import { compose } from './compose.ts';
import { RateLimit } from './rate-limit.ts';
import { ResilienceError } from './resilience-error.ts';
import { Retry } from './retry.ts';
import { RetryBudget, RetryThrottle } from './retry-budget.ts';
import { FakeTime, outcomeOf, Recorded } from './world.fixture.ts';

const at =
  (draw: number): (() => number) =>
  () =>
    draw;
const delays = (backoff: Backoff, draw: number): number[] => {
  const found: number[] = [];
  for (let n = 1; n <= 6; n++) found.push(backoff.delayMs(n, found.at(-1) ?? 0, at(draw)));
  return found;
};

describe('Brooker 2015: delays with base 5 and cap 100', () => {
  const of = (jitter: 'none' | 'full' | 'equal' | 'decorrelated'): Backoff =>
    new Backoff({ baseMs: 5, capMs: 100, jitter: { kind: jitter } });
  test('expo is min(cap, base · 2^n)', () => {
    expect(delays(of('none'), 0.9)).toEqual([5, 10, 20, 40, 80, 100]);
  });
  test('full jitter is uniform in [0, expo)', () => {
    expect(delays(of('full'), 0)).toEqual([0, 0, 0, 0, 0, 0]);
    expect(delays(of('full'), 0.5)).toEqual([2.5, 5, 10, 20, 40, 50]);
  });
  test('equal jitter keeps half and draws the other', () => {
    expect(delays(of('equal'), 0)).toEqual([2.5, 5, 10, 20, 40, 50]);
    expect(delays(of('equal'), 0.5)).toEqual([3.75, 7.5, 15, 30, 60, 75]);
  });
  test('decorrelated jitter is min(cap, uniform in [base, 3 · sleep))', () => {
    expect(delays(of('decorrelated'), 0)).toEqual([5, 5, 5, 5, 5, 5]);
    expect(delays(of('decorrelated'), 0.5)).toEqual([10, 17.5, 28.75, 45.625, 70.9375, 100]);
  });
  test('around keeps within the percentage, and under the cap', () => {
    const backoff = new Backoff({ baseMs: 10, capMs: 40, jitter: { kind: 'around', part: 0.2 } });
    expect([0, 0.5, 0.75].map((draw) => backoff.delayMs(1, 0, at(draw)))).toEqual([8, 10, 11]);
    expect(backoff.delayMs(3, 0, at(0.75))).toBe(40);
  });
  test('a delay is finite after any number of failures', () => {
    expect(of('none').delayMs(5_000, 0, at(0))).toBe(100);
  });
});

/**
 * The article's model: clients write one row under optimistic concurrency, over a network with delays of N(10, 2) ms; who comes second has to try again.
 * Repeated with base 5 and cap 2,000 as there.
 */
function contention(
  jitter: 'none' | 'full' | 'equal' | 'decorrelated',
  clients: number,
): { ms: number; calls: number } {
  let state = 12_345;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const net = (): number =>
    Math.abs(10 + 2 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()));
  const backoff = new Backoff({ baseMs: 5, capMs: 2_000, jitter: { kind: jitter } });
  let version = 0;
  let calls = 0;
  let ms = 0;
  const queue: { at: number; fn: (now: number) => void }[] = [];
  const later = (when: number, fn: (now: number) => void): void => {
    let i = queue.length;
    while (i > 0 && queue[i - 1]!.at < when) i -= 1;
    queue.splice(i, 0, { at: when, fn });
  };
  for (let client = 0; client < clients; client++) {
    let failures = 0;
    let delay = 0;
    const start = (begin: number): void => {
      later(begin + net(), (read) => {
        const seen = version;
        later(read + net() + net(), (write) => {
          calls += 1;
          const won = seen === version;
          if (won) version += 1;
          later(write + net(), (now) => {
            if (won) {
              ms = Math.max(ms, now);
              return;
            }
            failures += 1;
            delay = backoff.delayMs(failures, delay, random);
            start(now + delay);
          });
        });
      });
    };
    start(0);
  }
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) next.fn(next.at);
  return { ms, calls };
}

test('Brooker 2015: of 100 clients that contend, those with jitter make less than half the calls and are several times faster', () => {
  const none = contention('none', 100);
  for (const jitter of ['full', 'equal', 'decorrelated'] as const) {
    const found = contention(jitter, 100);
    expect(found.calls * 1.5, jitter).toBeLessThan(none.calls);
    expect(found.ms * 3, jitter).toBeLessThan(none.ms);
  }
  expect(contention('full', 100).calls).toBeLessThan(contention('decorrelated', 100).calls);
});

describe('retry', () => {
  test('succeeds when a later attempt does, and counts attempts for the operation', async () => {
    const time = new FakeTime();
    const attempts: number[] = [];
    const events = new Recorded();
    const retry = new Retry(time, at(0.5), { events, backoff: { baseMs: 100 } });
    const outcome = outcomeOf(
      compose(retry).run((call) => {
        attempts.push(call.attempt, time.now);
        if (call.attempt < 3) throw new Error(`no ${call.attempt}`);
        return 'yes';
      }),
    );
    await time.advance(1_000);
    expect(outcome.value).toBe('yes');
    expect(attempts).toEqual([1, 0, 2, 50, 3, 150]);
    expect(events.events).toMatchObject([
      { kind: 'retry', attempt: 2, delayMs: 50 },
      { kind: 'retry', attempt: 3, delayMs: 100 },
    ]);
  });

  test('gives up with the last error after as many attempts as may be', async () => {
    const time = new FakeTime();
    const events = new Recorded();
    let attempts = 0;
    const outcome = outcomeOf(
      compose(new Retry(time, at(0), { attemptsMax: 4, events })).run(() => Promise.reject(new Error(`${++attempts}`))),
    );
    await time.advance(10);
    expect(outcome.error).toEqual(new Error('4'));
    expect(events.events.at(-1)).toMatchObject({ kind: 'gave-up', attempts: 4, why: 'attempts' });
  });

  test('does not repeat an error that says it is final', async () => {
    const time = new FakeTime();
    let attempts = 0;
    const run = (error: object): Promise<unknown> =>
      compose(new Retry(time, at(0))).run(() => {
        attempts += 1;
        throw error;
      });
    await expect(run(Object.assign(new Error('gone'), { retryable: false }))).rejects.toThrow('gone');
    expect(attempts).toBe(1);
  });

  test('waits at least as long as the error asks for', async () => {
    const time = new FakeTime();
    const starts: number[] = [];
    outcomeOf(
      compose(new Retry(time, at(0), { attemptsMax: 2 })).run(() => {
        starts.push(time.now);
        throw ResilienceError.of('rate-limited', 'later', 700);
      }),
    );
    await time.advance(10_000);
    expect(starts).toEqual([0, 700]);
  });

  test('with a budget adds a fifth to the load of a service that always fails, not two thirds', async () => {
    const time = new FakeTime();
    const budget = new RetryBudget({ ratio: 0.2, reservePerSecond: 0 });
    const retry = new Retry(time, at(0), { attemptsMax: 3, budget });
    let attempts = 0;
    for (let i = 0; i < 1_000; i++) {
      const run = compose(retry).run(() => {
        attempts += 1;
        throw new Error('down');
      });
      outcomeOf(run);
      await time.advance(1);
    }
    expect(attempts).toBe(1_200);
  });
});

describe('retry budget', () => {
  test('Finagle: 20 % of the calls of the last ten seconds, and ten a second besides', () => {
    const budget = new RetryBudget();
    const time = new FakeTime();
    expect(budget.balance(time.now)).toBe(100);
    for (let i = 0; i < 100; i++) expect(budget.withdraw(time.now)).toBe(true);
    expect(budget.withdraw(time.now)).toBe(false);
    for (let i = 0; i < 10; i++) budget.deposit(time.now);
    expect([budget.withdraw(time.now), budget.withdraw(time.now), budget.withdraw(time.now)]).toEqual([
      true,
      true,
      false,
    ]);
  });

  test('what was deposited and withdrawn is forgotten after the window', async () => {
    const time = new FakeTime();
    const budget = new RetryBudget({ reservePerSecond: 1 });
    for (let i = 0; i < 10; i++) expect(budget.withdraw(time.now)).toBe(true);
    await time.advance(10_000);
    expect(budget.balance(time.now)).toBe(10);
  });

  test('gRPC A6: a failure takes one token, a success gives the ratio, and at half of them nothing is retried', () => {
    const throttle = new RetryThrottle({ tokensMax: 10, tokenRatio: 0.1 });
    for (let i = 0; i < 4; i++) throttle.failed();
    expect([throttle.tokens, throttle.withdraw()]).toEqual([6, true]);
    throttle.failed();
    expect([throttle.tokens, throttle.withdraw()]).toEqual([5, false]);
    throttle.succeeded();
    expect([throttle.tokens, throttle.withdraw()]).toEqual([5.1, true]);
    for (let i = 0; i < 20; i++) throttle.failed();
    expect(throttle.tokens).toBe(0);
    for (let i = 0; i < 1_000; i++) throttle.succeeded();
    expect(throttle.tokens).toBe(10);
  });
});

test('a delay is a number that comes, whatever the base and the cap', () => {
  const none = { jitter: { kind: 'none' } } as const;
  const half = (): number => 0.5;
  expect(new Backoff({ baseMs: 0, ...none }).delayMs(2_000, 0, half)).toBe(0);
  expect(new Backoff({ capMs: Number.POSITIVE_INFINITY, ...none }).delayMs(2_000, 0, half)).toBe(
    Number.MAX_SAFE_INTEGER,
  );
});

test('what will never be worth asking again is not asked again', async () => {
  const time = new FakeTime();
  const events = new Recorded();
  const pipeline = compose(new Retry(time, () => 0.5, { events }), new RateLimit(time, { ratePerSecond: 0, burst: 1 }));
  expect(await pipeline.run(() => 1)).toBe(1);
  await expect(pipeline.run(() => 1)).rejects.toThrow('rate limit: no token will ever come');
  expect(events.events).toMatchObject([{ kind: 'gave-up', why: 'error', attempts: 1 }]);
  expect(time.pending).toBe(0);
});
