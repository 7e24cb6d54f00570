import { describe, expect, test } from 'vitest';
import { compose } from './compose.ts';
import { Fallback } from './fallback.ts';
import { Hedge } from './hedge.ts';
import { RetryBudget } from './retry-budget.ts';
import { Deferred, FakeTime, outcomeOf, Recorded, settle } from './world.fixture.ts';

/** Starts an operation for each attempt, to be ended by the test. */
class Replicas {
  readonly attempts: { at: number; signal: AbortSignal; deferred: Deferred<string> }[] = [];
  readonly time: FakeTime;
  constructor(time: FakeTime) {
    this.time = time;
  }
  readonly ask = (call: { signal: AbortSignal; attempt: number }): Promise<string> => {
    const deferred = new Deferred<string>();
    this.attempts.push({ at: this.time.now, signal: call.signal, deferred });
    expect(call.attempt).toBe(this.attempts.length);
    return deferred.promise;
  };
}

describe('a hedge', () => {
  test('sends nothing more when the first answer comes in time', async () => {
    const time = new FakeTime();
    const replicas = new Replicas(time);
    const outcome = outcomeOf(compose(new Hedge(time, { after: { ms: 50 } })).run(replicas.ask));
    await time.advance(49);
    replicas.attempts[0]!.deferred.resolve('first');
    await time.advance(1_000);
    expect(outcome.value).toBe('first');
    expect(replicas.attempts).toHaveLength(1);
    expect(replicas.attempts[0]!.signal.aborted).toBe(false);
  });

  test('takes the answer that is first and cancels the other', async () => {
    const time = new FakeTime();
    const replicas = new Replicas(time);
    const events = new Recorded();
    const outcome = outcomeOf(compose(new Hedge(time, { after: { ms: 50 }, events })).run(replicas.ask));
    await time.advance(60);
    expect(replicas.attempts.map(({ at }) => at)).toEqual([0, 50]);
    replicas.attempts[1]!.deferred.resolve('second');
    await settle();
    expect(outcome.value).toBe('second');
    expect(replicas.attempts.map(({ signal }) => signal.aborted)).toEqual([true, false]);
    replicas.attempts[0]!.deferred.resolve('late');
    await settle();
    expect(outcome.value).toBe('second');
    expect(events.events).toEqual([{ kind: 'hedged', policy: 'hedge', attempt: 2, delayMs: 50 }]);
  });

  test('gRPC A6: a failure starts the next attempt at once; the call fails when all have', async () => {
    const time = new FakeTime();
    const replicas = new Replicas(time);
    const hedge = new Hedge(time, { after: { ms: 50 }, attemptsMax: 3 });
    const outcome = outcomeOf(compose(hedge).run(replicas.ask));
    await time.advance(10);
    replicas.attempts[0]!.deferred.reject(new Error('one'));
    await time.advance(100);
    expect(replicas.attempts.map(({ at }) => at)).toEqual([0, 10, 50]);
    replicas.attempts[2]!.deferred.reject(new Error('three'));
    await settle();
    expect(outcome.state).toBe('pending');
    replicas.attempts[1]!.deferred.reject(new Error('two'));
    await settle();
    expect(outcome.error).toEqual(new Error('two'));
  });

  test('gRPC A6: an error that is final ends the call and its other attempts', async () => {
    const time = new FakeTime();
    const replicas = new Replicas(time);
    const outcome = outcomeOf(compose(new Hedge(time, { after: { ms: 0 } })).run(replicas.ask));
    await time.advance(1);
    const final = Object.assign(new Error('denied'), { retryable: false });
    replicas.attempts[1]!.deferred.reject(final);
    await settle();
    expect(outcome.error).toBe(final);
    expect(replicas.attempts[0]!.signal.aborted).toBe(true);
  });

  test('sends nothing more once an attempt has answered, though it answered at once', async () => {
    const time = new FakeTime();
    let attempts = 0;
    const pipeline = compose(new Hedge(time, { after: { ms: 5 }, attemptsMax: 4 }));
    const outcome = outcomeOf(
      pipeline.run((call) => {
        attempts += 1;
        return call.attempt === 1 ? new Promise<string>(() => {}) : 'at once';
      }),
    );
    await time.advance(100);
    expect([outcome.value, attempts, time.pending]).toEqual(['at once', 2, 0]);
  });

  test('stops all attempts when the caller gives up', async () => {
    const time = new FakeTime();
    const replicas = new Replicas(time);
    const controller = new AbortController();
    const run = compose(new Hedge(time, { after: { ms: 5 } })).run(replicas.ask, { signal: controller.signal });
    const outcome = outcomeOf(run);
    await time.advance(5);
    controller.abort('left');
    await time.advance(1_000);
    expect(outcome.error).toBe('left');
    expect(replicas.attempts.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  test('sends no more than its budget allows, so a service that is slow for all gets a tenth more load', async () => {
    const time = new FakeTime();
    const budget = new RetryBudget({ ratio: 0.1, reservePerSecond: 0 });
    const pipeline = compose(new Hedge(time, { after: { ms: 10 }, budget }));
    let sent = 0;
    for (let i = 0; i < 200; i++) {
      outcomeOf(
        pipeline.run(() => {
          sent += 1;
          return new Promise(() => {});
        }),
      );
      await time.advance(10);
    }
    expect(sent).toBe(220);
  });

  test('learns after which time 95 % of the first answers are there, however fast the second attempts are', async () => {
    const time = new FakeTime();
    const hedge = new Hedge(time, { after: { quantile: 0.95, initialMs: 10_000 } });
    const pipeline = compose(hedge);
    let hedged = 0;
    for (let i = 0; i < 1_200; i++) {
      const answer = new Deferred<number>();
      const outcome = outcomeOf(
        pipeline.run((call) => {
          if (call.attempt === 1) return answer.promise;
          if (i >= 400) hedged += 1;
          return 0;
        }),
      );
      await time.advance(1 + ((i * 37) % 100));
      answer.resolve(1);
      await settle();
      expect(outcome.state).toBe('ok');
    }
    expect(hedge.delayMs).toBeGreaterThan(80);
    expect(hedge.delayMs).toBeLessThan(110);
    expect(hedged / 800).toBeGreaterThan(0.03);
    expect(hedged / 800).toBeLessThan(0.08);
  });
});

describe('a fallback', () => {
  test('answers in place of errors that it handles', async () => {
    const events = new Recorded();
    const fallback = new Fallback({
      answer: (error, call) => `instead of ${(error as Error).message}, ${call.attempt}`,
      handles: (error) => (error as Error).message !== 'final',
      events,
    });
    const pipeline = compose(fallback);
    expect(await pipeline.run(() => 'good')).toBe('good');
    expect(await pipeline.run<unknown>(() => Promise.reject(new Error('bad')))).toBe('instead of bad, 1');
    await expect(pipeline.run(() => Promise.reject(new Error('final')))).rejects.toThrow('final');
    expect(events.events).toMatchObject([{ kind: 'fell-back' }]);
  });

  test('may fail itself, and is not asked for a caller who left', async () => {
    let asked = 0;
    const broken = new Fallback({
      answer: () => {
        asked += 1;
        throw new Error('no answer either');
      },
    });
    await expect(compose(broken).run(() => Promise.reject(new Error('bad')))).rejects.toThrow('no answer either');
    const controller = new AbortController();
    const operation = new Deferred<number>();
    outcomeOf(compose(broken).run(() => operation.promise, { signal: controller.signal }));
    controller.abort('left');
    operation.reject(new Error('bad'));
    await settle();
    expect(asked).toBe(1);
  });
});
