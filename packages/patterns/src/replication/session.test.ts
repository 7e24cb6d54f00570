import { describe, expect, test } from 'vitest';
import { Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { hybridTimestamp, VectorClock } from '../time/index.ts';
import {
  clockPositions,
  FollowerReads,
  type FollowerReadsEffect,
  type FollowerReadsInput,
  type LogPosition,
  logPositions,
  SessionToken,
  timePositions,
} from './index.ts';
import { LogBench, logOf } from './log-bench.fixture.ts';
import { LogChaos } from './log-chaos.fixture.ts';
import { type Cheat, LogCluster } from './log-cluster.fixture.ts';
import { ASYNC, semi } from './log-runs.fixture.ts';

const at = (generation: number, index: number): LogPosition => ({ generation, index });

describe('a session token', () => {
  test('asks of a replica what the session has written, read, or both', () => {
    const token = SessionToken.start(logPositions).wrote(at(1, 5)).saw(at(2, 3)).wrote(at(1, 4));
    expect(token.needsToRead('read-your-writes')).toEqual(at(1, 5));
    expect(token.needsToRead('monotonic-reads')).toEqual(at(2, 3));
    expect(token.needsToRead('read-your-writes', 'monotonic-reads')).toEqual(at(2, 3));
    expect(token.needsToRead()).toEqual(at(0, 0));
    expect(token.needsToWrite('monotonic-writes')).toEqual(at(1, 5));
    expect(token.needsToWrite('writes-follow-reads')).toEqual(at(2, 3));
    const { written, read } = token;
    expect(SessionToken.of(logPositions, { written, read }).needsToRead('monotonic-reads')).toEqual(at(2, 3));
  });
  test('works with version vectors and with times alike', () => {
    const clock = (a: number, b: number) =>
      VectorClock.of([
        ['a', a],
        ['b', b],
      ]);
    const token = SessionToken.start(clockPositions).wrote(clock(3, 0)).saw(clock(1, 2));
    expect(token.needsToRead('read-your-writes', 'monotonic-reads').equals(clock(3, 2))).toBe(true);
    const times = SessionToken.start(timePositions).wrote(hybridTimestamp(7, 1)).saw(hybridTimestamp(7));
    expect(times.needsToRead('read-your-writes', 'monotonic-reads')).toEqual(hybridTimestamp(7, 1));
  });
});

describe('reads at a follower', () => {
  const make = (waitingMax?: number) => {
    const bench = new LogBench(semi(1));
    for (const name of ['a', 'b', 'c']) bench.start(name);
    bench.lead('a', 1, ['b', 'c']);
    bench.pump();
    const replica = bench.replicas.get('b')!;
    const reads = new FollowerReads(waitingMax === undefined ? { replica } : { replica, waitingMax });
    const step = (input: FollowerReadsInput<LogPosition>): FollowerReadsEffect<LogPosition>[] => {
      const out: FollowerReadsEffect<LogPosition>[] = [];
      reads.step(input, Instant.of(bench.now), out);
      return out;
    };
    const read = (id: number, input: Partial<FollowerReadsInput<LogPosition>>) =>
      step({ kind: 'read', id, waitMaxMs: 100, otherwise: 'refuse', ...input } as FollowerReadsInput<LogPosition>);
    return { bench, reads, step, read };
  };
  test('an age or a wait that is none is refused, not served', () => {
    const { reads, read } = make();
    expect(() => read(1, { staleMaxMs: Number.NaN })).toThrow(/staleMaxMs must be >= 0, not NaN/);
    expect(() => read(1, { position: at(9, 9), waitMaxMs: Number.NaN })).toThrow(/waitMaxMs must be >= 0, not NaN/);
    expect(reads.size).toBe(0);
  });
  test('waits for the position, and is served as soon as it is shown', () => {
    const { bench, reads, step, read } = make();
    expect([read(1, { position: at(1, 1) }), reads.deadline]).toEqual([[], 100]);
    bench.step('a', { kind: 'append', id: 1, count: 1 });
    bench.pump();
    expect(step({ kind: 'progress' })).toEqual([{ kind: 'serve', id: 1, position: at(1, 1) }]);
    expect([reads.size, reads.deadline]).toEqual([0, undefined]);
    expect(read(2, { position: at(1, 1), waitMaxMs: 0 })).toEqual([{ kind: 'serve', id: 2, position: at(1, 1) }]);
  });
  test('when time is up goes to the leader, or is refused, as the reader says', () => {
    const { bench, step, read } = make();
    read(1, { position: at(1, 1), otherwise: 'forward' });
    read(2, { position: at(1, 1) });
    read(3, { position: at(1, 1) });
    step({ kind: 'cancel', id: 3 });
    bench.now = 100;
    expect(step({ kind: 'tick' })).toEqual([
      { kind: 'forward', id: 1, leader: 'a' },
      { kind: 'refuse', id: 2, why: 'behind' },
    ]);
  });
  test('is refused when too many wait', () => {
    const { read } = make(1);
    read(1, { position: at(1, 1) });
    expect(read(2, { position: at(1, 1), otherwise: 'forward' })).toEqual([{ kind: 'refuse', id: 2, why: 'full' }]);
  });
  test('of bounded staleness is served only while the follower is known to be that fresh', () => {
    const { bench, read } = make();
    bench.wait(2000);
    expect(read(1, { staleMaxMs: 1500 })).toMatchObject([{ kind: 'serve' }]);
    bench.down.add('a');
    bench.wait(2000);
    expect(read(2, { staleMaxMs: 1500, waitMaxMs: 0, otherwise: 'forward' })).toEqual([
      { kind: 'forward', id: 2, leader: 'a' },
    ]);
    expect(read(3, { waitMaxMs: 0 })).toMatchObject([{ kind: 'serve' }]);
  });
  test('says that what the session wrote is lost, instead of waiting for it, or showing something else under its index', () => {
    const bench = new LogBench(ASYNC);
    bench.start('a', logOf([1, 1], 2));
    const replica = bench.start('b', logOf([1], 1));
    bench.lead('b', 2, ['a']);
    bench.step('b', { kind: 'append', id: 1, count: 5 });
    bench.pump();
    const out: FollowerReadsEffect<LogPosition>[] = [];
    const reads = new FollowerReads({ replica });
    const read = { kind: 'read', id: 1, position: at(1, 2), waitMaxMs: 100, otherwise: 'forward' } as const;
    reads.step(read, Instant.of(0), out);
    expect(out).toEqual([{ kind: 'refuse', id: 1, why: 'lost' }]);
  });
  test('a tail that is not acknowledged does not make a reader believe that something is lost', () => {
    const bench = new LogBench(semi(1));
    const replica = bench.start('b', logOf([1, 3], 1));
    expect(replica.relationTo(at(2, 2))).toBe('behind');
  });
});

describe('sessions in a cluster that fails over', () => {
  /** Sessions write at leaders and read anywhere. What one has not seen though it should have. */
  function wander(
    seed: number,
    needs: 'token' | 'nothing',
    mode = semi(1),
    cheat?: Cheat,
  ): { served: number; broken: number } {
    const random = seeded(seed);
    const options = { mode, replicas: 3, random };
    const cluster = new LogCluster(cheat === undefined ? options : { ...options, cheat });
    const sessions = [0, 1].map(() => ({
      token: SessionToken.start(logPositions),
      writes: [] as number[],
      acknowledged: [] as number[],
      read: [] as number[],
    }));
    const sum = { served: 0, broken: 0 };
    const chaos = new LogChaos(cluster, random, { burnMax: 0 });
    cluster.failOver();
    for (let turn = 0; turn < 400; turn++) {
      chaos.turn();
      const session = sessions[randomBelow(random, sessions.length)]!;
      const machine = cluster.machines[randomBelow(random, 3)]!;
      if (machine.up && machine.replica.status.role === 'leader') session.writes.push(cluster.append(machine));
      for (const id of session.writes) {
        const position = cluster.acknowledgements.get(id);
        if (position === undefined || session.acknowledged.includes(id)) continue;
        session.acknowledged.push(id);
        session.token = session.token.wrote(position);
      }
      const reader = cluster.machines[randomBelow(random, 3)]!;
      if (!reader.up) continue;
      const out: FollowerReadsEffect<LogPosition>[] = [];
      const position = session.token.needsToRead('read-your-writes', 'monotonic-reads');
      const read = { kind: 'read', id: 1, waitMaxMs: 0, otherwise: 'refuse' } as const;
      new FollowerReads({ replica: reader.replica }).step(
        needs === 'token' ? { ...read, position } : read,
        Instant.of(cluster.now),
        out,
      );
      const [answer] = out;
      if (answer?.kind !== 'serve') continue;
      sum.served += 1;
      const values = reader.log.values(0, answer.position.index);
      const hasWrites = session.acknowledged.every((id) => values.includes(id));
      const hasReads = session.read.every((value, index) => values[index] === value);
      if (!hasWrites || !hasReads) sum.broken += 1;
      session.read = values;
      session.token = session.token.saw(answer.position);
    }
    return sum;
  }
  const all = (...args: [needs: 'token' | 'nothing', mode?: ReturnType<typeof semi>]) => {
    const sums = Array.from({ length: 15 }, (_, seed) => wander(seed + 1, ...args));
    return {
      served: sums.reduce((sum, one) => sum + one.served, 0),
      broken: sums.reduce((sum, one) => sum + one.broken, 0),
    };
  };
  test('a session reads its writes and never goes back, at whichever replica it asks', () => {
    const sum = all('token');
    expect(sum.broken).toBe(0);
    expect(sum.served).toBeGreaterThan(600);
  });
  test('without the token it does not', () => expect(all('nothing').broken).toBeGreaterThan(10));
});
