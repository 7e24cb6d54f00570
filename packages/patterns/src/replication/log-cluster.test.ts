import { describe, expect, test } from 'vitest';
import { seeded } from '../detection/random.fixture.ts';
import { type Cheat, LogCluster } from './log-cluster.fixture.ts';
import { ASYNC, broken, runAll, semi, sync } from './log-runs.fixture.ts';

describe('whatever crashes, is cut off, lost, doubled, late or burnt', () => {
  test.each([
    ['semi-synchronous, 1 of 2 followers', semi(1), 3, 1],
    ['semi-synchronous, 2 of 4 followers', semi(2), 5, 2],
    ['semi-synchronous, 2 of 3 followers', semi(2), 4, 1],
    ['synchronous, 3 replicas, 2 at least', sync(2), 3, 1],
    ['synchronous, 5 replicas, 2 at least', sync(2), 5, 1],
  ] as const)(
    '%s: nothing acknowledged is lost, what is shown agrees and is as fresh as is said, and all end up equal',
    (_, mode, replicas, burnMax) => {
      const sum = runAll(15, { mode, replicas, burnMax });
      expect(sum.lost).toBe(0);
      expect(sum.acknowledged).toBeGreaterThan(150);
      expect(sum.failovers).toBeGreaterThan(50);
    },
  );
  test('asynchronous: nothing is lost while a failover waits for all; as soon as it does not, acknowledged records are', () => {
    const patient = runAll(12, { mode: ASYNC, replicas: 3, burnMax: 0 });
    expect([patient.lost, patient.acknowledged > 500]).toEqual([0, true]);
    const hasty = runAll(12, { mode: ASYNC, replicas: 3, burnMax: 0, lossAfterMs: 50 });
    expect(hasty.lost).toBeGreaterThan(50);
  });
  test('the other modes lose, too, when a failover is allowed to; the logs agree all the same in the end', () => {
    for (const mode of [semi(1), sync(2)]) {
      const sum = runAll(20, { mode, replicas: 3, burnMax: 1, lossAfterMs: 20 });
      expect([mode.kind, sum.lost > 0]).toEqual([mode.kind, true]);
    }
  });
});

describe('between the answer to a failover and the choice', () => {
  /** The old leader cannot be reached by who runs the failover, and reaches one of the two that have answered. */
  function story(cheat?: Cheat): LogCluster {
    const options = { mode: semi(1), replicas: 3, random: seeded(1) };
    const cluster = new LogCluster(cheat === undefined ? options : { ...options, cheat });
    cluster.settle();
    const old = cluster.leader!;
    const [first] = cluster.machines.filter((one) => one !== old);
    cluster.cut(old.name, first!.name);
    cluster.failOver();
    cluster.lose(old.name);
    cluster.work();
    cluster.append(old);
    cluster.work();
    cluster.now += 300;
    while (cluster.deliverFar());
    cluster.tick();
    cluster.work();
    return cluster;
  }
  test('the old leader gets nothing acknowledged', () => {
    const cluster = story();
    const before = cluster.invariants.acknowledgedCount;
    cluster.settle();
    cluster.checkEqual();
    expect([before, cluster.invariants.acknowledgedCount]).toEqual([1, 2]);
  });
  test('it does, and that is lost, when an answer is not a promise', () =>
    expect(() => story('position-without-promise')).toThrow(/lacks 1 acknowledged/));
});

describe('each invariant finds what it is there for', () => {
  const found = (cheat: Cheat, invariant: string, seeds = 40, mode = semi(1)): void =>
    expect([...broken(seeds, { mode, replicas: 3, burnMax: 1, cheat }, invariant)]).toContain(invariant);

  test('acknowledged: a follower that starts by cutting its log to the high-water mark loses records (KIP-101)', () => {
    found('truncate-to-mark', 'acknowledged');
    found('truncate-to-mark', 'acknowledged', 40, sync(2));
  });
  test('acknowledged: a disk that says done too early', () => found('persisted-before-disk', 'acknowledged'));
  test('acknowledged: an acknowledgement at the append', () => found('acknowledge-on-append', 'acknowledged'));
  test('acknowledged: a failover that is content with one answer', () => found('too-few-answers', 'acknowledged'));
  test('acknowledged: the longest log is not the one that has most (Raft, section 5.4.2)', () =>
    found('longest-log', 'acknowledged', 60));
  test('acknowledged: a follower that counts before it has reached the beginning of the generation (KAFKA-7128)', () => {
    found('count-unsynced', 'acknowledged');
    found('count-unsynced', 'acknowledged', 40, sync(2));
  });
  test('agree: followers that show all they have', () => found('show-everything', 'agree'));
  test('monotone: a follower that takes the mark it was told last', () => found('mark-as-last-told', 'monotone'));
  test('one leader: a leader that comes back from a crash in its own generation', () =>
    found('lead-twice', 'one leader'));
  test('matching: a follower whose log is not compared', () => found('hide-divergence', 'matching', 40, sync(2)));
  test('fresh: a follower that believes whoever says that it leads', () => found('believe-any-leader', 'fresh'));
  test('named: a leader that drops what somebody lacks without a word', () => found('abandon-quietly', 'named'));
  test('live: followers that never say what they hold', () => found('never-held', 'live'));
});
