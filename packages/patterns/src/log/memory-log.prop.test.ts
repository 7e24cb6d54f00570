import fc from 'fast-check';
import { expect, test } from 'vitest';
import { WallTime } from '../base/index.ts';
import { MemoryLog, MemorySegment } from './index.ts';

const time = WallTime.of;
const TOMBSTONE_MS = 40;
const RETENTION_MS = 120;

/** The dumb model: every record that is there, in order, and where segments begin. */
interface Kept {
  readonly offset: number;
  readonly key: string;
  readonly value: string | undefined;
  readonly timestamp: number;
  horizon: number | undefined;
}

const operation = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
      value: fc.constantFrom('1', '2', undefined),
      back: fc.constantFrom(0, 0, 5, 30),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), back: fc.nat(3) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('compact' as const, 'retain' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('hold' as const), back: fc.option(fc.nat(6)) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.constantFrom(5, 20, 60) }) },
);

test('a log answers like a list of its records, whatever was retained and compacted; and compaction changes the value of no key', () => {
  let [dropped, retained, deleted] = [0, 0, 0];
  fc.assert(
    fc.property(fc.array(operation, { minLength: 20, maxLength: 80 }), (operations) => {
      const log = new MemoryLog({
        index: { intervalBytes: 30 },
        roll: { segmentBytesMax: 60 },
        retention: { retentionMs: RETENTION_MS },
        compaction: { dirtyRatioMin: 0.2, tombstoneMs: TOMBSTONE_MS, keysMax: 3 },
      });
      let kept: Kept[] = [];
      let [now, high, next] = [1000, 0, 0];
      for (const each of operations) {
        if (each.kind === 'append') {
          const { key, value, back } = each;
          const record = { key, value: value === undefined ? undefined : new TextEncoder().encode(value) };
          expect(log.append({ ...record, timestamp: time(now - back) }, time(now))).toBe(next);
          kept.push({ offset: next++, key, value, timestamp: now - back, horizon: undefined });
        } else if (each.kind === 'advance') {
          high = Math.max(high, next - each.back);
          log.advance(high);
        } else if (each.kind === 'hold') log.hold(each.back === null ? Number.POSITIVE_INFINITY : next - each.back);
        else if (each.kind === 'wait') now += each.ms;
        else if (each.kind === 'retain') {
          const gone = log.retain(time(now));
          retained += gone.length;
          kept = kept.filter(({ offset }) => offset >= log.startOffset);
          expect(log.startOffset).toBeLessThanOrEqual(Math.max(high, 0));
        } else {
          const values = (): string[] =>
            ['a', 'b', 'c', 'd'].map((key) => `${kept.findLast((r) => r.key === key)?.value}`);
          const before = values();
          const { why, to } = log.compact(time(now));
          if (why !== undefined) {
            const until = log.cleanedTo;
            expect(until).toBeLessThanOrEqual(Math.min(to, high, log.segments.at(-1)!.baseOffset));
            const superseded = (r: Kept): boolean =>
              kept.some(({ key, offset }) => key === r.key && offset > r.offset && offset < until);
            const survives = (r: Kept): boolean => {
              if (r.offset >= until) return true;
              if (superseded(r)) return false;
              if (r.value !== undefined) return true;
              if (r.horizon !== undefined && now >= r.horizon) {
                deleted += 1;
                return false;
              }
              r.horizon ??= now + TOMBSTONE_MS;
              return true;
            };
            const survivors = kept.filter(survives);
            dropped += kept.length - survivors.length;
            kept = survivors;
          }
          expect(values().map((value, i) => (before[i] === 'undefined' ? before[i] : value))).toEqual(before);
        }
        check(log, kept, high, now);
      }
    }),
    { numRuns: 300 },
  );
  expect([dropped > 100, retained > 20, deleted > 0]).toEqual([true, true, true]);
});

function check(log: MemoryLog, kept: readonly Kept[], high: number, now: number): void {
  const visible = kept.filter(({ offset }) => offset < high);
  const shown = visible.map((r) => `${r.offset}${r.key}${r.value}@${r.timestamp}/${r.horizon}`);
  const read = log.read(0, 1000).map(({ offset, key, value, timestamp, horizon }) => {
    const text = value === undefined ? undefined : new TextDecoder().decode(value);
    return `${offset}${key}${text}@${timestamp}/${horizon}`;
  });
  expect(read).toEqual(shown);
  const from = Math.floor(high / 2);
  expect(log.read(from, 2).map(({ offset }) => offset)).toEqual(
    visible
      .filter(({ offset }) => offset >= from)
      .slice(0, 2)
      .map(({ offset }) => offset),
  );
  const wanted = now - 20;
  const first = kept.find(({ timestamp }) => timestamp >= wanted)?.offset;
  expect(log.offsetAt(time(wanted))).toBe(first !== undefined && first < high ? first : undefined);
}

const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ key: fc.constantFrom('a', 'b', 'c'), value: fc.constantFrom('1', '2', undefined) }),
  },
  { weight: 2, arbitrary: fc.constantFrom('compact' as const, 'wait' as const, 'read' as const, 'read' as const) },
);

/** A reader begins at the start and reads two records at a time, while the log is written to and compacted. Does it end with the state as it is? */
function readerSeesAll(before: readonly unknown[], during: readonly unknown[], tombstoneMs: number): boolean {
  const log = new MemoryLog({
    roll: { segmentBytesMax: 45 },
    compaction: { dirtyRatioMin: 0, tombstoneMs },
  });
  const truth = new Map<string, string>();
  const seen = new Map<string, string>();
  let [now, next] = [0, 0];
  const note = (state: Map<string, string>, key: string, value: string | undefined): void => {
    if (value === undefined) state.delete(key);
    else state.set(key, value);
  };
  const act = (each: unknown): void => {
    if (each === 'wait') now += 10;
    else if (each === 'compact') log.compact(time(now));
    else if (each === 'read') {
      for (const { offset, key, value } of log.read(next, 2)) {
        note(seen, key, value === undefined ? undefined : new TextDecoder().decode(value));
        next = offset + 1;
      }
    } else {
      const { key, value } = each as { key: string; value: string | undefined };
      const bytes = value === undefined ? undefined : new TextEncoder().encode(value);
      log.append({ key, value: bytes, timestamp: time(now) }, time(now));
      log.advance(log.endOffset);
      note(truth, key, value);
    }
  };
  for (const each of before) if (each !== 'read') act(each);
  const began = now;
  for (const each of during) {
    // It may take as long as tombstones stay, and no longer.
    if (each !== 'wait' || now + 10 - began < TOMBSTONE_MS) act(each);
  }
  while (log.read(next, 1).length > 0) act('read');
  return JSON.stringify([...seen].sort()) === JSON.stringify([...truth].sort());
}
const steps = fc.array(step, { minLength: 5, maxLength: 40 });

test('a reader that comes to the end before tombstones may go has seen every deletion, whatever was compacted meanwhile', () => {
  fc.assert(
    fc.property(steps, steps, (before, during) => readerSeesAll(before, during, TOMBSTONE_MS)),
    { numRuns: 300 },
  );
});

test('and one for which they go too early does not: the check can fail', () => {
  const runs = fc.sample(fc.tuple(steps, steps), { numRuns: 500, seed: 1 });
  expect(runs.filter(([before, during]) => !readerSeesAll(before, during, 0)).length).toBeGreaterThan(0);
});

test('a segment whose index is damaged, or of another time, is read as before: it makes a new one', () => {
  const segment = new MemorySegment(5, { intervalBytes: 20 });
  const add = (offset: number): void =>
    segment.append({ offset, timestamp: time(offset * 7), key: 'k', value: new Uint8Array(9), horizon: undefined });
  for (let offset = 5; offset < 15; offset++) add(offset);
  const bytes = segment.index.toBytes();
  const offsets = (): number[][] => [5, 9, 14].map((from) => [...segment.from(from)].map(({ offset }) => offset));
  const before = [offsets(), segment.offsetAt(time(60))];
  expect(segment.openIndex(bytes)).toBe('read');
  expect([offsets(), segment.offsetAt(time(60))]).toEqual(before);
  for (const bad of [new Uint8Array(0), bytes.subarray(1), bytes.map((byte, i) => (i === 20 ? byte ^ 4 : byte))]) {
    expect(segment.openIndex(bad)).toBe('rebuilt');
    expect(segment.index.toBytes()).toEqual(bytes);
  }
  add(15);
  expect(segment.openIndex(bytes)).toBe('rebuilt');
  expect([...segment.from(15)]).toHaveLength(1);
});
