import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { RetryQueue, type RetryQueueEffect, type RetryQueueInput, type RetryQueueOptions } from './retry-queue.ts';

const queueOf = (options: RetryQueueOptions = {}) => {
  const queue = new RetryQueue<string>(() => 0.5, {
    backoff: { baseMs: 100, jitter: { kind: 'none' } },
    attemptsMax: 3,
    ...options,
  });
  const step = (now: number, input: RetryQueueInput<string>): RetryQueueEffect<string>[] => {
    const out: RetryQueueEffect<string>[] = [];
    queue.step(input, Instant.of(now), out);
    return out;
  };
  return { queue, step };
};

describe('a retry queue', () => {
  test('tries an item with growing delays until it is dead', () => {
    const { queue, step } = queueOf();
    const error = new Error('no');
    expect(step(0, { kind: 'add', id: 'a', item: 'A' })).toEqual([{ kind: 'attempt', id: 'a', item: 'A', attempt: 1 }]);
    expect(step(5, { kind: 'failed', id: 'a', error })).toEqual([
      { kind: 'delayed', id: 'a', attempts: 1, delayMs: 100 },
    ]);
    expect(queue.deadline).toBe(105);
    expect(step(104, { kind: 'tick' })).toEqual([]);
    expect(step(105, { kind: 'tick' })).toEqual([{ kind: 'attempt', id: 'a', item: 'A', attempt: 2 }]);
    expect(step(106, { kind: 'failed', id: 'a', error })).toMatchObject([{ kind: 'delayed', delayMs: 200 }]);
    step(306, { kind: 'tick' });
    expect(step(307, { kind: 'failed', id: 'a', error })).toEqual([
      { kind: 'dead', id: 'a', item: 'A', attempts: 3, error },
    ]);
    expect([queue.size, queue.running, queue.deadline]).toEqual([0, 0, undefined]);
  });

  test('lets other items pass one that is delayed, and runs no more at once than may', () => {
    const { queue, step } = queueOf();
    step(0, { kind: 'add', id: 'a', item: 'A' });
    expect(step(0, { kind: 'add', id: 'b', item: 'B' })).toEqual([]);
    expect(queue.deadline).toBeUndefined();
    expect(step(1, { kind: 'failed', id: 'a', error: 'e' })).toMatchObject([
      { kind: 'delayed', id: 'a' },
      { kind: 'attempt', id: 'b' },
    ]);
  });

  test('refuses past its bound, and an id that it has; a final error is death at once', () => {
    const { step } = queueOf({ itemsMax: 1 });
    step(0, { kind: 'add', id: 'a', item: 'A' });
    expect(step(0, { kind: 'add', id: 'a', item: 'A' })).toMatchObject([{ kind: 'refused', why: 'duplicate' }]);
    expect(step(0, { kind: 'add', id: 'b', item: 'B' })).toMatchObject([{ kind: 'refused', why: 'full' }]);
    expect(step(0, { kind: 'failed', id: 'a', error: 'e', isFinal: true })).toMatchObject([{ kind: 'dead' }]);
  });

  test('goes on counting where a durable place left off, and ignores answers for what does not run', () => {
    const { queue, step } = queueOf();
    expect(step(0, { kind: 'add', id: 'a', item: 'A', attempts: 2 })).toMatchObject([{ kind: 'attempt', attempt: 3 }]);
    step(0, { kind: 'add', id: 'b', item: 'B' });
    expect(step(0, { kind: 'succeeded', id: 'b' })).toEqual([]);
    expect(step(0, { kind: 'succeeded', id: 'x' })).toEqual([]);
    expect(queue.size).toBe(2);
  });

  test('every item ends exactly once, as success or dead, with no more attempts than may be', () => {
    fc.assert(
      fc.property(
        fc.array(fc.boolean(), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        (luck, runningMax) => {
          const { queue, step } = queueOf({ runningMax });
          const running: { id: string; attempt: number }[] = [];
          const ended: string[] = [];
          let now = 0;
          const take = (effects: RetryQueueEffect<string>[]): void => {
            for (const effect of effects) {
              if (effect.kind === 'attempt') running.push(effect);
              if (effect.kind === 'dead') ended.push(effect.id);
            }
            expect(running.length).toBeLessThanOrEqual(runningMax);
          };
          for (const id of ['a', 'b', 'c', 'd']) take(step(now, { kind: 'add', id, item: id }));
          for (let i = 0; queue.size > 0; i++) {
            const one = running.shift();
            if (one === undefined) {
              now = queue.deadline!;
              take(step(now, { kind: 'tick' }));
              continue;
            }
            expect(one.attempt).toBeLessThanOrEqual(3);
            const ok = luck[i % luck.length]!;
            if (ok) ended.push(one.id);
            take(step(now, ok ? { kind: 'succeeded', id: one.id } : { kind: 'failed', id: one.id, error: 'e' }));
          }
          expect(ended.sort()).toEqual(['a', 'b', 'c', 'd']);
        },
      ),
      { numRuns: 100 },
    );
  });
});
