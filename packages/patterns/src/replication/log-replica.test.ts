import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import type { LogEffect, ReplicationMode } from './index.ts';
import { describeReplication, LogReplica, replicationFacts } from './index.ts';
import { LogBench, logOf } from './log-bench.fixture.ts';
import { ASYNC, semi, sync } from './log-runs.fixture.ts';

const trio = (mode = semi(1), options = {}): LogBench => {
  const bench = new LogBench(mode, options);
  for (const name of ['a', 'b', 'c']) bench.start(name);
  return bench;
};
const append = (id: number, count = 1) => ({ kind: 'append', id, count }) as const;
const ends = (bench: LogBench): number[] => [...bench.replicas.values()].map(({ status }) => status.end);
const marks = (bench: LogBench): number[] => [...bench.replicas.values()].map(({ status }) => status.highWaterMark);

describe('leader and followers', () => {
  test('a record is acknowledged when as many hold it on disk as the mode says, and shown by all soon after', () => {
    for (const [mode, needed] of [
      [ASYNC, 1],
      [semi(1), 2],
      [semi(2), 3],
      [sync(2), 3],
    ] as const) {
      const bench = trio(mode);
      bench.lead('a', 1, ['b', 'c'], ['a', 'b', 'c']);
      bench.pump();
      bench.slow.set('b', []);
      bench.slow.set('c', []);
      bench.step('a', append(7));
      bench.pump();
      const acknowledged = () => bench.seen.some(({ kind }) => kind === 'acknowledged');
      expect([ends(bench), acknowledged()]).toEqual([[1, 1, 1], needed === 1]);
      for (const [held, name] of ['b', 'c'].entries()) {
        const tickets = bench.slow.get(name)!;
        bench.slow.delete(name);
        bench.step(name, { kind: 'persisted', ticket: tickets[tickets.length - 1]! });
        bench.pump();
        expect(acknowledged()).toBe(held + 2 >= needed);
      }
      expect(bench.seen.find(({ kind }) => kind === 'acknowledged')).toMatchObject({
        id: 7,
        first: 0,
        position: { generation: 1, index: 1 },
      });
      expect(marks(bench)).toEqual([1, 1, 1]);
    }
  });
  test('leader and followers write at the same time: followers are sent what is not on the leader’s disk yet', () => {
    const bench = trio(semi(1));
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    bench.slow.set('a', []);
    bench.step('a', append(1));
    bench.pump();
    expect(ends(bench)).toEqual([1, 1, 1]);
    // b and c hold it, which is enough whether or not a does.
    expect(bench.kinds('a')).toContain('acknowledged');
  });
  test('nothing leaves a leader before its leadership is on disk', () => {
    const bench = trio();
    const out: LogEffect[] = [];
    const replica = bench.replicas.get('a')!;
    replica.step({ kind: 'lead', generation: 1, replicas: ['a', 'b', 'c'] }, Instant.of(0), out);
    const fetch = { kind: 'fetch', generation: 1, id: 1, from: 0, latest: 0, mark: 0, answered: 0, held: 0 } as const;
    replica.step({ kind: 'message', from: 'b', message: fetch }, Instant.of(0), out);
    expect(out.find(({ kind }) => kind === 'send')).toMatchObject({ to: 'b', after: 2 });
  });
  test('leads a generation once: after a crash, records of it that others have may be missing here', () => {
    const bench = new LogBench(semi(1));
    const replica = bench.start('a', { ...logOf([1], 1), synced: 1 });
    bench.step('a', { kind: 'lead', generation: 1, replicas: ['a', 'b', 'c'] });
    expect(replica.status.role).toBe('fenced');
    bench.step('a', { kind: 'lead', generation: 2, replicas: ['a', 'b', 'c'] });
    expect(replica.status.role).toBe('leader');
  });
  test('a slow disk is not fed from a faster network', () => {
    const bench = trio(semi(1), { writesMax: 2, batchMax: 1 });
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    bench.slow.set('b', []);
    for (let id = 1; id <= 9; id++) bench.step('a', append(id));
    bench.pump();
    expect(ends(bench)).toEqual([9, 3, 9]);
    bench.step('b', { kind: 'persisted', ticket: bench.slow.get('b')!.shift()! });
    bench.pump();
    expect(ends(bench)).toEqual([9, 4, 9]);
  });
  test('refuses when too much waits, or when it does not lead and then says who does', () => {
    const bench = trio(semi(2), { unacknowledgedMax: 2 });
    bench.lead('a', 1, ['b', 'c']);
    for (const id of [1, 2, 3]) bench.step('a', append(id));
    bench.step('b', append(4));
    expect(bench.seen.filter(({ kind }) => kind === 'refused')).toMatchObject([
      { id: 3, why: 'full', leader: 'a' },
      { id: 4, why: 'not-leader', leader: 'a' },
    ]);
  });
  test('waiting too long ends in an unknown outcome, never in an acknowledgement (MySQL falls back to asynchronous)', () => {
    const bench = trio(semi(1), { appendTimeoutMs: 1000 });
    bench.lead('a', 1, ['b', 'c']);
    for (const name of ['b', 'c']) bench.down.add(name);
    bench.step('a', append(1));
    bench.wait(5000);
    expect(bench.kinds('a')).toEqual(['role', 'unknown']);
    // The record is not shown either (MySQL's AFTER_COMMIT shows it), and may be acknowledged yet.
    expect(bench.replicas.get('a')!.status).toMatchObject({ end: 1, highWaterMark: 0 });
    bench.down.clear();
    bench.wait(3000);
    expect(marks(bench)).toEqual([1, 1, 1]);
  });
  test('an answer that is lost is asked for again, and what was held is said with each fetch', () => {
    const bench = trio(semi(2));
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    bench.step('a', append(1));
    bench.pump(({ kind }, to) => kind === 'held' || (kind === 'records' && to === 'c'));
    expect(marks(bench)).toEqual([0, 0, 0]);
    bench.wait(5000);
    expect(marks(bench)).toEqual([1, 1, 1]);
  });
});

describe('fencing by generation', () => {
  test('a deposed leader’s records and acknowledgements are refused, and it steps down when told', () => {
    const bench = trio();
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    for (const name of ['b', 'c'])
      bench.step(name, { kind: 'message', from: 'x', message: { kind: 'fence', generation: 2 } });
    bench.mail.length = 0;
    bench.step('a', append(1));
    expect(bench.mail.map(({ message }) => message.kind)).toEqual(['records', 'records']);
    bench.pump();
    expect(ends(bench)).toEqual([1, 0, 0]);
    expect(bench.seen.filter(({ at }) => at === 'a').slice(1)).toMatchObject([
      { kind: 'unknown', id: 1 },
      { kind: 'role', role: 'fenced', generation: 2 },
    ]);
  });
  test('a position is a promise: it waits for the disk, and nothing older is taken from then on', () => {
    const bench = new LogBench(semi(1));
    bench.start('b', logOf([1, 1, 2], 2));
    const fence = (generation: number) =>
      bench.step('b', { kind: 'message', from: 'x', message: { kind: 'fence', generation } });
    expect(fence(5)).toMatchObject([
      { kind: 'persist', ticket: 1, generation: 5 },
      { kind: 'send', to: 'x', message: { kind: 'position', generation: 5, synced: 2, end: 3 }, after: 1 },
    ]);
    expect(fence(5)).toMatchObject([{ kind: 'send', message: { kind: 'position' }, after: 0 }]);
    expect(fence(4)).toMatchObject([{ kind: 'send', message: { kind: 'superseded', generation: 5 } }]);
    bench.step('b', { kind: 'follow', generation: 4, leader: 'a' });
    expect(bench.replicas.get('b')!.status).toMatchObject({ role: 'fenced', generation: 5 });
  });
  test('answers that come twice, late, or from somebody else change nothing', () => {
    const bench = trio();
    bench.lead('a', 1, ['b', 'c']);
    bench.step('a', append(1));
    bench.pump();
    const late = {
      kind: 'records',
      generation: 1,
      id: 1,
      from: 0,
      count: 1,
      run: 1,
      mark: 0,
      lowMark: 0,
      generationStart: 0,
      confirmedAgoMs: 0,
    } as const;
    for (const from of ['a', 'c']) bench.step('b', { kind: 'message', from, message: late });
    expect(ends(bench)).toEqual([1, 1, 1]);
  });
});

describe('truncation by generation, as in KIP-101', () => {
  test('scenario 1: a follower that restarts with an old high-water mark keeps what was acknowledged', () => {
    // m1 and m2 are on both; the mark that b knows is still 1. It restarts, and a fails before b has fetched again.
    const bench = new LogBench(semi(1));
    const b = bench.start('b', logOf([1, 1], 1));
    bench.lead('b', 2, ['a', 'c']);
    expect(b.status).toMatchObject({ end: 2, highWaterMark: 1 });
    bench.start('a', logOf([1, 1], 2));
    bench.step('a', { kind: 'follow', generation: 2, leader: 'b' });
    bench.pump();
    expect(b.status).toMatchObject({ end: 2, highWaterMark: 2 });
    expect(bench.kinds('a')).not.toContain('lost');
  });
  test('scenario 2: after both lost power, the logs do not diverge under the same indexes', () => {
    // a led and had m1 m2; b had m1 only, comes back first, and writes m3 where m2 is on a.
    const bench = new LogBench(ASYNC);
    bench.start('a', logOf([1, 1], 2));
    bench.start('b', logOf([1], 1));
    bench.lead('b', 2, ['a']);
    bench.step('b', append(3));
    bench.pump();
    expect(bench.replicas.get('a')!.relationTo({ generation: 2, index: 2 })).toBe('has');
    expect(bench.replicas.get('a')!.relationTo({ generation: 1, index: 2 })).toBe('lost');
    // m2 was shown: asynchronous replication has lost it, and says so.
    expect(bench.seen.filter(({ kind }) => kind === 'lost')).toMatchObject([{ at: 'a', from: 1, to: 2 }]);
  });
  test('KIP-279: a tail of several generations that the leader never had goes, one generation after the other', () => {
    const bench = new LogBench(semi(1));
    const a = bench.start('a', logOf([1, 1, 3, 3, 5], 2));
    bench.start('b', logOf([1, 1, 1, 2, 4, 4, 4], 2, 4));
    bench.lead('b', 6, ['a', 'c']);
    bench.step('b', append(1));
    bench.pump();
    expect([a.status.end, a.shown]).toEqual([8, { generation: 6, index: 8 }]);
    expect(bench.kinds('a')).not.toContain('lost');
  });
  test('nothing in common, or what is needed is dropped: the follower begins anew', () => {
    for (const theirs of [[1, 1, 1], [], [9, 9]]) {
      const bench = new LogBench(semi(1));
      const b = bench.start('b', { ...logOf([2, 2, 2, 2], 4), start: 2, starts: [{ generation: 2, start: 2 }] });
      const a = bench.start('a', logOf(theirs, 0));
      bench.lead('b', 10, ['a', 'c']);
      bench.step('b', append(1));
      bench.pump();
      expect(a.status).toMatchObject({ start: 2, end: 5, highWaterMark: 5 });
      expect(b.status.highWaterMark).toBe(5);
    }
  });
  test('what is acknowledged and dropped here or there is not called lost, nor fetched again', () => {
    const leader = {
      ...logOf([1, 1, 1, 1, 2], 5),
      start: 2,
      starts: [
        { generation: 1, start: 2 },
        { generation: 2, start: 4 },
      ],
    };
    const emptied = { generation: 1, synced: 1, starts: [], start: 4, end: 4, highWaterMark: 4 };
    const behind = logOf([1, 1, 1, 1], 4);
    const old = { ...leader, start: 4, starts: [{ generation: 2, start: 4 }] };
    for (const [theirs, ours, start] of [
      [leader, emptied, 4],
      [old, behind, 4],
      [old, emptied, 4],
    ] as const) {
      const bench = new LogBench(semi(1));
      bench.start('b', theirs);
      const a = bench.start('a', ours);
      bench.lead('b', 3, ['a', 'c']);
      bench.pump();
      expect(a.status).toMatchObject({ start, end: 5, highWaterMark: 5 });
      expect(bench.kinds('a')).not.toContain('lost');
    }
  });
  test('an idle leader whose log is trimmed does not send a follower round in circles (KAFKA-15608)', () => {
    const bench = new LogBench(semi(1));
    bench.start('b', { ...logOf([2, 2], 2), start: 2, starts: [{ generation: 2, start: 2 }] });
    const a = bench.start('a', logOf([1, 2], 2));
    bench.lead('b', 3, ['a', 'c']);
    bench.pump();
    expect(a.status).toMatchObject({ end: 2, highWaterMark: 2 });
    expect(bench.mail).toHaveLength(0);
  });
  test('a new leader does not vouch for what earlier ones wrote until enough follow it (Raft, section 5.4.2)', () => {
    const bench = trio(semi(1));
    bench.start('a', logOf([1, 2], 1));
    bench.lead('a', 3, ['b', 'c']);
    expect(marks(bench)[0]).toBe(1);
    bench.pump();
    expect(marks(bench)).toEqual([2, 2, 2]);
  });
});

describe('the in-sync set', () => {
  const group = (copiesMin: number): LogBench => {
    const bench = trio(sync(copiesMin), { lagMaxMs: 1000, appendTimeoutMs: 60_000 });
    bench.lead('a', 1, ['b', 'c'], ['a', 'b', 'c']);
    bench.pump();
    return bench;
  };
  const proposals = (bench: LogBench) => bench.seen.filter(({ kind }) => kind === 'propose-in-sync');
  const decide = (bench: LogBench, version: number, members: string[]) =>
    bench.step('a', { kind: 'in-sync', inSync: { version, members } });

  test('who lags is proposed to leave; until that is decided elsewhere, it is waited for', () => {
    const bench = group(2);
    bench.down.add('c');
    bench.step('a', append(1));
    bench.wait(1500);
    expect(proposals(bench)).toMatchObject([{ generation: 1, version: 2, members: ['a', 'b'] }]);
    expect(bench.kinds('a')).not.toContain('acknowledged');
    decide(bench, 2, ['a', 'b']);
    expect(bench.kinds('a')).toContain('acknowledged');
  });
  test('whoever may be in the set already is counted: a proposal to join binds at once (KIP-497)', () => {
    const bench = group(2);
    bench.down.add('c');
    bench.wait(1500);
    decide(bench, 2, ['a', 'b']);
    bench.down.delete('c');
    bench.wait(3000);
    expect(proposals(bench)[1]).toMatchObject({ version: 3, members: ['a', 'b', 'c'] });
    bench.down.add('c');
    bench.step('a', append(1));
    bench.pump();
    expect(bench.kinds('a')).not.toContain('acknowledged');
    // Old news does not end the proposal: it may be decided at this very moment.
    decide(bench, 2, ['a', 'b']);
    expect(bench.kinds('a')).not.toContain('acknowledged');
    bench.wait(1200);
    expect(proposals(bench).slice(-1)).toMatchObject([{ version: 3, members: ['a', 'b', 'c'] }]);
    decide(bench, 4, ['a', 'b']);
    expect(bench.kinds('a')).toContain('acknowledged');
  });
  test('never shrinks below the copies that acknowledged records have; writes are refused instead', () => {
    const bench = group(2);
    for (const name of ['b', 'c']) bench.down.add(name);
    bench.wait(1500);
    expect(proposals(bench)).toHaveLength(1);
    decide(bench, 2, ['a', 'b']);
    bench.wait(5000);
    expect(proposals(bench)).toHaveLength(1);
    bench.step('a', append(1));
    expect(bench.seen.slice(-1)).toMatchObject([{ kind: 'refused', why: 'too-few-copies' }]);
  });
  test('a follower outside the set holds nobody up (KAFKA-15021), and one that only just has what is acknowledged stays out (KAFKA-19996)', () => {
    const bench = group(2);
    bench.down.add('c');
    bench.wait(1500);
    decide(bench, 2, ['a', 'b']);
    bench.step('a', append(1));
    bench.pump();
    expect(marks(bench)).toEqual([1, 1, 0]);
    // c holds what is acknowledged, and is told of more at once: it has not caught up.
    const before = proposals(bench).length;
    bench.slow.set('b', []);
    bench.step('a', append(2, 50));
    bench.down.delete('c');
    bench.step('a', { kind: 'message', from: 'c', message: { kind: 'held', generation: 1, end: 1 } });
    expect(proposals(bench)).toHaveLength(before);
  });
});

describe('the low-water mark', () => {
  test('is the lowest index that anybody needs, and never above what is acknowledged', () => {
    const bench = trio(semi(1));
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    bench.down.add('c');
    for (let id = 1; id <= 5; id++) bench.step('a', append(id));
    bench.pump();
    bench.step('a', { kind: 'release', index: 4 });
    expect(bench.replicas.get('a')!.status.lowWaterMark).toBe(0);
    bench.down.delete('c');
    bench.wait(3000);
    expect([...bench.replicas.values()].map(({ status }) => status.lowWaterMark)).toEqual([4, 4, 4]);
    bench.step('a', { kind: 'dropped', start: 4 });
    expect(bench.replicas.get('a')!.status).toMatchObject({ start: 4, end: 5 });
    expect(() => bench.step('a', { kind: 'dropped', start: 5 })).toThrow(/low-water mark/);
  });
  test('a follower that is gone does not fill the disk, nor is it cut off without a word (slots, binary logs)', () => {
    const bench = trio(semi(1), { retainMax: 3 });
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    bench.down.add('c');
    bench.step('a', { kind: 'release', index: 99 });
    for (let id = 1; id <= 5; id++) {
      bench.step('a', append(id));
      bench.pump();
    }
    expect(bench.seen.filter(({ kind }) => kind === 'abandoned')).toMatchObject([{ at: 'a', replica: 'c' }]);
    expect(bench.replicas.get('a')!.status.lowWaterMark).toBe(5);
    bench.step('a', { kind: 'dropped', start: 4 });
    bench.down.delete('c');
    bench.wait(3000);
    expect(bench.replicas.get('c')!.status).toMatchObject({ start: 4, end: 5, highWaterMark: 5 });
  });
});

describe('the low-water mark of a new leader', () => {
  test('waits for followers that it has not heard of, as long as it retains records for one that is behind', () => {
    const bench = new LogBench(semi(1), { retainMax: 3 });
    bench.start('a', logOf([1, 1, 1, 1], 4));
    bench.start('b', logOf([1, 1, 1, 1], 4));
    bench.start('c', logOf([1], 1));
    bench.down.add('c');
    bench.lead('a', 2, ['b', 'c']);
    bench.step('a', { kind: 'release', index: 99 });
    bench.pump();
    const low = () => bench.replicas.get('a')!.status.lowWaterMark;
    expect([low(), bench.kinds('a').includes('abandoned')]).toEqual([0, false]);
    for (let id = 1; id <= 4; id++) {
      bench.step('a', append(id));
      bench.pump();
    }
    expect(bench.seen.filter(({ kind }) => kind === 'abandoned')).toMatchObject([{ replica: 'c' }]);
    expect(low()).toBe(8);
  });
});

describe('how fresh a follower is', () => {
  test('counts from when it asked, less how long ago the leader was known to lead', () => {
    const bench = trio(semi(1));
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    bench.wait(1000);
    const before = bench.replicas.get('b')!.status.freshAsOf!;
    expect(bench.now - before).toBeLessThanOrEqual(1000);
    expect(before).toBeLessThan(bench.now);
    bench.wait(1000);
    expect(bench.replicas.get('b')!.status.freshAsOf).toBe(before + 1000);
    // Cut off from the others, the leader does not know whether it still leads: its followers stay where they are.
    bench.down.add('a');
    const last = bench.replicas.get('b')!.status.freshAsOf;
    bench.wait(3000);
    expect(bench.replicas.get('b')!.status.freshAsOf).toBe(last);
  });
  test('is not known before the leader has heard what earlier leaders acknowledged', () => {
    const bench = trio(semi(2));
    bench.start('a', logOf([1], 0));
    bench.lead('a', 2, ['b', 'c']);
    bench.down.add('c');
    bench.wait(3000);
    expect(['a', 'b'].map((name) => bench.replicas.get(name)!.status.freshAsOf)).toEqual([undefined, undefined]);
  });
});

describe('what a mode promises', () => {
  test('in numbers', () => {
    expect(replicationFacts(ASYNC, 3)).toMatchObject({
      copies: 1,
      lossesTolerated: 0,
      answers: 3,
      answersFrom: 'replicas',
    });
    expect(replicationFacts(semi(1), 3)).toMatchObject({
      copies: 2,
      lossesTolerated: 1,
      answers: 2,
      writesTolerate: 1,
    });
    expect(replicationFacts(semi(2), 5)).toMatchObject({
      copies: 3,
      lossesTolerated: 2,
      answers: 3,
      writesTolerate: 2,
    });
    expect(replicationFacts(sync(2), 3)).toMatchObject({ copies: 2, answers: 1, answersFrom: 'in-sync' });
    expect(() => replicationFacts(semi(3), 3)).toThrow(RangeError);
    expect(() => replicationFacts(ASYNC, 0)).toThrow(RangeError);
  });
  test('in words', () => {
    expect(describeReplication(ASYNC, 3)[1]).toMatch(
      /loses every acknowledged record that the new leader had not fetched/,
    );
    expect(describeReplication(semi(1), 3).join(' ')).toMatch(
      /survives the loss of any 1.*2 of 3 replicas answer.*as fast as the fastest follower/,
    );
    expect(describeReplication(sync(2), 3).join(' ')).toMatch(/any one replica of the in-sync set answers/);
  });
  test('options that contradict each other are refused', () => {
    expect(() => new LogReplica({ self: 'a', mode: ASYNC, waitMaxMs: 10, fetchTimeoutMs: 10 })).toThrow(
      /fetchTimeoutMs/,
    );
    expect(() => new LogReplica({ self: 'a', mode: ASYNC }, { ...logOf([1], 0), generation: 0 })).toThrow(/promised/);
  });
  test('bounds and times that are none are refused', () => {
    for (const name of ['batchMax', 'writesMax', 'unacknowledgedMax', 'retainMax'])
      for (const wrong of [0, -1, Number.NaN])
        expect(() => new LogReplica({ self: 'a', mode: ASYNC, [name]: wrong })).toThrow(`${name} must be >= 1`);
    for (const name of ['appendTimeoutMs', 'lagMaxMs'])
      expect(() => new LogReplica({ self: 'a', mode: ASYNC, [name]: Number.NaN })).toThrow(`${name} must be > 0`);
  });
  test('a replica that is named twice does not count for two', () => {
    const lead = (mode: ReplicationMode, replicas: string[], members = ['a', 'b']) =>
      new LogBench(mode)
        .start('a')
        .step({ kind: 'lead', generation: 1, replicas, inSync: { version: 1, members } }, Instant.of(0), []);
    expect(() => lead(semi(1), ['a', 'a', 'b'])).toThrow('replicas must be distinct, not a, a, b');
    expect(() => lead(sync(2), ['a', 'b'], ['a', 'a'])).toThrow('members must be distinct, not a, a');
    const bench = trio(sync(2));
    bench.lead('a', 1, ['b', 'c'], ['a', 'b']);
    const decided = { version: 9, members: ['b', 'a', 'b'] };
    expect(() => bench.step('a', { kind: 'in-sync', inSync: decided })).toThrow(
      'members must be distinct, not b, a, b',
    );
  });
  test('appends one record or more', () => {
    const bench = trio();
    bench.lead('a', 1, ['b', 'c']);
    for (const wrong of [0, -1, 0.5, Number.NaN])
      expect(() => bench.step('a', append(1, wrong))).toThrow(`count must be a whole number from 1 on, not ${wrong}`);
    expect(ends(bench)).toEqual([0, 0, 0]);
  });
});
