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

  test('gives way when it is refused, and bids higher after a while', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    expect(solo.hear(2, { kind: 'rejected', ballot: b(1), promised: b(4, 3) })).toEqual(['follower under undefined']);
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

  test('is nobody who may not vote', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    expect(solo.kernel.deadline).toBeUndefined();
    expect(solo.step({ kind: 'campaign' })).toEqual([]);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(1, 2), from: 1 })).toEqual([]);
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual([]);
  });
});
