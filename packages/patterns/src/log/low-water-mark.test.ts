import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LowWaterMark } from './index.ts';

describe('low-water mark', () => {
  test('a segment may go once every stream has released its entries, and not before', () => {
    const mark = new LowWaterMark();
    mark.opened(1);
    mark.written(0, 1, 5);
    mark.written(7, 1, 2);
    mark.opened(2);
    mark.written(0, 6, 9);
    expect(mark.holders).toEqual([0, 7]);
    mark.release(0, 5);
    expect(mark.holders).toEqual([7]);
    expect(mark.removable).toBeUndefined();
    mark.release(7, 2);
    expect(mark.removable).toBe(1);
    mark.removed(1);
    expect([mark.removable, mark.holders]).toEqual([undefined, []]);
  });

  test('the newest segment never goes', () => {
    const mark = new LowWaterMark();
    mark.opened(1);
    mark.written(0, 1, 5);
    mark.release(0, 100);
    expect(mark.removable).toBeUndefined();
  });

  test('segments go from the oldest on, even when only a later one is free', () => {
    const mark = new LowWaterMark();
    mark.opened(1);
    mark.written(0, 1, 1);
    mark.opened(2);
    mark.written(1, 1, 1);
    mark.opened(3);
    mark.release(1, 1);
    expect(mark.removable).toBeUndefined();
    mark.release(0, 1);
    expect(mark.removable).toBe(1);
    mark.removed(1);
    expect(mark.removable).toBe(2);
  });

  test('entries that were replaced hold nothing', () => {
    const mark = new LowWaterMark();
    mark.opened(1);
    mark.written(0, 1, 50);
    mark.opened(2);
    mark.written(0, 11, 20);
    mark.release(0, 10);
    expect(mark.removable).toBe(1);
  });

  test('a stream that restarts behind a snapshot holds nothing from before', () => {
    const mark = new LowWaterMark();
    mark.opened(1);
    mark.written(0, 1, 50);
    mark.opened(2);
    mark.truncated(0, 1);
    expect(mark.removable).toBe(1);
  });
});

test('against a plain list of entries: what may go holds no entry that is in force and not released', () => {
  const operation = fc.oneof(
    fc.record({
      kind: fc.constant('write' as const),
      stream: fc.nat(2),
      back: fc.nat(3),
      count: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ kind: fc.constant('release' as const), stream: fc.nat(2), ahead: fc.nat(4) }),
    fc.record({ kind: fc.constant('roll' as const) }),
    fc.record({ kind: fc.constant('remove' as const) }),
  );
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
      const mark = new LowWaterMark();
      let newest = 1;
      let oldest = 1;
      mark.opened(newest);
      /** By stream: for each index from 1 on, the segment that holds the entry in force. */
      const held = [0, 1, 2].map((): number[] => []);
      const released = [0, 0, 0];
      for (const each of operations) {
        if (each.kind === 'roll') mark.opened(++newest);
        else if (each.kind === 'write') {
          const log = held[each.stream]!;
          const first = Math.max(released[each.stream]!, log.length - each.back) + 1;
          if (first > log.length + 1) continue;
          log.length = first - 1;
          for (let i = 0; i < each.count; i++) log.push(newest);
          mark.written(each.stream, first, log.length);
        } else if (each.kind === 'release') {
          released[each.stream] = Math.min(held[each.stream]!.length, released[each.stream]! + each.ahead);
          mark.release(each.stream, released[each.stream]!);
        } else if (mark.removable !== undefined) {
          mark.removed(mark.removable);
          oldest += 1;
        }
        const needed = [0, 1, 2].filter((stream) => held[stream]!.slice(released[stream]).includes(oldest));
        expect([...mark.holders].sort()).toEqual(oldest === newest ? [] : needed);
      }
    }),
  );
});
