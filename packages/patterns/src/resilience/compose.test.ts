import { describe, expect, test } from 'vitest';
import { Bulkhead } from './bulkhead.ts';
import type { Policy } from './call.ts';
import { CircuitBreaker } from './circuit-breaker.ts';
import { compose } from './compose.ts';
import { Retry } from './retry.ts';
import { Timeout } from './timeout.ts';
import { Deferred, FakeTime, outcomeOf, settle } from './world.fixture.ts';

const half = (): number => 0.5;
/** Not a promise, but may be awaited. */
const thenable = (value: unknown): unknown => ({ then: (resolve: (value: unknown) => void) => resolve(value) });

describe('a pipeline', () => {
  test('without policies gives what the operation gives, promise or not', async () => {
    const pipeline = compose();
    expect(await pipeline.run(() => 1)).toBe(1);
    expect(await pipeline.run(async () => 2)).toBe(2);
    await expect(
      pipeline.run(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    await expect(pipeline.run(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
    expect(await pipeline.wrap((call, a: number, b: number) => a + b + call.attempt)(1, 2)).toBe(4);
  });

  test('applies the first policy outermost: a timeout outside of retries ends them all, inside it ends one attempt', async () => {
    const time = new FakeTime();
    let attempts = 0;
    const hang = (): Promise<never> => {
      attempts += 1;
      return new Promise(() => {});
    };
    const timeout = new Timeout(time, { timeoutMs: 100 });
    const retry = new Retry(time, half, { attemptsMax: 3, backoff: { baseMs: 10, jitter: { kind: 'none' } } });
    const outside = outcomeOf(compose(timeout, retry).run(hang));
    await time.advance(1_000);
    expect(outside).toMatchObject({
      state: 'failed',
      error: { code: 'timed-out', outcome: 'unknown', retryable: true },
    });
    expect(attempts).toBe(1);
    const inside = outcomeOf(compose(retry, timeout).run(hang));
    await time.advance(1_000);
    expect(inside).toMatchObject({ state: 'failed', error: { code: 'timed-out' } });
    expect(attempts).toBe(4);
  });

  test('is rejected with the reason of the signal at once, and hands it to the operation', async () => {
    const time = new FakeTime();
    const controller = new AbortController();
    let seen: AbortSignal | undefined;
    const pipeline = compose(
      new Retry(time, half),
      new CircuitBreaker(time),
      new Timeout(time, { timeoutMs: 1_000 }),
      new Bulkhead({ concurrentMax: 1 }),
    );
    const outcome = outcomeOf(
      pipeline.run(
        (call) => {
          seen = call.signal;
          return new Promise(() => {});
        },
        { signal: controller.signal },
      ),
    );
    expect(seen?.aborted).toBe(false);
    controller.abort('enough');
    await settle();
    expect(outcome).toEqual({ state: 'failed', error: 'enough' });
    expect(seen?.reason).toBe('enough');
    await expect(pipeline.run(() => 1, { signal: controller.signal })).rejects.toBe('enough');
  });

  test('stops waiting for the next attempt when the signal is aborted, and leaves no timer behind', async () => {
    const time = new FakeTime();
    const controller = new AbortController();
    let attempts = 0;
    const retry = new Retry(time, half, { attemptsMax: 5 });
    const run = compose(retry).run(
      () => {
        attempts += 1;
        throw new Error('no');
      },
      { signal: controller.signal },
    );
    const outcome = outcomeOf(run);
    expect(time.pending).toBe(1);
    controller.abort('enough');
    await settle();
    expect(outcome.error).toBe('enough');
    expect(time.pending).toBe(0);
    await time.advance(100_000);
    expect(attempts).toBe(1);
  });

  test('starts no attempt after the signal was aborted while one ran', async () => {
    const time = new FakeTime();
    const controller = new AbortController();
    const operation = new Deferred<number>();
    let attempts = 0;
    const run = compose(new Retry(time, half)).run(
      () => {
        attempts += 1;
        return operation.promise;
      },
      { signal: controller.signal },
    );
    const outcome = outcomeOf(run);
    controller.abort('enough');
    operation.reject(new Error('aborted'));
    await settle();
    expect(time.pending).toBe(0);
    await time.advance(100_000);
    expect([outcome.error, attempts]).toEqual(['enough', 1]);
  });

  test('never runs the operation of a call that a policy has cancelled, nor a child of it', async () => {
    const cancelling: Policy = {
      bind: (next) => ({
        start: (call, sink) => {
          call.cancel('not wanted');
          const child = call.child(2);
          expect([child.isCancelled, child.signal.reason]).toEqual([true, 'not wanted']);
          next.start(call, sink);
        },
      }),
    };
    let started = false;
    const run = compose(cancelling).run(() => {
      started = true;
    });
    await expect(run).rejects.toBe('not wanted');
    expect(started).toBe(false);
  });

  test('ends when a policy says so while the operation runs, unless the policy promises to wait for its attempts', async () => {
    const hasty = (endsWithAttempts?: boolean): Policy => ({
      ...(endsWithAttempts !== undefined && { endsWithAttempts }),
      bind: (next) => ({
        start: (call, sink) => {
          next.start(call, { succeed: () => {}, fail: () => {} });
          sink.succeed('soon');
        },
      }),
    });
    const hang = (): Promise<string> => new Promise(() => {});
    expect(await compose(hasty()).run(hang)).toBe('soon');
    expect(await compose(new Retry(new FakeTime(), half), hasty(false)).run(hang)).toBe('soon');
    const bound = outcomeOf(compose(hasty(true)).run(hang));
    await settle();
    expect(bound.state).toBe('pending');
  });

  test('goes on after its first attempt, however that and the later ones answer', async () => {
    const time = new FakeTime();
    const pipeline = compose(
      new Retry(time, half, { attemptsMax: 3, backoff: { baseMs: 10, jitter: { kind: 'none' } } }),
    );
    const answers = (...all: (() => unknown)[]) => outcomeOf(pipeline.run(() => all.shift()!()));
    const later = () => Promise.reject(new Error('later'));
    const atOnce = () => {
      throw new Error('at once');
    };
    const outcomes = [
      answers(later, later, () => 1),
      answers(atOnce, later, () => Promise.resolve(2)),
      answers(later, atOnce, () => thenable(3)),
      answers(later, later, atOnce),
      answers(() => thenable(4)),
    ];
    await time.advance(100);
    expect(outcomes.map(({ value, error }) => value ?? (error as Error).message)).toEqual([1, 2, 3, 'at once', 4]);
  });

  test('ends once: what a policy says of a call that is over changes nothing', async () => {
    const again: Policy = {
      endsWithAttempts: true,
      bind: (next) => ({
        start: (call, sink) => {
          const first = { succeed: () => sink.fail('changed'), fail: () => sink.succeed('changed') };
          next.start(call, {
            succeed: (value) => [sink.succeed(value), first.succeed()],
            fail: (error) => [sink.fail(error), first.fail()],
          });
        },
      }),
    };
    for (const pipeline of [compose(again), compose(new Timeout(new FakeTime(), { timeoutMs: 9 }), again)]) {
      expect(await pipeline.run(() => 1)).toBe(1);
      expect(await pipeline.run(async () => 2)).toBe(2);
      await expect(pipeline.run(() => Promise.reject('no'))).rejects.toBe('no');
    }
  });

  test('rejects what a policy throws as it starts', async () => {
    const broken: Policy = {
      endsWithAttempts: true,
      bind: () => ({
        start: () => {
          throw new Error('broken');
        },
      }),
    };
    await expect(compose(broken).run(() => 1)).rejects.toThrow('broken');
    await expect(compose({ bind: broken.bind }).run(() => 1)).rejects.toThrow('broken');
  });

  test('makes no signal unless the operation looks, and then gives the same one', async () => {
    const pipeline = compose();
    await pipeline.run((call) => {
      expect(call.signal).toBe(call.signal);
    });
  });

  test('does not start an operation whose call was cancelled on the way', async () => {
    const gate = new Deferred<number>();
    const controller = new AbortController();
    const pipeline = compose(new Bulkhead({ concurrentMax: 1, waitersMax: 1 }));
    const first = pipeline.run(() => gate.promise);
    let started = false;
    const second = outcomeOf(
      pipeline.run(
        () => {
          started = true;
        },
        { signal: controller.signal },
      ),
    );
    controller.abort('left');
    gate.resolve(1);
    expect(await first).toBe(1);
    await settle();
    expect(second.error).toBe('left');
    expect(started).toBe(false);
  });
});

describe('a timeout', () => {
  test('ends the call, aborts its signal, and ignores what comes later', async () => {
    const time = new FakeTime();
    const timeout = new Timeout(time, { timeoutMs: 50, name: 'read' });
    const late = new Deferred<number>();
    let signal: AbortSignal | undefined;
    const outcome = outcomeOf(
      compose(timeout).run((call) => {
        signal = call.signal;
        return late.promise;
      }),
    );
    await time.advance(49);
    expect(outcome.state).toBe('pending');
    await time.advance(1);
    expect(outcome.error).toMatchObject({ code: 'timed-out', message: 'read: no answer within 50 ms' });
    expect(signal?.aborted).toBe(true);
    late.resolve(1);
    await settle();
    expect(outcome.state).toBe('failed');
    expect(timeout.pending).toBe(0);
  });

  test('has one timer however many calls run, and keeps none armed for longer than a quarter of a second', async () => {
    const time = new FakeTime();
    const pipeline = compose(new Timeout(time, { timeoutMs: 10_000 }));
    for (let i = 0; i < 1_000; i++) await pipeline.run(async () => i);
    expect(time.armings).toBe(1);
    await time.advance(250);
    expect(time.pending).toBe(0);
  });

  test('ends each of many calls at its own time', async () => {
    const time = new FakeTime();
    const pipeline = compose(new Timeout(time, { timeoutMs: 400 }));
    const ended: number[] = [];
    for (let i = 0; i < 3; i++) {
      pipeline.run(() => new Promise(() => {})).catch(() => ended.push(time.now));
      await time.advance(100);
    }
    await time.advance(1_000);
    expect(ended).toEqual([400, 500, 600]);
  });
});
