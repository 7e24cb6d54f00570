import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { Bench, C, T } from './commit.fixture.ts';
import { CommitCoordinator, type CommitParticipantEffect, type ParticipantRecord } from './index.ts';

/** What a transaction without failures costs: records and forced ones, and messages to and from each participant. */
function costs(bench: Bench): unknown {
  const [first, second] = [...bench.votes.keys()] as [string, string];
  const of = (name: string) => ({
    records: bench.records(name),
    got: bench.messages(C, name),
    sent: bench.messages(name, C),
  });
  return { coordinator: bench.records(C), first: of(first), second: of(second) };
}
const updates = { records: [2, 2], got: 2, sent: 2 };
const reads = { records: [0, 0], got: 1, sent: 1 };

describe('Mohan, Lindsay, Obermarck 1986, table I: presumed abort, committing', () => {
  test('a coordinator writes two records, one forced; a participant with updates two, both forced, for four messages', () => {
    const bench = new Bench({ p: 'yes', q: 'yes' });
    bench.commit(true);
    expect(costs(bench)).toEqual({ coordinator: [2, 1], first: updates, second: updates });
    expect(bench.written.map(({ by, kind }) => `${by} ${kind}`)).toEqual([
      'p prepared',
      'q prepared',
      'c commit',
      'p commit',
      'q commit',
      'c end',
    ]);
    expect(bench.heard).toEqual(['app commit', 'p commit', 'q commit']);
  });
  test('a participant that only read writes nothing, and takes no part in the second phase', () => {
    const bench = new Bench({ p: 'yes', q: 'read-only' });
    bench.commit(true);
    expect(costs(bench)).toEqual({ coordinator: [2, 1], first: updates, second: reads });
    expect(bench.heard).toEqual(['app commit', 'p commit']);
  });
  test('when only the coordinator has updates, it writes one forced record', () => {
    const bench = new Bench({ p: 'read-only', q: 'read-only' });
    bench.commit(true);
    expect(costs(bench)).toEqual({ coordinator: [1, 1], first: reads, second: reads });
  });
  test('when nobody has updates nobody writes anything', () => {
    const bench = new Bench({ p: 'read-only', q: 'read-only' });
    bench.commit(false);
    expect(costs(bench)).toEqual({ coordinator: [0, 0], first: reads, second: reads });
    expect(bench.heard).toEqual(['app commit']);
  });
  test('an abort forces nothing but what was prepared before, is not acknowledged, and does not go to who voted no', () => {
    const bench = new Bench({ p: 'yes', q: 'no' });
    bench.commit(true);
    expect(costs(bench)).toEqual({
      coordinator: [1, 0],
      first: { records: [2, 1], got: 2, sent: 1 },
      second: { records: [1, 0], got: 1, sent: 1 },
    });
    expect(bench.heard).toEqual(['q abort', 'app abort', 'p abort']);
  });
});

describe('a coordinator', () => {
  test('asks those that are silent again, and gives up when votes do not come in time', () => {
    const bench = new Bench({ p: 'yes', q: 'yes' });
    bench.isLost = (_from, to) => to === 'q';
    bench.commit();
    expect(bench.coordinator.deadline).toBe(100);
    bench.tickAt(100);
    expect([bench.messages(C, 'p'), bench.messages(C, 'q')]).toEqual([1, 2]);
    for (let ms = 200; ms < 1000; ms += 100) bench.tickAt(ms);
    expect(bench.heard).toEqual([]);
    bench.tickAt(1000);
    expect(bench.heard).toEqual(['app abort', 'p abort']);
    expect([bench.coordinator.transactions.size, bench.coordinator.deadline]).toEqual([0, undefined]);
  });
  test('sends a commit until all have acknowledged it, also after a restart', () => {
    const bench = new Bench({ p: 'yes', q: 'yes' });
    bench.isLost = (from, _to, kind) => from === 'q' && kind === 'ack';
    bench.commit();
    bench.tickAt(100);
    expect([bench.messages(C, 'p'), bench.messages(C, 'q')]).toEqual([2, 3]);
    expect(bench.coordinator.checkpoint()).toEqual([{ kind: 'commit', transaction: T, participants: ['q'] }]);
    const again = new CommitCoordinator({ votesMs: 1000, retryMs: 100 });
    const out: object[] = [];
    again.step({ kind: 'recover', records: bench.coordinator.checkpoint() }, Instant.of(0), out as never);
    expect(out).toEqual([{ kind: 'send', to: 'q', message: { kind: 'commit', transaction: T } }]);
    bench.isLost = () => false;
    bench.tickAt(200);
    expect([bench.records(C), bench.coordinator.checkpoint()]).toEqual([[2, 1], []]);
  });
  test('does not say outcome or commit before the commit is durable, and cannot abort any more', () => {
    const kernel = new CommitCoordinator({ votesMs: 1000, retryMs: 100 });
    const step = (input: Parameters<CommitCoordinator['step']>[0]) => {
      const out: Parameters<CommitCoordinator['step']>[2] = [];
      kernel.step(input, Instant.of(0), out);
      return out.map(({ kind }) => kind);
    };
    const vote = { kind: 'vote', transaction: T, vote: 'yes' } as const;
    step({ kind: 'recover', records: [] });
    step({ kind: 'commit', transaction: T, participants: ['p'], hasUpdates: false });
    expect(step({ kind: 'message', from: 'stranger', message: vote })).toEqual([]);
    expect(step({ kind: 'message', from: 'p', message: vote })).toEqual(['record']);
    expect(step({ kind: 'abort', transaction: T, participants: ['p'] })).toEqual([]);
    expect(step({ kind: 'message', from: 'p', message: { kind: 'inquiry', transaction: T } })).toEqual([]);
    expect(step({ kind: 'recorded', ticket: 0 })).toEqual([]);
    expect(step({ kind: 'recorded', ticket: 1 })).toEqual(['outcome', 'send']);
  });
  test('presumes nothing before it has read its log, nor after it was superseded', () => {
    const kernel = new CommitCoordinator({ votesMs: 1000, retryMs: 100 });
    const step = (input: Parameters<CommitCoordinator['step']>[0]) => {
      const out: Parameters<CommitCoordinator['step']>[2] = [];
      kernel.step(input, Instant.of(0), out);
      return out;
    };
    const asked = { kind: 'message', from: 'p', message: { kind: 'inquiry', transaction: T } } as const;
    expect([step(asked), kernel.isAway]).toEqual([[], true]);
    const commit = { kind: 'commit', transaction: 't2', participants: ['p'], hasUpdates: false } as const;
    expect(step(commit)).toEqual([{ kind: 'refused', transaction: 't2', why: 'away' }]);
    step({ kind: 'recover', records: [] });
    expect(step(asked)).toEqual([{ kind: 'presume', to: 'p', transaction: T }]);
    step(commit);
    step({ kind: 'superseded' });
    expect([step(asked), step({ kind: 'tick' }), kernel.transactions.size, kernel.deadline]).toEqual([
      [],
      [],
      0,
      undefined,
    ]);
    expect(step({ kind: 'abort', transaction: T, participants: ['p'] })).toMatchObject([{ kind: 'refused' }]);
  });
  test('refuses a transaction beyond its bound, and one whose id is in use', () => {
    const bench = new Bench({ p: 'yes' });
    bench.isLost = () => true;
    for (const id of ['a', 'b', 'c']) bench.commit(false, id);
    expect(bench.tell({ kind: 'commit', transaction: 'd', participants: ['p'], hasUpdates: false })).toEqual([
      { kind: 'refused', transaction: 'd', why: 'full' },
    ]);
    expect(() => bench.commit(false, 'a')).toThrow(/ids are used once/);
    expect(() => new CommitCoordinator({ votesMs: 0, retryMs: 1 })).toThrow(/votesMs/);
    expect(() => new CommitCoordinator({ votesMs: 1, retryMs: 0 })).toThrow(/retryMs/);
    expect(() => new CommitCoordinator({ votesMs: 1, retryMs: 1, transactionsMax: 0 })).toThrow(/transactionsMax/);
  });
  test('tells participants of a transaction that was given up before it was to be committed', () => {
    const bench = new Bench({ p: 'yes', q: 'yes' });
    bench.tell({ kind: 'abort', transaction: T, participants: ['p', 'q'] });
    bench.settle();
    expect(bench.heard).toEqual(['p abort', 'q abort']);
  });
});

describe('a participant', () => {
  test('that is never asked to prepare aborts, and then votes no', () => {
    const bench = new Bench({ p: 'yes' });
    bench.tickAt(4999);
    expect([bench.heard, bench.participants.get('p')!.deadline]).toEqual([[], 5000]);
    bench.tickAt(5000);
    expect(bench.heard).toEqual(['p abort']);
    bench.commit();
    expect(bench.heard).toEqual(['p abort', 'app abort']);
  });
  test('in doubt asks the coordinator first, and next time the others too', () => {
    const bench = new Bench({ p: 'yes', q: 'yes' });
    bench.isLost = (_from, to, kind) => (to === C && kind === 'inquiry') || kind === 'commit';
    bench.commit();
    bench.tickAt(200);
    expect(bench.said.filter(({ kind }) => kind === 'inquiry').map(({ from, to }) => from + to)).toEqual(['pc', 'qc']);
    bench.isLost = (from, to, kind) => (to === C && kind === 'inquiry') || (from === C && to === 'p');
    bench.tickAt(400);
    expect(bench.said.filter(({ kind }) => kind === 'answer')).toContainEqual({ from: 'q', to: 'p', kind: 'answer' });
    expect(bench.messages(C, 'p')).toBeGreaterThan(2);
    expect(bench.participants.get('p')!.ended(T)).toBe('commit');
    expect(bench.coordinator.transactions.size).toBe(0);
  });
  test('recovers what was prepared as in doubt, with its locks, and what ended as it ended', () => {
    const log: ParticipantRecord<string>[] = [
      { kind: 'prepared', transaction: 'a', coordinator: C, participants: ['p'], work: 'wa' },
      { kind: 'prepared', transaction: 'b', coordinator: C, participants: ['p'], work: 'wb' },
      { kind: 'commit', transaction: 'a' },
    ];
    const bench = new Bench({});
    const kernel = bench.fresh('p');
    const out: CommitParticipantEffect<string>[] = [];
    kernel.step({ kind: 'enlist', transaction: 'z', coordinator: C }, Instant.of(0), out);
    kernel.step({ kind: 'recover', records: log }, Instant.of(0), out);
    expect(out).toEqual([
      { kind: 'refused', transaction: 'z' },
      { kind: 'commit', transaction: 'a', work: 'wa' },
      { kind: 'hold', transaction: 'b', work: 'wb' },
    ]);
    expect([kernel.ended('a'), kernel.transactions.get('b')?.phase, kernel.deadline]).toEqual([
      'commit',
      'in-doubt',
      0,
    ]);
    expect(kernel.checkpoint()).toEqual([log[2], log[1]]);
    expect(() => kernel.step({ kind: 'recover', records: [] }, Instant.of(0), [])).toThrow(/once/);
  });
  test('keeps the last outcomes only, refuses more transactions than it may, and ids in use', () => {
    const bench = new Bench({ p: 'no' });
    const kernel = bench.participants.get('p')!;
    for (const transaction of ['a', 'b']) bench.ask('p', { kind: 'enlist', transaction, coordinator: C });
    expect(bench.ask('p', { kind: 'enlist', transaction: 'c', coordinator: C })).toEqual([
      { kind: 'refused', transaction: 'c' },
    ]);
    expect(() => bench.ask('p', { kind: 'enlist', transaction: 'a', coordinator: C })).toThrow(/ids are used once/);
    for (const transaction of [T, 'a', 'b']) bench.ask('p', { kind: 'abort', transaction });
    expect([T, 'a', 'b'].map((id) => kernel.ended(id))).toEqual([undefined, 'abort', 'abort']);
    expect(bench.ask('p', { kind: 'message', from: 'q', message: { kind: 'inquiry', transaction: T } })).toMatchObject([
      { message: { outcome: 'unknown' } },
    ]);
  });
});

describe('an operator decides for a participant in doubt', () => {
  function inDoubt(): Bench {
    const bench = new Bench({ p: 'yes', q: 'yes' });
    bench.isLost = (from, _to, kind) => from === C && kind !== 'prepare';
    bench.commit();
    return bench;
  }
  test('a guess that was right ends quietly', () => {
    const bench = inDoubt();
    bench.ask('p', { kind: 'decide', transaction: T, outcome: 'commit' });
    expect(bench.heard).toEqual(['app commit', 'p commit']);
    bench.isLost = () => false;
    bench.tickAt(200);
    expect(bench.heard).toEqual(['app commit', 'p commit', 'q commit']);
    expect([bench.participants.get('p')!.ended(T), bench.coordinator.transactions.size]).toEqual(['commit', 0]);
  });
  test('a guess that was wrong is a conflict, which is said, and does not keep the coordinator waiting', () => {
    const bench = inDoubt();
    bench.ask('p', { kind: 'decide', transaction: T, outcome: 'abort' });
    bench.isLost = () => false;
    bench.tickAt(200);
    expect(bench.heard).toEqual(['app commit', 'p abort', 'p conflict', 'q commit']);
    expect(bench.coordinator.transactions.size).toBe(0);
  });
  test('a guess is not passed on to others, and outlives a restart', () => {
    const bench = inDoubt();
    bench.ask('p', { kind: 'decide', transaction: T, outcome: 'abort' });
    const asked = { kind: 'message', from: 'q', message: { kind: 'inquiry', transaction: T } } as const;
    expect(bench.ask('p', asked)).toMatchObject([{ message: { outcome: 'in-doubt' } }]);
    for (const records of [
      bench.logs.get('p') as ParticipantRecord<string>[],
      bench.participants.get('p')!.checkpoint(),
    ]) {
      bench.heard.length = 0;
      bench.participants.set('p', bench.fresh('p'));
      bench.ask('p', { kind: 'recover', records });
      expect([bench.heard, bench.participants.get('p')!.transactions.get(T)?.phase]).toEqual([['p abort'], 'guessed']);
    }
    bench.isLost = () => false;
    bench.tickAt(200);
    expect(bench.heard).toContain('p conflict');
  });
  test('nothing is decided for one that is not in doubt', () => {
    const bench = new Bench({ p: 'yes' });
    expect(bench.ask('p', { kind: 'decide', transaction: T, outcome: 'commit' })).toEqual([]);
  });
});
