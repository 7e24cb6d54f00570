import type { Entry, RaftRestart, SnapshotMark } from '@quorate/patterns/consensus/raft';
import { describe, expect, test } from 'vitest';
import { LogWitness } from './log-witness.ts';

const NOBODY = { voters: [], outgoing: [], learners: [], learnersNext: [] };
const entry = (index: number, term: number): Entry => ({ kind: 'empty', index, term });
const mark = (index: number, term: number): SnapshotMark => ({ index, term, configuration: NOBODY });
const restart = (entries: readonly Entry[], damaged = false, at = mark(0, 0)): RaftRestart => ({
  state: { term: 0, vote: undefined },
  mark: at,
  entries,
  applied: at.index,
  damaged,
});

describe('a log seen from outside', () => {
  test('has what was written, and holds what was synced', () => {
    const log = new LogWitness();
    log.wrote(1, [entry(1, 1)]);
    log.wrote(2, [entry(2, 1)]);
    log.persisted(1);
    expect([log.has(entry(1, 1)), log.has(entry(2, 1)), log.lastIndex]).toEqual([true, true, 2]);
    expect([log.holds(entry(1, 1)), log.holds(entry(2, 1))]).toEqual([true, false]);
    expect(log.durableEnd).toEqual({ index: 1, term: 1 });
  });

  test('replaces what is written over, on the disk once that is synced', () => {
    const log = new LogWitness();
    log.wrote(1, [entry(1, 1), entry(2, 1), entry(3, 1)]);
    log.persisted(1);
    log.wrote(2, [entry(2, 2)]);
    expect([log.has(entry(3, 1)), log.holds(entry(3, 1)), log.lastIndex]).toEqual([false, true, 2]);
    log.persisted(2);
    expect([log.holds(entry(3, 1)), log.holds(entry(2, 1)), log.holds(entry(2, 2))]).toEqual([false, false, true]);
  });

  test('has everything up to a snapshot, and holds it once that is synced', () => {
    const log = new LogWitness();
    log.restored(1, mark(5, 2));
    expect([log.has(entry(3, 1)), log.termAt(5), log.holds(entry(3, 1))]).toEqual([true, 2, false]);
    log.persisted(1);
    expect(log.holds(entry(3, 1))).toBe(true);
    expect(log.durableEnd).toEqual({ index: 5, term: 2 });
  });

  test('has lost in a restart what was not synced', () => {
    const log = new LogWitness();
    log.wrote(1, [entry(1, 1)]);
    log.restarted(restart([]));
    log.persisted(1);
    expect([log.has(entry(1, 1)), log.holds(entry(1, 1))]).toEqual([false, false]);
  });

  test('of a damaged node has had what it held, which others may have counted on', () => {
    const log = new LogWitness();
    log.wrote(1, [entry(1, 1)]);
    log.persisted(1);
    log.restarted(restart([], true));
    expect([log.has(entry(1, 1)), log.holds(entry(1, 1))]).toEqual([false, true]);
  });

  test('of a damaged node holds what is found on its disk, though it was killed before it was told', () => {
    const log = new LogWitness();
    log.wrote(1, [entry(1, 1), entry(2, 1), entry(3, 1)]);
    log.persisted(1);
    log.wrote(2, [entry(3, 2), entry(4, 2)]);
    log.restarted(restart([entry(3, 2)], true));
    const held = [entry(2, 1), entry(3, 1), entry(3, 2), entry(4, 2)].map((each) => log.holds(each));
    expect(held).toEqual([true, false, true, false]);
    log.restarted(restart([], true, mark(6, 2)));
    expect([log.holds(entry(6, 2)), log.durableEnd]).toEqual([true, { index: 6, term: 2 }]);
  });
});
