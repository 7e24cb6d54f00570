import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { adviseRanges, type KeyRange, KeyRanges, type RangeLoad, splitPoint } from './index.ts';

const shape = (ranges: KeyRanges): string[] => ranges.ranges.map(({ id, start, end }) => `${id}:${start}-${end ?? ''}`);

describe('key ranges', () => {
  test('are one at first, and are cut without moving anything', () => {
    const ranges = KeyRanges.whole(['a', 'b']).split('m').split('f');
    expect(shape(ranges)).toEqual(['4:-f', '5:f-m', '3:m-']);
    expect(ranges.ranges.every(({ replicas }) => replicas.join() === 'a,b')).toBe(true);
    expect(ranges.epoch).toBe(2);
    expect(() => ranges.split('f')).toThrow(/begins at "f" already/);
    expect(() => ranges.split('')).toThrow(RangeError);
  });

  test('are joined with the one behind, under a new name, when the same nodes hold both', () => {
    const ranges = KeyRanges.whole(['a', 'b']).split('m');
    expect(shape(ranges.merge(2))).toEqual(['4:-']);
    expect(() => ranges.merge(3)).toThrow(/is the last one/);
    expect(() => ranges.merge(1)).toThrow(/no range 1 \(any more\)/);
    expect(() => ranges.move(3, ['a', 'c']).merge(2)).toThrow(/held by the same nodes/);
    expect(() => ranges.move(3, ['a']).merge(2)).toThrow(/held by the same nodes/);
    expect(shape(ranges.move(3, ['b', 'a']).merge(2))).toEqual(['4:-']);
  });

  test('keep their names and their neighbours when they are given to others', () => {
    const ranges = KeyRanges.whole(['a']).split('m').split('s').move(2, ['b', 'c']);
    expect(shape(ranges)).toEqual(['2:-m', '4:m-s', '5:s-']);
    expect(ranges.ranges.map(({ replicas }) => replicas.join())).toEqual(['b,c', 'a', 'a']);
    expect([ranges.ownerOf('k'), ranges.epoch]).toEqual(['b', 3]);
    expect(() => ranges.move(1, ['a'])).toThrow(/no range 1/);
  });

  test('always hold each key exactly once, and survive being stored', () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 3 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), key), { maxLength: 20 }), key, key, (script, probe, other) => {
        let ranges = KeyRanges.whole(['n']);
        for (const [split, at] of script) {
          const { id, start, end } = ranges.rangeOf(at);
          if (split && start !== at) ranges = ranges.split(at);
          else if (!split && end !== undefined) ranges = ranges.merge(id);
        }
        const holds = ({ start, end }: KeyRange): boolean => start <= probe && (end === undefined || probe < end);
        expect(ranges.ranges.filter(holds)).toEqual([ranges.rangeOf(probe)]);
        expect(ranges.ownerOf(probe)).toBe('n');
        const touches = (range: KeyRange): boolean =>
          probe < other && range.start < other && (range.end === undefined || range.end > probe);
        expect(ranges.overlapping(probe, other)).toEqual(ranges.ranges.filter(touches));
        expect(ranges.overlapping('')).toEqual(ranges.ranges);
        expect(KeyRanges.of(ranges.epoch, ranges.ranges, ranges.nextId)).toEqual(ranges);
      }),
      { numRuns: 500, seed: 42 },
    );
  });

  test('that leave gaps, overlap or do not end are refused', () => {
    const range = (id: number, start: string, end: string | undefined): KeyRange => ({ id, start, end, replicas: [] });
    const refused = [
      [],
      [range(1, 'a', undefined)],
      [range(1, '', 'b')],
      [range(1, '', undefined), range(2, 'b', undefined)],
      [range(1, '', 'b'), range(2, 'c', undefined)],
      [range(1, '', 'c'), range(2, 'b', undefined)],
      [range(1, '', 'b'), range(2, 'b', 'b'), range(3, 'b', undefined)],
      [range(1, '', 'b'), range(1, 'b', undefined)],
      [range(9, '', undefined)],
    ];
    for (const ranges of refused) expect(() => KeyRanges.of(0, ranges, 9)).toThrow(RangeError);
    expect(KeyRanges.of(0, [range(1, '', 'b'), range(2, 'b', undefined)], 9).ranges).toHaveLength(2);
  });
});

describe('advice on key ranges', () => {
  const limits = { sizeMaxBytes: 100, operationsPerSecondMax: 1000 };
  const advise = (ranges: KeyRanges, loads: Record<number, Partial<RangeLoad>>): unknown[] =>
    adviseRanges(
      ranges,
      ({ id }) => loads[id] && { sizeBytes: 60, operationsPerSecond: 0, sampleKeys: [], ...loads[id] },
      limits,
    );

  test('cuts what is too large or too hot at the median of its samples', () => {
    const ranges = KeyRanges.whole(['a']).split('m');
    expect(advise(ranges, { 2: { sizeBytes: 101, sampleKeys: ['a', 'b', 'c', 'd'] } })).toEqual([
      { kind: 'split', range: ranges.ranges[0], at: 'c', because: 'size' },
    ]);
    expect(advise(ranges, { 3: { operationsPerSecond: 1001, sampleKeys: ['m', 'm', 'm', 'n'] } })).toEqual([
      { kind: 'split', range: ranges.ranges[1], at: 'n', because: 'load' },
    ]);
    expect(advise(ranges, { 2: { sizeBytes: 100 }, 3: { operationsPerSecond: 1000 } })).toEqual([]);
  });

  test('does not cut one hot key', () => {
    const ranges = KeyRanges.whole(['a']);
    expect(advise(ranges, { 1: { operationsPerSecond: 5000, sampleKeys: ['k', 'k'] } })).toEqual([
      { kind: 'one-hot-key', range: ranges.ranges[0], key: 'k' },
    ]);
    expect(advise(ranges, { 1: { operationsPerSecond: 5000 } })).toEqual([]);
  });

  test('joins neighbours only when both together are far below the limits, and each once', () => {
    const ranges = KeyRanges.whole(['a']).split('m').split('s').move(5, ['b']);
    const [first, second] = ranges.ranges;
    const small = { sizeBytes: 20 };
    expect(advise(ranges, { 2: small, 4: small, 5: small })).toEqual([
      { kind: 'merge', range: first, with: second, moveFirst: false },
    ]);
    expect(advise(ranges, { 2: { sizeBytes: 40 }, 4: small, 5: small })).toMatchObject([
      { kind: 'merge', range: { id: 4 }, moveFirst: true },
    ]);
    expect(advise(ranges, { 2: small, 4: { ...small, operationsPerSecond: 500 } })).toEqual([]);
    expect(advise(ranges, { 2: small, 5: small })).toEqual([]);
    expect(() => adviseRanges(ranges, () => undefined, { ...limits, mergeBelow: 1 })).toThrow(/mergeBelow/);
  });

  test('finds the cut nearest to the middle that leaves something on both sides', () => {
    expect(splitPoint(['a', 'b', 'b', 'b', 'c'], '')).toBe('b');
    expect(splitPoint(['b', 'b', 'b', 'c'], '')).toBe('c');
    expect(splitPoint(['a', 'a', 'a', 'a', 'b', 'c'], '')).toBe('b');
    expect(splitPoint(['b', 'b'], 'a')).toBeUndefined();
    expect(splitPoint([], '')).toBeUndefined();
  });
});

test('an epoch or a next id that is none is refused', () => {
  const { ranges } = KeyRanges.whole(['a']);
  expect(() => KeyRanges.of(Number.NaN, ranges, 2)).toThrow(/epoch of ranges must be a whole number/);
  expect(() => KeyRanges.of(0, ranges, 2.5)).toThrow(/nextId must be a whole number, got 2.5/);
});
