import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { WallTime } from '../base/index.ts';
import { type IndexedBatch, SegmentIndex, SparseIndex } from './index.ts';

const time = WallTime.of;
const options = { intervalBytes: 100 };

/** Batches of one record and 60 bytes each, from offset 10 on. */
function batches(timestamps: readonly number[]): IndexedBatch[] {
  return timestamps.map((timestamp, i) => ({
    firstOffset: 10 + i,
    lastOffset: 10 + i,
    timestamp: time(timestamp),
    position: i * 60,
    sizeBytes: 60,
  }));
}
const segmentOf = (all: readonly IndexedBatch[]) => ({
  baseOffset: 10,
  endOffset: 10 + all.length,
  sizeBytes: all.length * 60,
});

describe('the index of a segment', () => {
  test('has a pair for every so many bytes, and finds the nearest place before an offset', () => {
    const index = SegmentIndex.rebuild(10, batches([1, 2, 3, 4, 5]), options);
    expect(index.size).toBe(3);
    expect([9, 10, 11, 12, 13, 14, 99].map((offset) => index.positionOf(offset))).toEqual([
      0, 0, 0, 120, 120, 240, 240,
    ]);
  });
  test('finds from where on to look for a time, though times do not ascend', () => {
    const index = SegmentIndex.rebuild(10, batches([5, 9, 2, 1, 7]), options);
    expect(index.maxTimestamp).toBe(9);
    // Pairs: up to offset 10 at most 5; up to 12 at most 9; up to 14 at most 9.
    expect([0, 5, 6, 9, 10].map((at) => index.offsetAt(time(at)))).toEqual([10, 10, 11, 11, 15]);
  });
  test('is full at its bound, and still right', () => {
    const all = batches([1, 2, 3, 4, 5, 6, 7]);
    const index = SegmentIndex.rebuild(10, all, { intervalBytes: 1, entriesMax: 2 });
    expect([index.isFull, index.size, index.positionOf(16), index.offsetAt(time(7))]).toEqual([true, 2, 60, 12]);
  });
  test('is read back as it was written, and goes on', () => {
    const all = batches([-3, 5, 2, 9]);
    const reading = SegmentIndex.read(SegmentIndex.rebuild(10, all, options).toBytes(), segmentOf(all), options);
    if (reading.kind !== 'read') throw new Error(reading.why);
    const longer = batches([-3, 5, 2, 9, 11, 12]);
    for (const batch of longer.slice(4)) reading.index.append(batch);
    expect(reading.index.toBytes()).toEqual(SegmentIndex.rebuild(10, longer, options).toBytes());
  });
  test('no damage goes unnoticed: any flipped bit, any cut', () => {
    const all = batches([1, 2, 3, 4, 5, 6]);
    const bytes = SegmentIndex.rebuild(10, all, options).toBytes();
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const copy = bytes.slice();
      copy[bit >> 3]! ^= 1 << (bit & 7);
      expect(SegmentIndex.read(copy, segmentOf(all)).kind).toBe('damaged');
    }
    for (let length = 0; length < bytes.length; length++)
      expect(SegmentIndex.read(bytes.subarray(0, length), segmentOf(all)).kind).toBe('damaged');
  });
  test('one that belongs to the segment as it was before is stale', () => {
    const all = batches([1, 2, 3]);
    const bytes = SegmentIndex.rebuild(10, all).toBytes();
    for (const other of [{ baseOffset: 9 }, { endOffset: 14 }, { sizeBytes: 1 }])
      expect(SegmentIndex.read(bytes, { ...segmentOf(all), ...other })).toMatchObject({ kind: 'stale' });
  });
  test('forgets what was cut off its segment', () => {
    const all = batches([9, 1, 2, 3, 4]);
    const index = SegmentIndex.rebuild(10, all, options);
    index.truncate(12, 120);
    expect([index.size, index.positionOf(99), index.offsetAt(time(10))]).toEqual([1, 0, 11]);
    index.append(all[2]!);
    expect(index.positionOf(12)).toBe(120);
  });
  test('batches that do not follow on are a defect of the writer', () => {
    const index = SegmentIndex.rebuild(10, batches([1, 2]));
    expect(() => index.append(batches([1])[0]!)).toThrow(/offsets/);
    expect(() => index.append({ ...batches([1])[0]!, firstOffset: 12, lastOffset: 12 })).toThrow(/positions/);
    expect(() => new SegmentIndex(0, { intervalBytes: 0 })).toThrow(/intervalBytes/);
    expect(() => new SegmentIndex(0, { entriesMax: 0 })).toThrow(/entriesMax/);
    const pairs = new SparseIndex();
    pairs.append(1, 5);
    expect(() => pairs.append(0, 6)).toThrow(/ascends/);
    expect(() => pairs.truncate(2)).toThrow(/what it has/);
  });
});

test('against reading everything: a search starts at or before what is looked for, not further back than an interval and a batch', () => {
  const batch = fc.record({
    gap: fc.constantFrom(0, 0, 1, 5),
    records: fc.integer({ min: 1, max: 3 }),
    timestamp: fc.integer({ min: 0, max: 12 }),
    sizeBytes: fc.integer({ min: 1, max: 50 }),
  });
  fc.assert(
    fc.property(
      fc.array(batch, { maxLength: 30 }),
      fc.constantFrom(1, 20, 60),
      fc.option(fc.nat(30), { nil: undefined }),
      (shapes, intervalBytes, cut) => {
        let [offset, position] = [0, 0];
        let all: IndexedBatch[] = [];
        for (const { gap, records, timestamp, sizeBytes } of shapes) {
          const firstOffset = offset + gap;
          const lastOffset = firstOffset + records - 1;
          all.push({ firstOffset, lastOffset, timestamp: time(timestamp), position, sizeBytes });
          offset = lastOffset + 1;
          position += sizeBytes;
        }
        const index = SegmentIndex.rebuild(0, all, { intervalBytes });
        if (cut !== undefined && cut < all.length) {
          const { firstOffset, position: to } = all[cut]!;
          index.truncate(firstOffset, to);
          all = all.slice(0, cut);
          [offset, position] = [firstOffset, to];
        }
        for (let wanted = 0; wanted < offset; wanted++) {
          const from = index.positionOf(wanted);
          const holder = all.find(({ lastOffset }) => lastOffset >= wanted);
          if (holder !== undefined) {
            expect(from).toBeLessThanOrEqual(holder.position);
            expect(holder.position - from).toBeLessThan(intervalBytes + 50);
          }
          expect([0, ...all.map((each) => each.position)]).toContain(from);
        }
        for (let wanted = 0; wanted <= 13; wanted++) {
          const first = all.find(({ timestamp }) => timestamp >= wanted);
          if (first !== undefined) expect(index.offsetAt(time(wanted))).toBeLessThanOrEqual(first.lastOffset);
        }
      },
    ),
    { numRuns: 300 },
  );
});
