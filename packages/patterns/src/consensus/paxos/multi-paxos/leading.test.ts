/** The leader, one replica driven by hand. */
import { describe, expect, test } from 'vitest';
import { NodeId } from '../ballot.ts';
import { b, held, Solo } from './solo.fixture.ts';

describe('a leader', () => {
  test('proposes in one slot after the other, and says when each is chosen', () => {
    const solo = new Solo().lead();
    expect(solo.propose('x')).toEqual([
      '>1 accept 1.1 1:x chosen 0',
      '>2 accept 1.1 1:x chosen 0',
      '>3 accept 1.1 1:x chosen 0',
    ]);
    solo.propose('y');
    solo.accepted(2, 2);
    solo.accepted(2, 2);
    expect(solo.accepted(3, 2)).toEqual(['done 2 in 2']);
    expect(solo.accepted(1, 2)).toEqual([]);
    solo.accepted(2, 1);
    expect(solo.accepted(3, 1)).toEqual([
      'done 1 in 1',
      expect.stringMatching(/persist .* chosen 2 first 1 1:x 2:y/),
      'chosen 1: x y',
    ]);
  });

  test('proposes again what binds it, the highest ballot of each slot, fills gaps, and goes on behind', () => {
    const solo = new Solo({ windowMax: 8, aheadMax: 8 });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 0, [held(1, b(0, 2), 'old'), held(4, b(0, 3), 'd')]);
    const begun = solo.promise(3, b(1), 0, [held(1, b(0, 3), 'new'), held(4, b(0, 2), 'older')]);
    expect(begun.filter((line) => line.startsWith('>2 accept'))).toEqual([
      '>2 accept 1.1 1:new chosen 0',
      '>2 accept 1.1 2:no-op chosen 0',
      '>2 accept 1.1 3:no-op chosen 0',
      '>2 accept 1.1 4:d chosen 0',
    ]);
    expect(solo.propose('x')).toContain('>2 accept 1.1 5:x chosen 0');
  });

  test('has so many slots in flight, recovered ones first, and refuses more', () => {
    const solo = new Solo({ windowMax: 2 });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 0, [held(1, b(0, 2), 'a'), held(2, b(0, 2), 'b'), held(3, b(0, 2), 'c')]);
    const begun = solo.promise(3, b(1));
    expect(begun.filter((line) => line.startsWith('>2 accept'))).toEqual([
      '>2 accept 1.1 1:a chosen 0',
      '>2 accept 1.1 2:b chosen 0',
    ]);
    expect(solo.propose('x')).toEqual(['failed 1: window-full, not-applied']);
    solo.accepted(2, 1);
    expect(solo.accepted(3, 1)).toContain('>2 accept 1.1 3:c chosen 1');
    expect(solo.propose('x')).toEqual(['failed 2: window-full, not-applied']);
    solo.accepted(2, 2);
    solo.accepted(3, 2);
    expect(solo.propose('x')).toContain('>2 accept 1.1 4:x chosen 2');
  });

  test('asks for what others know to be chosen, and proposes behind it meanwhile', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 2);
    const begun = solo.promise(3, b(1), 0, [held(1, b(0, 9), 'stale'), held(3, b(0, 2), 'c')]);
    expect(begun).toContain('>2 learn from 1');
    expect(begun.filter((line) => line.startsWith('>3 accept'))).toEqual(['>3 accept 1.1 3:c chosen 0']);
    solo.accepted(2, 3);
    expect(solo.accepted(3, 3)).toEqual([]);
    const learned = solo.hear(2, {
      kind: 'learned',
      from: 1,
      entries: [{ kind: 'value', value: 'a' }, { kind: 'no-op' }],
      chosen: 2,
    });
    expect(learned).toContain('chosen 1: a no-op c');
  });

  test('tells everybody at intervals what is chosen, learners too, and repeats what is not answered', () => {
    const solo = new Solo({ learners: [NodeId.of(4)] }).lead();
    solo.propose('x');
    solo.accepted(2, 1);
    solo.now = 19;
    expect(solo.step({ kind: 'tick' })).toEqual([]);
    expect(solo.due()).toEqual(['>2 heartbeat 1.1 chosen 0', '>3 heartbeat 1.1 chosen 0', '>4 heartbeat 1.1 chosen 0']);
    solo.propose('y');
    solo.accepted(2, 2);
    solo.accepted(3, 2);
    solo.due();
    const repeated = solo.due().filter((line) => line.includes('accept'));
    // The second is chosen, though it waits for the first.
    expect(repeated).toEqual(['>1 accept 1.1 1:x chosen 0', '>3 accept 1.1 1:x chosen 0']);
    solo.hear(2, { kind: 'following', ballot: b(1) });
    expect(solo.due().filter((line) => line.includes('accept'))).toEqual([]);
  });

  test('gives up when it has heard of no quorum for an election timeout, and not before', () => {
    const solo = new Solo().lead();
    solo.propose('x');
    for (solo.now = 20; solo.now < 60; solo.now += 20) solo.step({ kind: 'tick' });
    solo.hear(2, { kind: 'following', ballot: b(1) });
    solo.now = 150;
    expect(solo.step({ kind: 'tick' }).filter((line) => line.startsWith('failed'))).toEqual([]);
    solo.now = 160;
    expect(solo.step({ kind: 'tick' })).toEqual(['failed 1: leader-lost, unknown', 'follower under undefined']);
    expect(solo.propose('y')).toEqual(['failed 2: not-leader, not-applied']);
  });

  test('gives up when it is outbid, whoever says so, and counts no answer to its old ballot', () => {
    const solo = new Solo().lead();
    solo.propose('x');
    expect(solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2, 2) })).toEqual([
      'failed 1: leader-lost, unknown',
      'follower under undefined',
    ]);
    solo.accepted(2, 1);
    expect(solo.accepted(3, 1)).toEqual([]);
    const other = new Solo().lead();
    expect(other.accept(2, b(2, 2), 1, 'y')).toContain('follower under 2');
  });

  test('counts no answer to its old ballot when it leads again', () => {
    const solo = new Solo().lead();
    solo.propose('x');
    solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2, 2) });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(3), 0, [held(1, b(2, 2), 'y')]);
    solo.promise(3, b(3));
    for (const from of [2, 3, 9]) solo.accepted(from, 1);
    solo.accepted(9, 1, b(3));
    expect(solo.kernel.image.reign?.inFlight[0]?.acceptedBy).toEqual([]);
    solo.accepted(2, 1, b(3));
    expect(solo.accepted(3, 1, b(3))).toContain('chosen 1: y');
  });

  test('that is outbid fails what is in flight of clients, but for what it has said to be done', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 0, [held(1, b(0, 2), 'recovered')]);
    solo.promise(3, b(1));
    solo.propose('x');
    solo.propose('y');
    solo.accepted(2, 3);
    expect(solo.accepted(3, 3)).toEqual(['done 2 in 3']);
    expect(solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2, 2) })).toEqual([
      'failed 1: leader-lost, unknown',
      'follower under undefined',
    ]);
    expect(solo.kernel.deadline).toBe(150);
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(3));
    solo.promise(3, b(3));
    expect(solo.kernel.image.reign?.inFlight).toEqual([]);
  });

  test('that is outbid asks no more for what it has recovered', () => {
    const solo = new Solo({ windowMax: 1 });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 0, [held(1, b(0, 2), 'a'), held(2, b(0, 2), 'b')]);
    solo.promise(3, b(1));
    expect(solo.hear(2, { kind: 'rejected', ballot: b(1), promised: b(2, 2) })).toEqual(['follower under undefined']);
  });

  test('stands when it has been outbid no sooner than after a silence', () => {
    const solo = new Solo().lead();
    for (solo.now = 20; solo.now < 1_000; solo.now += 20) {
      solo.hear(2, { kind: 'following', ballot: b(1) });
      solo.step({ kind: 'tick' });
    }
    solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2, 2) });
    expect(solo.kernel.deadline).toBe(1_000 + 150);
  });

  test('begins behind all that is chosen when nothing else was accepted, whoever knows most', () => {
    const other = new Solo();
    other.step({ kind: 'campaign' });
    other.promise(2, b(1), 2);
    other.promise(3, b(1));
    expect(other.propose('x')).toContain('>2 accept 1.1 3:x chosen 0');
    const entries = [1, 2].map((slot) => held(slot, b(1, 2), `v${slot}`));
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 1 };
    const self = new Solo({}, { record, entries, applied: 2 });
    self.step({ kind: 'campaign' });
    self.promise(2, b(2), 1);
    expect(self.promise(3, b(2))).not.toContain('>2 learn from 3');
    expect(self.propose('x')).toContain('>2 accept 2.1 3:x chosen 2');
  });

  test('says at once that it leads, also when it had led a moment before', () => {
    const solo = new Solo().lead();
    solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2, 2) });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(3));
    expect(solo.promise(3, b(3))).toContain('>2 heartbeat 3.1 chosen 0');
  });

  test('promises itself its ballot, though others have elected it', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1));
    expect(solo.promise(3, b(1))).toContain('persist #2 promised 1.1 round 1 chosen 0 first 1');
    expect(solo.hear(1, { kind: 'prepare', ballot: b(1), from: 1 })).toEqual([]);
  });

  test('writes what is chosen with its next heartbeat when nothing else is written', () => {
    const solo = new Solo().lead();
    solo.propose('x');
    solo.accept(1, b(1), 1, 'x');
    solo.accepted(2, 1);
    expect(solo.accepted(3, 1)).toEqual(['done 1 in 1', 'chosen 1: x']);
    expect(solo.due()[0]).toBe('persist #4 promised 1.1 round 1 chosen 1 first 1');
    expect(solo.due()[0]).toBe('>2 heartbeat 1.1 chosen 1');
  });

  test('tells a learner that is a member once, and does not hear strangers', () => {
    const solo = new Solo({ learners: [NodeId.of(2)] }).lead();
    expect(solo.due()).toEqual(['>2 heartbeat 1.1 chosen 0', '>3 heartbeat 1.1 chosen 0']);
    solo.hear(9, { kind: 'following', ballot: b(1) });
    expect(solo.kernel.image.reign?.heardFrom.map(([member]) => member)).toEqual([1, 2, 3]);
  });

  test('does not stand again when it is told to', () => {
    const solo = new Solo().lead();
    expect(solo.step({ kind: 'campaign' })).toEqual([]);
  });

  test('refuses when its log is full, until it is compacted', () => {
    const solo = new Solo({ slotsMax: 1 }).lead();
    solo.propose('x');
    expect(solo.propose('y')).toEqual(['failed 2: log-full, not-applied']);
    solo.accepted(2, 1);
    solo.accepted(3, 1);
    expect(solo.step({ kind: 'compact', through: 1 })).toEqual(['persist #4 promised 1.1 round 1 chosen 1 first 2']);
    expect(solo.propose('y')).toContain('>2 accept 1.1 2:y chosen 1');
  });

  test('lets go of what it has in flight once it has learned of others that it is chosen', () => {
    const solo = new Solo({ windowMax: 1 });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 1);
    solo.promise(3, b(1), 0, [held(2, b(0, 2), 'b')]);
    const known = [1, 2].map(() => ({ kind: 'no-op' as const }));
    solo.hear(2, { kind: 'learned', from: 1, entries: known, chosen: 2 });
    solo.accepted(2, 2);
    solo.accepted(3, 2);
    expect(solo.propose('x')).toContain('>2 accept 1.1 3:x chosen 2');
  });

  test('lets go of what waited for slots before it, once it has learned of others that all of it is chosen', () => {
    const solo = new Solo({ windowMax: 2 });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 1);
    solo.promise(3, b(1), 0, [held(2, b(0, 2), 'b'), held(3, b(0, 2), 'c')]);
    solo.accepted(2, 2);
    expect(solo.accepted(3, 2)).toEqual([]);
    const known = [1, 2].map(() => ({ kind: 'no-op' as const }));
    solo.hear(2, { kind: 'learned', from: 1, entries: known, chosen: 2 });
    expect(solo.propose('x')).toContain('>2 accept 1.1 4:x chosen 2');
    solo.accepted(2, 3);
    expect(solo.accepted(3, 3)).toContain('chosen 3: c');
  });

  test('gives up when nobody has what it must learn, since another phase 1 may find it without those who are gone', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 1);
    expect(solo.promise(3, b(1))).toContain('>2 learn from 1');
    const asked: string[] = [];
    let lines: string[] = [];
    while (solo.kernel.role === 'leader') {
      expect(solo.now).toBeLessThan(1_000);
      lines = solo.due();
      asked.push(...lines.filter((line) => line.includes('learn')));
      solo.hear(3, { kind: 'following', ballot: b(1) });
      solo.hear(3, { kind: 'learned', from: 1, entries: [], chosen: 0 });
    }
    expect(asked).toEqual([
      '>3 learn from 1',
      '>2 learn from 1',
      '>3 learn from 1',
      '>2 learn from 1',
      '>3 learn from 1',
      '>2 learn from 1',
    ]);
    expect(lines).toContain('follower under undefined');
    // The next reign begins afresh.
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(2), 1);
    expect(solo.promise(3, b(2))).toContain('>2 learn from 1');
    expect(solo.due()).not.toContain('follower under undefined');
  });

  test('asks everybody in vain again before it gives up, once somebody had some of it', () => {
    const solo = new Solo({ electionTimeoutMs: 10_000 });
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 3);
    solo.promise(3, b(1));
    const ask = (times: number): void => {
      for (let asked = 0; asked < times; ) if (solo.due().some((line) => line.includes('learn'))) asked += 1;
    };
    ask(5);
    solo.hear(3, { kind: 'learned', from: 1, entries: [{ kind: 'no-op' }], chosen: 1 });
    ask(5);
    expect(solo.kernel.role).toBe('leader');
    ask(1);
    expect(solo.kernel.role).toBe('follower');
  });

  test('waits for a snapshot as long as somebody says that there is one', () => {
    const solo = new Solo();
    solo.step({ kind: 'campaign' });
    solo.promise(2, b(1), 1);
    solo.promise(3, b(1));
    while (solo.now < 2_000) {
      const asked = solo.due().includes('>2 learn from 1');
      if (asked) solo.hear(2, { kind: 'forgotten', first: 2 });
      solo.hear(2, { kind: 'following', ballot: b(1) });
    }
    expect(solo.kernel.role).toBe('leader');
    solo.step({ kind: 'install', through: 1 });
    expect(solo.propose('x')).toContain('>2 accept 1.1 2:x chosen 1');
  });

  test('that has given up does not take its own late word for that of a leader', () => {
    const solo = new Solo().lead();
    solo.propose('x');
    solo.accept(1, b(1), 1, 'x');
    solo.hear(3, { kind: 'rejected', ballot: b(1), promised: b(2, 2) });
    expect(solo.accept(1, b(1), 1, 'x')).toEqual([]);
    expect(solo.hear(3, { kind: 'prepare', ballot: b(3, 3), from: 1 })[1]).toMatch('>3 promise 3.3');
  });

  test('is loyal to itself while it has its quorum', () => {
    const solo = new Solo().lead();
    expect(solo.hear(3, { kind: 'prepare', ballot: b(5, 3), from: 1 })).toEqual([]);
    solo.now = 100;
    expect(solo.hear(3, { kind: 'prepare', ballot: b(5, 3), from: 1 })).toContain('>3 promise 5.3 chosen 0 after #3');
    const hardly = new Solo({ loyaltyMs: 1 }).lead();
    expect(hardly.hear(3, { kind: 'prepare', ballot: b(5, 3), from: 1 })).toEqual([]);
    const never = new Solo({ loyaltyMs: 0 }).lead();
    expect(never.hear(3, { kind: 'prepare', ballot: b(5, 3), from: 1 })).toContain('>3 promise 5.3 chosen 0 after #3');
  });
});
