import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RangeIndex } from './index.ts';

interface Interval {
  readonly low: string;
  readonly high: string | undefined;
}

const edge = fc.stringMatching(/^[a-d]{0,2}$/);
const interval: fc.Arbitrary<Interval> = fc.record({ low: edge, high: fc.option(edge, { nil: undefined }) });

test('finds exactly the intervals that contain the key, however they came and went', () => {
  fc.assert(
    fc.property(
      fc.array(interval, { maxLength: 120 }),
      fc.array(fc.nat(119), { maxLength: 120 }),
      fc.array(edge, { maxLength: 10 }),
      (intervals, removals, keys) => {
        const index = new RangeIndex<Interval>();
        const present = new Set<Interval>();
        for (const [i, added] of intervals.entries()) {
          if (!present.has(added)) index.add(added);
          present.add(added);
          const gone = intervals[removals[i] ?? 119];
          if (gone !== undefined && present.delete(gone)) index.remove(gone);
          if (gone !== undefined && i % 3 === 0 && !present.has(gone)) {
            index.add(gone);
            present.add(gone);
          }
        }
        expect(index.size).toBe(present.size);
        for (const key of keys) {
          const found: Interval[] = [];
          index.find(key, (hit) => found.push(hit));
          const expected = [...present].filter((p) => p.low <= key && (p.high === undefined || key < p.high));
          expect(found.length).toBe(expected.length);
          expect(new Set(found)).toEqual(new Set(expected));
        }
      },
    ),
    { numRuns: 300 },
  );
});
