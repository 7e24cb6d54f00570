import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { RequestBatch } from './request-batch.ts';
import { RequestPipeline } from './request-pipeline.ts';

const t = Instant.of;
const add = (batch: RequestBatch<string>, items: string, now = 0): boolean[] =>
  [...items].map((item) => batch.add(item, 1, t(now)));
const take = (batch: RequestBatch<string>, now = 0): string | undefined => batch.take(t(now))?.join('');

describe('a request batch', () => {
  test('natural: one goes at once, what comes while it is under way is the next', () => {
    const batch = new RequestBatch<string>();
    add(batch, 'a');
    expect(take(batch)).toBe('a');
    add(batch, 'bc');
    expect(take(batch)).toBeUndefined();
    add(batch, 'd');
    batch.answered();
    expect([take(batch), batch.queued, batch.inFlight]).toEqual(['bcd', 0, 1]);
    expect(batch.deadline).toBeUndefined();
  });

  test('by size: no batch has more items, or bytes, than it may, but for one item that is larger by itself', () => {
    const items = new RequestBatch<string>({ itemsMax: 3, inFlightMax: 9 });
    add(items, 'abcdefgh');
    expect([take(items), take(items), take(items), take(items)]).toEqual(['abc', 'def', 'gh', undefined]);
    const bytes = new RequestBatch<string>({ bytesMax: 10, inFlightMax: 9 });
    for (const [item, size] of [
      ['a', 4],
      ['b', 6],
      ['c', 1],
      ['D', 20],
      ['e', 1],
    ] as const)
      bytes.add(item, size, t(0));
    expect([take(bytes), take(bytes), take(bytes), take(bytes)]).toEqual(['ab', 'c', 'D', 'e']);
    expect(bytes.queuedBytes).toBe(0);
  });

  test('by time: one that is not full waits for its first item to be old enough', () => {
    const batch = new RequestBatch<string>({ lingerMs: 5, itemsMax: 3, inFlightMax: 9 });
    add(batch, 'a', 10);
    add(batch, 'b', 12);
    expect([take(batch, 14), batch.deadline]).toEqual([undefined, 15]);
    expect(take(batch, 15)).toBe('ab');
    add(batch, 'cdef', 20);
    expect([take(batch, 20), take(batch, 20), batch.deadline]).toEqual(['cde', undefined, 25]);
    expect(take(batch, 25)).toBe('f');
  });

  test('has as many under way as may be, and time changes nothing then', () => {
    const batch = new RequestBatch<string>({ lingerMs: 5, itemsMax: 1, inFlightMax: 2 });
    add(batch, 'abc');
    expect([take(batch), take(batch), take(batch, 100), batch.deadline]).toEqual(['a', 'b', undefined, undefined]);
    batch.answered();
    expect(take(batch, 100)).toBe('c');
  });

  test('refuses past its bound, and gives back what waits', () => {
    const batch = new RequestBatch<string>({ queuedMax: 2 });
    expect(add(batch, 'abc')).toEqual([true, true, false]);
    expect(batch.clear()).toEqual(['a', 'b']);
    expect(batch.queued).toBe(0);
  });

  test('whatever the order of events, items leave once, in order, within the bounds', () => {
    const event = fc.oneof(
      fc.integer({ min: 1, max: 7 }).map((size) => ({ size })),
      fc.constant('take' as const),
      fc.constant('answered' as const),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), fc.constantFrom(0, 3), (events, lingerMs) => {
        const batch = new RequestBatch<{ n: number; size: number }>({
          itemsMax: 3,
          bytesMax: 10,
          queuedMax: 12,
          inFlightMax: 2,
          lingerMs,
        });
        const left: number[] = [];
        let n = 0;
        const check = (taken: readonly { n: number; size: number }[] | undefined): void => {
          if (taken === undefined) return;
          expect(taken.length).toBeLessThanOrEqual(3);
          if (taken.length > 1) expect(taken.reduce((sum, { size }) => sum + size, 0)).toBeLessThanOrEqual(10);
          left.push(...taken.map((item) => item.n));
        };
        events.forEach((one, now) => {
          if (one === 'take') check(batch.take(t(now)));
          else if (one === 'answered') {
            if (batch.inFlight > 0) batch.answered();
          } else if (batch.add({ n, size: one.size }, one.size, t(now))) n += 1;
          expect(batch.inFlight).toBeLessThanOrEqual(2);
          expect(batch.queued).toBe(n - left.length);
        });
        while (batch.queued > 0) {
          if (batch.inFlight > 0) batch.answered();
          check(batch.take(t(1e6)));
        }
        expect(left).toEqual(Array.from({ length: n }, (_, i) => i));
      }),
      { numRuns: 200 },
    );
  });
});

test('a size that is none is refused: it would let every bound pass', () => {
  for (const sizeBytes of [Number.NaN, -1]) {
    expect(() => new RequestBatch<string>().add('a', sizeBytes, Instant.of(0))).toThrow(/sizeBytes must be >= 0/);
    expect(() => new RequestPipeline<string>().add('a', sizeBytes)).toThrow(/sizeBytes must be >= 0/);
  }
  expect(() => new RequestPipeline<undefined>().add(undefined, 1)).toThrow(/must not be undefined/);
});
