import { Instant } from '@quorate/patterns/base';
import type { Configuration, Entry, SnapshotMark } from '@quorate/patterns/consensus/raft';
import { describe, expect, test } from 'vitest';
import { Applier, type ApplyBudget } from './applier.ts';
import { PendingProposals } from './pending-proposals.ts';
import type { StateMachine } from './types.ts';

const NOBODY: Configuration = { voters: [], outgoing: [], learners: [], learnersNext: [] };
const markAt = (index: number): SnapshotMark => ({ index, term: 1, configuration: NOBODY });
const entries = (from: number, to: number): Entry[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({ kind: 'data', index: from + i, term: 1, data: Uint8Array.of(1) }));
const budget = (): ApplyBudget => ({ entries: 1000, bytes: 1000, until: Instant.of(1), now: () => Instant.of(0) });

/** Stands wherever the last snapshot or entry has brought it. */
class Stand implements StateMachine {
  /** What was applied, in order. */
  readonly log: number[] = [];
  reported = 0;

  apply(index: number): void {
    this.log.push(index);
  }

  applied(index: number): void {
    this.reported = index;
  }

  async *snapshot(): AsyncIterable<Uint8Array> {}

  async restore(): Promise<void> {}
}

function applierOn(
  machine: StateMachine,
  newest: () => SnapshotMark,
  takeSnapshot: (mark: SnapshotMark) => void = () => {},
  given: { readonly atStart?: number; readonly sent?: number; readonly random?: () => number } = {},
): Applier {
  return new Applier({
    machine,
    snapshotSizeBytes: given.atStart ?? 0,
    random: given.random ?? (() => 0.5),
    proposals: new PendingProposals(10),
    mark: markAt(0),
    snapshotEntries: 1000,
    snapshotBytes: 1000,
    trailingBytes: 1000,
    takeSnapshot,
    restore: async () => ({ mark: newest(), sizeBytes: given.sent ?? 0 }),
    moved: () => {},
    failed: (error) => {
      throw error;
    },
  });
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('after a snapshot has taken the place of the state', () => {
  test('what is committed behind it is applied', async () => {
    const machine = new Stand();
    const applier = applierOn(machine, () => markAt(5));
    applier.restore();
    applier.commit(entries(6, 8));
    await settled();
    applier.run(budget());
    expect(machine.log).toEqual([6, 7, 8]);
    expect(applier.applied.index).toBe(8);
  });

  test('nothing that it holds is applied again, though it is newer than what is committed here', async () => {
    const machine = new Stand();
    const applier = applierOn(machine, () => markAt(7));
    applier.restore();
    applier.commit(entries(6, 6));
    applier.commit(entries(7, 8));
    await settled();
    expect(applier.applied.index).toBe(7);
    applier.run(budget());
    expect(machine.log).toEqual([8]);
    expect(applier.applied.index).toBe(8);
  });

  test('all that is committed may lie within it', async () => {
    const machine = new Stand();
    const applier = applierOn(machine, () => markAt(7));
    applier.restore();
    applier.commit(entries(6, 6));
    await settled();
    applier.run(budget());
    expect(applier.hasWork).toBe(false);
    expect(machine.log).toEqual([]);
    expect(applier.applied.index).toBe(7);
  });
});

describe('a snapshot is due', () => {
  const MEBIBYTE = 1024 * 1024;
  const taken: number[] = [];
  const applierWith = (given: {
    readonly atStart?: number;
    readonly sent?: number;
    readonly random?: () => number;
  }): Applier =>
    applierOn(
      new Stand(),
      () => markAt(0),
      ({ index }) => taken.push(index),
      given,
    );
  /** Entries `from` to `to` of `sizeBytes`, one at a time. */
  const apply = (applier: Applier, from: number, to: number, sizeBytes: number): void => {
    const data = new Uint8Array(sizeBytes);
    for (let index = from; index <= to; index++) {
      applier.commit([{ kind: 'data', index, term: 1, data }]);
      applier.run({ ...budget(), bytes: 2 * MEBIBYTE });
    }
  };
  /** The marks of the snapshots that are taken during the first `count` entries. */
  const takenWhile = (applier: Applier, count: number, sizeBytes: number): number[] => {
    taken.length = 0;
    apply(applier, 1, count, sizeBytes);
    return [...taken];
  };

  test('once so many entries have been applied, or entries of so many bytes', () => {
    expect(takenWhile(applierWith({}), 2500, 0)).toEqual([1000, 2000]);
    expect(takenWhile(applierWith({}), 25, 100)).toEqual([10, 20]);
    expect(takenWhile(applierWith({ atStart: 4 * MEBIBYTE }), 25, 100)).toEqual([10, 20]);
  });

  test('after a large one only when the log has grown by one and a half to two and a half times its size', () => {
    const applier = applierWith({});
    applier.snapshotTaken(5 * MEBIBYTE);
    expect(takenWhile(applier, 25, MEBIBYTE)).toEqual([10, 20]);
  });

  test('which is drawn anew for each, so that members do not all take theirs at once', () => {
    const draws = [0, 0.9];
    const applier = applierWith({ atStart: 10 * MEBIBYTE, random: () => draws.shift()! });
    expect(takenWhile(applier, 15, MEBIBYTE)).toEqual([15]);
    applier.snapshotTaken(10 * MEBIBYTE);
    apply(applier, 16, 39, MEBIBYTE);
    expect(taken).toEqual([15, 39]);
  });

  test('and again after a tenth of that when it has failed', () => {
    const applier = applierWith({ atStart: 10 * MEBIBYTE });
    expect(takenWhile(applier, 20, MEBIBYTE)).toEqual([20]);
    applier.snapshotFailed();
    apply(applier, 21, 23, MEBIBYTE);
    expect(taken).toEqual([20, 22]);
  });

  test('and so, too, when the large one is what the node started from: it has just begun to load its state', () => {
    expect(takenWhile(applierWith({ atStart: 5 * MEBIBYTE }), 25, MEBIBYTE)).toEqual([10, 20]);
  });

  test('or what a leader has sent', async () => {
    const applier = applierWith({ sent: 5 * MEBIBYTE });
    applier.restore();
    await settled();
    expect(takenWhile(applier, 25, MEBIBYTE)).toEqual([10, 20]);
  });
});
