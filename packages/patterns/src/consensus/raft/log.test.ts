import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { configurationOf } from './cluster.fixture.ts';
import { ENTRY_OVERHEAD_BYTES, entrySizeBytes, RaftLog } from './log.ts';
import { configurationEntry, entriesOf } from './solo.fixture.ts';
import { NodeId, type SnapshotMark } from './types.ts';

const markAt = (index: number, term: number): SnapshotMark => ({ index, term, configuration: configurationOf([]) });
const logOf = (terms: readonly number[]): RaftLog => new RaftLog(markAt(0, 0), entriesOf(terms));

describe('a log', () => {
  test('knows the term of every entry, of the one before the first, and of no other', () => {
    const log = new RaftLog(markAt(3, 2), entriesOf([2, 4], 4));
    expect([2, 3, 4, 5, 6].map((index) => log.termAt(index))).toEqual([undefined, 2, 2, 4, undefined]);
  });

  test('may begin before the snapshot, for slow followers; its first entry then only lends its term', () => {
    const log = new RaftLog(markAt(3, 2), entriesOf([1, 2, 3], 2));
    expect([log.baseIndex, log.termAt(2), log.lastIndex]).toEqual([2, 1, 4]);
    expect(new RaftLog(markAt(2, 1), entriesOf([1, 1, 2])).baseIndex).toBe(0);
  });

  test('that begins at the snapshot does not know the term before it', () => {
    const log = new RaftLog(markAt(5, 2), entriesOf([2, 3], 5));
    expect([log.baseIndex, log.termAt(4), log.termAt(5), log.lastIndex]).toEqual([5, undefined, 2, 6]);
  });

  test('that begins with the first entry of all knows that there is nothing before it', () => {
    expect(new RaftLog(markAt(1, 2), entriesOf([2])).termAt(0)).toBe(0);
    expect(new RaftLog(markAt(2, 2), entriesOf([2, 2])).termAt(0)).toBe(0);
  });

  test('gives a part of what it holds, behind a snapshot as well', () => {
    const log = new RaftLog(markAt(3, 1), entriesOf([1, 1, 2, 2], 4));
    expect(log.slice(5, 6).map(({ index }) => index)).toEqual([5, 6]);
  });

  test('cannot lose what it has forgotten', () => {
    const log = new RaftLog(markAt(3, 1), entriesOf([1], 4));
    expect(() => log.truncateFrom(3)).toThrow('a forgotten entry cannot be truncated');
  });

  test('leaves out what ends before the snapshot or contradicts it', () => {
    expect(new RaftLog(markAt(5, 2), entriesOf([1, 1])).lastIndex).toBe(5);
    expect(new RaftLog(markAt(2, 2), entriesOf([1, 1, 1])).lastIndex).toBe(2);
    expect(new RaftLog(markAt(2, 2), entriesOf([1], 3)).lastIndex).toBe(2);
    expect(new RaftLog(markAt(2, 1), entriesOf([2], 2)).lastTerm).toBe(1);
  });

  test('has no gaps and no falling terms', () => {
    expect(() => new RaftLog(markAt(0, 0), entriesOf([1], 2))).toThrow('without a gap');
    expect(() => logOf([2]).append(entriesOf([2], 3))).toThrow('does not follow');
    expect(() => logOf([2]).append(entriesOf([1], 2))).toThrow('entry 2@1 does not follow on 1@2');
  });

  test('accounts for its bytes', () => {
    const log = logOf([1, 1, 1]);
    expect(log.sizeBytes).toBe(3 * (ENTRY_OVERHEAD_BYTES + 2));
    log.truncateFrom(3);
    log.compact(markAt(2, 1), 2);
    expect(log.sizeBytes).toBe(ENTRY_OVERHEAD_BYTES + 2);
    log.restart(markAt(9, 3));
    expect([log.sizeBytes, log.lastIndex, log.lastTerm]).toEqual([0, 9, 3]);
  });

  test('counts 32 bytes for an entry besides its data, and 8 for each place in a configuration', () => {
    const ids = (...numbers: number[]): NodeId[] => numbers.map(NodeId.of);
    const learnersNext = ids(5, 6);
    const all = { voters: ids(1, 2, 3), outgoing: ids(1, 2, 4, 5, 6), learners: ids(7), learnersNext };
    expect(entrySizeBytes({ kind: 'empty', index: 1, term: 1 })).toBe(32);
    expect(entrySizeBytes(entriesOf([1])[0]!)).toBe(34);
    expect(entrySizeBytes(configurationEntry(1, 1, all))).toBe(32 + 8 * 11);
  });

  test('cuts runs by bytes, but never below one entry', () => {
    const log = logOf([1, 1, 1, 1]);
    const each = ENTRY_OVERHEAD_BYTES + 2;
    expect([0, each, 2 * each, 2.5 * each, 99 * each].map((bytes) => log.lastWithin(2, bytes))).toEqual([
      2, 2, 3, 3, 4,
    ]);
  });

  test('compaction keeps entries from a point on, never forgets beyond the snapshot, and never goes back', () => {
    const log = logOf([1, 1, 2, 2, 3]);
    log.compact(markAt(4, 2), 3);
    expect([log.baseIndex, log.mark.index, log.termAt(2), log.entryAt(3)?.term]).toEqual([2, 4, 1, 2]);
    log.compact(markAt(3, 2), 2);
    expect([log.baseIndex, log.mark.index]).toEqual([2, 4]);
    log.compact(markAt(4, 2), 99);
    expect([log.baseIndex, log.lastIndex]).toEqual([4, 5]);
  });
});

test('a log and a plain list of terms agree after any sequence of operations', () => {
  const operation = fc.oneof(
    fc.record({ kind: fc.constant('append' as const), rise: fc.integer({ min: 0, max: 1 }) }),
    fc.record({ kind: fc.constant('truncate' as const), keep: fc.integer({ min: 0, max: 9 }) }),
    fc.record({ kind: fc.constant('compact' as const), at: fc.integer({ min: 0, max: 9 }) }),
  );
  const property = fc.property(
    fc.array(operation, { maxLength: 25 }),
    fc.nat(9),
    fc.nat(5),
    (operations, from, atMost) => {
      const log = new RaftLog(markAt(0, 0), []);
      const terms = [0];
      let base = 0;
      for (const step of operations) {
        const last = terms.length - 1;
        if (step.kind === 'append') {
          terms.push(terms[last]! + step.rise);
          log.append(entriesOf([terms[last + 1]!], last + 1));
        } else if (step.kind === 'truncate') {
          const index = Math.min(last + 1, base + 1 + step.keep);
          log.truncateFrom(index);
          terms.length = index;
        } else {
          base = Math.max(base, Math.min(last, step.at));
          log.compact(markAt(base, terms[base]!), base + 1);
        }
      }
      for (let index = 0; index < terms.length + 2; index++) {
        expect(log.termAt(index)).toBe(index < base ? undefined : terms[index]);
      }
      let expected = Math.min(from, terms.length - 1);
      while (expected >= base && terms[expected]! > atMost) expected -= 1;
      if (expected >= base) expect(log.lastIndexAtMost(from, atMost)).toBe(expected);
      else expect(log.lastIndexAtMost(from, atMost)).toBeLessThan(Math.max(base, 1));
    },
  );
  fc.assert(property, { numRuns: 2000, seed: 7 });
});
