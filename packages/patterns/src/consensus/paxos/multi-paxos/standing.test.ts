/** Who leads, one replica driven by hand. */
import { describe, expect, test } from 'vitest';
import { NodeId } from '../ballot.ts';
import { NEW_REPLICA } from './multi-paxos.ts';
import { b, Solo } from './solo.fixture.ts';

describe('a candidate', () => {
  test('asks everybody, itself included, once its round is reserved, and leads with a quorum', () => {
    const solo = new Solo();
    expect(solo.step({ kind: 'campaign' })).toEqual([
      'persist #1 promised 0.0 round 1 chosen 0 first 1',
      '>1 prepare 1.1 from slot 1 after #1',
      '>2 prepare 1.1 from slot 1 after #1',
      '>3 prepare 1.1 from slot 1 after #1',
      'candidate under undefined',
    ]);
    expect(solo.promise(2, b(1))).toEqual([]);
    expect(solo.promise(2, b(1))).toEqual([]);
    expect(solo.promise(9, b(1))).toEqual([]);
    expect(solo.promise(3, b(1))).toContain('leader under 1');
    expect(solo.promise(1, b(1))).toEqual([]);
  });

  test('begins behind what the disk may have used, and above what it has heard of', () => {
    const restart = { ...NEW_REPLICA, record: { ...NEW_REPLICA.record, reservedRound: 5, promised: b(7, 2) } };
    expect(new Solo({}, restart).step({ kind: 'campaign' })).toContain('>2 prepare 8.1 from slot 1 after #1');
  });

  test('stands after a silence drawn at random, and again, later each time', () => {
    const solo = new Solo();
    expect(solo.kernel.deadline).toBe(150);
    expect(solo.due()).toContain('candidate under undefined');
    expect(solo.kernel.deadline).toBe(150 + 100 + 50);
    solo.due();
    expect(solo.kernel.deadline).toBe(300 + 100 + 100);
  });

  test.each([
    [10, [20, 35, 57.5]],
    [0, [0, 0, 0]],
  ])('waits for a while that grows from the one before with decorrelated jitter, from %d ms on', (baseMs, waits) => {
    const solo = new Solo({ backoff: { baseMs, capMs: 1_000, jitter: { kind: 'decorrelated' } } });
    const wait = (): number => solo.kernel.deadline! - solo.now;
    const standAgainAndAgain = (): void => {
      solo.step({ kind: 'campaign' });
      for (const waitMs of waits) {
        expect(wait()).toBe(100 + waitMs);
        const { round } = solo.kernel.image.candidacy!.ballot;
        solo.hear(2, { kind: 'rejected', ballot: b(round), promised: b(round, 2) });
        expect(wait()).toBe(waitMs);
        solo.due();
      }
    };
    standAgainAndAgain();
    solo.hear(2, { kind: 'heartbeat', ballot: b(9, 2), chosen: 0 });
    standAgainAndAgain();
    const { round } = solo.kernel.image.candidacy!.ballot;
    for (const from of [2, 3]) solo.promise(from, b(round));
    solo.hear(2, { kind: 'rejected', ballot: b(round), promised: b(20, 2) });
    standAgainAndAgain();
  });

  test('gives way when it is refused, and bids higher after a while', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    expect(solo.hear(2, { kind: 'rejected', ballot: b(1), promised: b(4, 3) })).toEqual(['follower under undefined']);
    expect(solo.kernel.deadline).toBe(50);
    expect(solo.due()).toContain('>2 prepare 5.1 from slot 1 after #2');
  });

  test('gives way to a leader, and to its own promise of a higher ballot', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    expect(solo.hear(3, { kind: 'heartbeat', ballot: b(1, 3), chosen: 0 })).toContain('follower under 3');
    const other = new Solo();
    other.step({ kind: 'campaign' });
    expect(other.hear(2, { kind: 'prepare', ballot: b(2, 2), from: 1 })).toContain('follower under undefined');
    expect(other.promise(2, b(1))).toEqual([]);
    expect(other.promise(3, b(1))).toEqual([]);
  });

  test('counts no promise of a stranger, whatever that says', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.promise(9, b(1), 98);
    solo.promise(2, b(1));
    solo.promise(3, b(1));
    expect(solo.propose('x')).toContain('>2 accept 1.1 1:x chosen 0');
  });

  test('counts no promise of an earlier ballot', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.step({ kind: 'campaign' });
    for (const from of [1, 2, 3]) solo.promise(from, b(1));
    expect(solo.kernel.role).toBe('candidate');
    solo.promise(2, b(2));
    expect(solo.promise(3, b(2))).toContain('leader under 1');
  });

  test('goes on when an earlier ballot is refused for one that is no higher than its own', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.step({ kind: 'campaign' });
    expect(solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(1, 3) })).toEqual([]);
    expect(solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2) })).toEqual([]);
    expect(solo.kernel.role).toBe('candidate');
  });

  test('promises itself, though it has just heard a leader', () => {
    const solo = new Solo();
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 0 });
    solo.step({ kind: 'campaign' });
    expect(solo.hear(1, { kind: 'prepare', ballot: b(1), from: 1 })).toContain('>1 promise 1.1 chosen 0 after #2');
  });

  test('waits no longer than at first once there was a leader, another or itself', () => {
    const solo = new Solo();
    for (let times = 0; times < 3; times++) solo.due();
    solo.hear(2, { kind: 'heartbeat', ballot: b(9, 2), chosen: 0 });
    solo.step({ kind: 'campaign' });
    expect(solo.kernel.deadline).toBe(solo.now + 100 + 50);
    for (let times = 0; times < 3; times++) solo.due();
    const { round } = solo.kernel.image.candidacy!.ballot;
    solo.promise(2, b(round));
    solo.promise(3, b(round));
    solo.hear(2, { kind: 'rejected', ballot: b(round), promised: b(20, 2) });
    solo.step({ kind: 'campaign' });
    expect(solo.kernel.deadline).toBe(solo.now + 100 + 50);
  });

  test('writes once for a block of rounds', () => {
    const solo = new Solo({ roundsPerWrite: 10 });
    expect(solo.step({ kind: 'campaign' })[0]).toBe('persist #1 promised 0.0 round 10 chosen 0 first 1');
    expect(solo.step({ kind: 'campaign' })[0]).toBe('>1 prepare 2.1 from slot 1 after #1');
  });

  test('is nobody who may not vote', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 0 });
    expect(solo.kernel.deadline).toBeUndefined();
    expect(solo.step({ kind: 'campaign' })).toEqual([]);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(1, 2), from: 1 })).toEqual([]);
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual([]);
  });
});
