import { describe, expect, test } from 'vitest';
import { WallTime } from '../base/index.ts';
import {
  KeyOffsets,
  MemoryLog,
  type MemoryLogOptions,
  mergeGroups,
  planCompaction,
  type SegmentSummary,
  survival,
} from './index.ts';

const time = WallTime.of;

function segments(...shapes: readonly Partial<SegmentSummary>[]): SegmentSummary[] {
  return shapes.map((shape, i) => ({
    baseOffset: i * 10,
    endOffset: i * 10 + 10,
    sizeBytes: 100,
    firstTimestamp: time(i * 10),
    maxTimestamp: time(i * 10 + 9),
    ...shape,
  }));
}
const HIGH = 1000;

describe('Kafka: when a log is compacted, and which part of it', () => {
  test('when enough of what can be compacted is dirty: not the segment that is written to', () => {
    const all = segments({}, {}, {}, { sizeBytes: 9999 });
    expect(planCompaction(all, 10, HIGH, time(100))).toEqual({ from: 10, to: 30, dirtyRatio: 2 / 3, why: 'dirty' });
    expect(planCompaction(all, 20, HIGH, time(100))).toEqual({ from: 20, to: 30, dirtyRatio: 1 / 3, why: undefined });
    expect(planCompaction(all, 30, HIGH, time(100), { dirtyRatioMin: 0 }).why).toBeUndefined();
  });
  test('never what is not on a quorum', () => {
    expect(planCompaction(segments({}, {}, {}, {}), 0, 29, time(100)).to).toBe(20);
    expect(planCompaction(segments({}, {}), 0, 0, time(100))).toMatchObject({ to: 0, why: undefined });
  });
  test('min.compaction.lag.ms: not from the first segment on that has a younger record', () => {
    const all = segments({}, { maxTimestamp: time(95) }, {}, {});
    expect(planCompaction(all, 0, HIGH, time(100), { minLagMs: 6 })).toMatchObject({ to: 10 });
    expect(planCompaction(all, 0, HIGH, time(100), { minLagMs: 5 })).toMatchObject({ to: 30 });
  });
  test('max.compaction.lag.ms: however little is dirty, when its first record is too old', () => {
    const all = segments({ sizeBytes: 9999 }, {}, {});
    expect(planCompaction(all, 10, HIGH, time(110), { maxLagMs: 100 }).why).toBeUndefined();
    expect(planCompaction(all, 10, HIGH, time(111), { maxLagMs: 100 }).why).toBe('lag');
  });
  test('when a tombstone may go', () => {
    const all = segments({ horizon: time(50) }, {});
    expect([49, 50].map((now) => planCompaction(all, 10, HIGH, time(now)).why)).toEqual([undefined, 'horizon']);
  });
  test('from the start when retention has overtaken it, or the log was truncated below it', () => {
    const all = segments({}, {}, {}).slice(1);
    expect([5, 500].map((cleanedTo) => planCompaction(all, cleanedTo, HIGH, time(100)).from)).toEqual([10, 10]);
    expect(planCompaction([], 5, HIGH, time(0))).toMatchObject({ from: 0, to: 0, why: undefined });
  });
  test('its options are checked', () => {
    expect(() => planCompaction([], 0, 0, time(0), { dirtyRatioMin: 2 })).toThrow(/dirtyRatioMin/);
    expect(() => planCompaction([], 0, 0, time(0), { minLagMs: 2, maxLagMs: 1 })).toThrow(/minLagMs/);
  });
});

describe('what survives', () => {
  const record = (offset: number, key: string, isTombstone = false, horizon?: number) => ({
    offset,
    key,
    isTombstone,
    horizon: horizon === undefined ? undefined : time(horizon),
  });
  const latest = KeyOffsets.of(0, 10, [record(1, 'a'), record(4, 'a'), record(5, 'b')], 10);

  test('the last record of each key, and what has none later', () => {
    expect(survival(record(1, 'a'), latest, time(0), 5).kind).toBe('dropped');
    expect(survival(record(4, 'a'), latest, time(0), 5).kind).toBe('kept');
    expect(survival(record(3, 'other'), latest, time(0), 5).kind).toBe('kept');
  });
  test('a tombstone waits from the first pass that meets it, and goes in a later one', () => {
    expect(survival(record(5, 'b', true), latest, time(100), 5)).toEqual({ kind: 'kept', horizon: 105 });
    expect(survival(record(5, 'b', true, 105), latest, time(104), 5)).toEqual({ kind: 'kept', horizon: 105 });
    expect(survival(record(5, 'b', true, 105), latest, time(105), 5)).toEqual({ kind: 'dropped' });
    expect(survival(record(5, 'b', true), latest, time(100), 0).kind).toBe('kept');
    expect(() => survival(record(5, 'b', true), latest, time(0), -1)).toThrow(/tombstoneMs/);
  });
  test('what lies behind the stretch stays as it is', () => {
    expect(survival(record(10, 'a', true, 1), latest, time(100), 5)).toEqual({ kind: 'kept', horizon: 1 });
  });
  test('the stretch ends where there is no room for more keys', () => {
    const short = KeyOffsets.of(
      0,
      10,
      [record(1, 'a'), record(2, 'b'), record(3, 'a'), record(4, 'c'), record(5, 'a')],
      2,
    );
    expect([short.to, short.size, short.supersedes(record(1, 'a')), short.supersedes(record(3, 'a'))]).toEqual([
      4,
      2,
      true,
      false,
    ]);
    expect(() => short.add(record(2, 'a'))).toThrow(/order/);
    expect(() => new KeyOffsets(0, 0)).toThrow(/keysMax/);
  });
  test('small neighbours become one segment, as far as bytes and offsets allow', () => {
    const all = segments({}, {}, { sizeBytes: 10 }, {}, { baseOffset: 2 ** 32, endOffset: 2 ** 32 + 1, sizeBytes: 1 });
    const shown = mergeGroups(all, 215).map((group) => group.map(({ baseOffset }) => baseOffset));
    expect(shown).toEqual([[0, 10, 20], [30], [2 ** 32]]);
  });
});

describe('a compacted log', () => {
  const text = (value: string | undefined) => (value === undefined ? undefined : new TextEncoder().encode(value));
  function logOf(entries: string, options: MemoryLogOptions): MemoryLog {
    const log = new MemoryLog({ roll: { segmentBytesMax: 45 }, ...options });
    for (const [i, entry] of entries.split(' ').entries()) {
      const [key, value] = entry.split('=') as [string, string | undefined];
      log.append({ key, value: text(value), timestamp: time(i) }, time(i));
    }
    log.advance(log.endOffset);
    return log;
  }
  const shown = (log: MemoryLog): string =>
    log
      .read(0, 100)
      .map(({ offset, key, value }) => `${offset}${key}${value === undefined ? '' : new TextDecoder().decode(value)}`)
      .join(' ');

  test('keeps offsets, order and the last value of each key; a reader goes on where it was', () => {
    const log = logOf('a=1 b=1 a=2 c=1 a=3 b=2 z=1 z=2 z=3', {});
    expect(log.compact(time(100)).why).toBe('dirty');
    expect(shown(log)).toBe('3c1 4a3 5b2 6z1 7z2 8z3');
    expect([log.read(1, 1)[0]?.offset, log.endOffset, log.cleanedTo]).toEqual([3, 9, 6]);
    expect(log.append({ key: 'a', value: undefined, timestamp: time(9) }, time(9))).toBe(9);
  });
  test('does without what it deletes, and then, after a time, without the tombstone too', () => {
    const log = logOf('a=1 b=1 a b=2 z=1 z=2 z=3 z=4', { compaction: { tombstoneMs: 50, dirtyRatioMin: 0.1 } });
    log.compact(time(100));
    expect(shown(log)).toBe('2a 3b2 5z2 6z3 7z4');
    expect([log.compact(time(149)).why, log.compact(time(150)).why]).toEqual([undefined, 'horizon']);
    expect(shown(log)).toBe('3b2 5z2 6z3 7z4');
  });
  test('with room for few keys comes on in steps', () => {
    const log = logOf('a=1 b=1 c=1 a=2 b=2 c=2 z=1 z=2', { compaction: { keysMax: 2, dirtyRatioMin: 0 } });
    const steps: string[] = [];
    for (let i = 0; i < 4; i++) {
      log.compact(time(100));
      steps.push(`${log.cleanedTo}: ${shown(log)}`);
    }
    expect(steps.at(-1)).toBe('6: 3a2 4b2 5c2 6z1 7z2');
    expect(steps[0]).toBe('2: 0a1 1b1 2c1 3a2 4b2 5c2 6z1 7z2');
  });
});
