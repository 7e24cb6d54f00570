import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WallTime } from '../base/index.ts';
import { expiredSegments, type LogMarks, MemoryLog, planCompaction, rollReason, type SegmentSummary } from './index.ts';

const time = WallTime.of;
const NOBODY = { highWaterMark: Number.POSITIVE_INFINITY, lowWaterMark: Number.POSITIVE_INFINITY };

/** Segments of ten records and 100 bytes each, with these youngest timestamps; the last is written to. */
function segments(...youngest: readonly (number | undefined)[]): SegmentSummary[] {
  return youngest.map((at, i) => ({
    baseOffset: i * 10,
    endOffset: i * 10 + 10,
    sizeBytes: 100,
    firstTimestamp: at === undefined ? undefined : time(at),
    maxTimestamp: at === undefined ? undefined : time(at),
  }));
}
const gone = (...of: Parameters<typeof expiredSegments>): string =>
  expiredSegments(...of)
    .map(({ baseOffset, why }) => `${baseOffset} ${why}`)
    .join();

describe('retention', () => {
  test('removes what is older than the policy, by the youngest record of each segment', () => {
    expect(gone(segments(10, 20, 30, 40), { retentionMs: 100 }, NOBODY, time(121))).toBe('0 age,10 age');
    expect(gone(segments(10, 20, 30, 40), { retentionMs: 100 }, NOBODY, time(120))).toBe('0 age');
  });
  test('keeps at least what the policy says, if there is so much, and less than a segment more', () => {
    expect(gone(segments(1, 1, 1, 1), { retentionBytes: 250 }, NOBODY, time(1))).toBe('0 size');
    expect(gone(segments(1, 1, 1, 1), { retentionBytes: 200 }, NOBODY, time(1))).toBe('0 size,10 size');
  });
  test('never removes the segment that is written to, nor what is not on a quorum, nor what somebody needs', () => {
    const all = segments(1, 1, 1, 1);
    const policy = { retentionMs: 0, retentionBytes: 0 };
    expect(gone(all, policy, NOBODY, time(99))).toBe('0 age,10 age,20 age');
    expect(gone(all, policy, { ...NOBODY, highWaterMark: 20 }, time(99))).toBe('0 age,10 age');
    expect(gone(all, policy, { ...NOBODY, lowWaterMark: 19 }, time(99))).toBe('0 age');
    expect(gone([], policy, NOBODY, time(99))).toBe('');
  });
  test('leaves no gap: a young segment keeps the older ones behind it', () => {
    expect(gone(segments(10, 500, 20, 30), { retentionMs: 100 }, NOBODY, time(200))).toBe('0 age');
  });
  test('a segment that was compacted to nothing is as old as can be; without a policy everything stays', () => {
    expect(gone(segments(undefined, 1), { retentionMs: 1e12 }, NOBODY, time(1))).toBe('0 age');
    expect(gone(segments(undefined, 1, 1), {}, NOBODY, time(1))).toBe('');
    expect(() => gone([], { retentionMs: -1 }, NOBODY, time(0))).toThrow(/retentionMs/);
    expect(() => gone([], { retentionBytes: -1 }, NOBODY, time(0))).toThrow(/retentionBytes/);
  });
  test('against the rules one by one', () => {
    const shape = fc.record({ at: fc.nat(9), sizeBytes: fc.nat(3) });
    const mark = fc.constantFrom(0, 5, 10, 20, 25, 40, Number.POSITIVE_INFINITY);
    fc.assert(
      fc.property(
        fc.array(shape, { maxLength: 5 }),
        fc.nat(9),
        fc.nat(9),
        mark,
        mark,
        (shapes, ms, bytes, high, low) => {
          const all = segments(...shapes.map(({ at }) => at)).map((each, i) => ({
            ...each,
            sizeBytes: shapes[i]!.sizeBytes,
          }));
          const marks = { highWaterMark: high, lowWaterMark: low };
          const removed = expiredSegments(all, { retentionMs: ms, retentionBytes: bytes }, marks, time(9)).length;
          const total = (from: number): number => all.slice(from).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
          const mayGo = (i: number): boolean =>
            i < all.length - 1 &&
            all[i]!.endOffset <= high &&
            all[i]!.endOffset <= low &&
            (9 - all[i]!.maxTimestamp! > ms || total(i + 1) >= bytes);
          for (let i = 0; i < removed; i++) expect(mayGo(i)).toBe(true);
          if (removed < all.length) expect(mayGo(removed)).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a new segment is begun', () => {
  const active = { baseOffset: 0, sizeBytes: 90, startedAt: time(0), isIndexFull: false };
  const batch = { lastOffset: 5, sizeBytes: 10 };
  const options = { segmentBytesMax: 100, segmentMs: 1000 };

  test('before one would become too long, when its first record is too old, when its index is full, and when offsets do not fit', () => {
    expect(rollReason(active, batch, time(999), options)).toBeUndefined();
    expect(rollReason(active, { ...batch, sizeBytes: 11 }, time(0), options)).toBe('size');
    expect(rollReason(active, batch, time(1000), options)).toBe('age');
    expect(rollReason({ ...active, isIndexFull: true }, batch, time(0), options)).toBe('index-full');
    expect(rollReason(active, { ...batch, lastOffset: 2 ** 31 }, time(0), options)).toBe('offsets');
  });
  test('never behind an empty one, not even for a batch that is too long for any', () => {
    expect(
      rollReason({ ...active, sizeBytes: 0, startedAt: undefined }, { ...batch, sizeBytes: 1e9 }, time(0), options),
    ).toBeUndefined();
    expect(rollReason(active, batch, time(0))).toBeUndefined();
    expect(() => rollReason(active, batch, time(0), { segmentBytesMax: 0 })).toThrow(/segmentBytesMax/);
    expect(() => rollReason(active, batch, time(0), { segmentMs: 0 })).toThrow(/segmentMs/);
  });
});

test('marks that are no numbers are refused: they would keep nothing', () => {
  const marks = { highWaterMark: 0, lowWaterMark: 0 };
  const expire = (wrong: Partial<LogMarks>) => () => expiredSegments([], {}, { ...marks, ...wrong }, time(0));
  expect(expire({ highWaterMark: Number.NaN })).toThrow(/highWaterMark must be a number/);
  expect(expire({ lowWaterMark: Number.NaN })).toThrow(/lowWaterMark must be a number/);
  expect(() => planCompaction([], 0, Number.NaN, time(0))).toThrow(/highWaterMark must be a number/);
  expect(() => new MemoryLog().hold(Number.NaN)).toThrow(/lowWaterMark must be a number/);
});
