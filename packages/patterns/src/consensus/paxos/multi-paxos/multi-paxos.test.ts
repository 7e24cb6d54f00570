/** One replica, driven by hand. Whole groups: `transcript.test.ts`, `model.test.ts`, `simulation.prop.test.ts`. */
import { describe, expect, test } from 'vitest';
import { Instant, InvariantError } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { type Ballot, NodeId, showBallot } from '../ballot.ts';
import type { MultiPaxosMessage, SlotEntry } from './messages.ts';
import { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos.ts';
import type { MultiPaxosEffect, MultiPaxosInput, MultiPaxosOptions, MultiPaxosRestart } from './multi-paxos-types.ts';
import { showEntry, showMultiPaxosMessage } from './world.fixture.ts';

const members = [1, 2, 3].map(NodeId.of);
const b = (round: number, node = 1): Ballot => ({ round, node: NodeId.of(node) });
const held = (slot: number, ballot: Ballot, value: string): SlotEntry<string> => ({
  slot,
  ballot,
  entry: { kind: 'value', value },
});

class Solo {
  readonly kernel: MultiPaxos<string>;
  now = 0;
  #lastId = 0;

  constructor(options: Partial<MultiPaxosOptions> = {}, restart: MultiPaxosRestart<string> = NEW_REPLICA) {
    const given: MultiPaxosOptions = {
      self: NodeId.of(1),
      quorums: new FlexibleQuorum({ members, prepare: 2, accept: 2 }),
      random: () => 0.5,
      electionTimeoutMs: 100,
      heartbeatIntervalMs: 20,
      resendMs: 50,
      ...options,
    };
    this.kernel = new MultiPaxos<string>(given, restartedReplica(restart));
    this.step({ kind: 'tick' });
  }

  step(input: MultiPaxosInput<string>): string[] {
    const out: MultiPaxosEffect<string>[] = [];
    this.kernel.step(input, Instant.of(this.now), out);
    return out.map(show);
  }

  hear(from: number, message: MultiPaxosMessage<string>): string[] {
    return this.step({ kind: 'message', from: NodeId.of(from), message });
  }

  propose(value: string): string[] {
    this.#lastId += 1;
    return this.step({ kind: 'propose', id: this.#lastId, value });
  }

  promise(from: number, ballot: Ballot, chosen = 0, accepted: readonly SlotEntry<string>[] = []): string[] {
    return this.hear(from, { kind: 'promise', ballot, chosen, accepted });
  }

  accept(from: number, ballot: Ballot, slot: number, value: string, chosen = 0): string[] {
    return this.hear(from, { kind: 'accept', ballot, slot, entry: { kind: 'value', value }, chosen });
  }

  accepted(from: number, slot: number, ballot = b(1)): string[] {
    return this.hear(from, { kind: 'accepted', ballot, slot });
  }

  due(): string[] {
    this.now = this.kernel.deadline!;
    return this.step({ kind: 'tick' });
  }

  /** Leads under ballot 1.1. */
  lead(): this {
    this.step({ kind: 'campaign' });
    this.hear(1, { kind: 'prepare', ballot: b(1), from: 1 });
    this.promise(1, b(1));
    this.promise(2, b(1));
    return this;
  }
}

function show(effect: MultiPaxosEffect<string>): string {
  switch (effect.kind) {
    case 'persist': {
      const slots = effect.entries.map(({ slot, entry }) => ` ${slot}:${showEntry(entry)}`).join('');
      const { promised, reservedRound, chosen, first } = effect.record;
      return `persist #${effect.ticket} promised ${showBallot(promised)} round ${reservedRound} chosen ${chosen} first ${first}${slots}`;
    }
    case 'send':
      return `>${effect.to} ${showMultiPaxosMessage(effect.message)}${effect.after === 0 ? '' : ` after #${effect.after}`}`;
    case 'chosen':
      return `chosen ${effect.first}: ${effect.entries.map(showEntry).join(' ')}`;
    case 'done':
      return `done ${effect.id} in ${effect.slot}`;
    case 'failed':
      return `failed ${effect.id}: ${effect.reason}, ${effect.outcome}`;
    case 'snapshot-needed':
      return `snapshot needed of ${effect.from} below ${effect.first}`;
    case 'role':
      return `${effect.role} under ${effect.leader}`;
  }
}

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
    solo.promise(2, b(1), 0, [held(1, b(0, 2), 'old'), held(4, b(0, 2), 'd')]);
    const begun = solo.promise(3, b(1), 0, [held(1, b(0, 3), 'new')]);
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
    expect(solo.due()).toEqual(['>2 heartbeat 1.1 chosen 0', '>3 heartbeat 1.1 chosen 0', '>4 heartbeat 1.1 chosen 0']);
    solo.due();
    const repeated = solo.due();
    expect(repeated).toContain('>3 accept 1.1 1:x chosen 0');
    expect(repeated).not.toContain('>2 accept 1.1 1:x chosen 0');
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

  test('refuses when its log is full, until it is compacted', () => {
    const solo = new Solo({ slotsMax: 1 }).lead();
    solo.propose('x');
    expect(solo.propose('y')).toEqual(['failed 2: log-full, not-applied']);
    solo.accepted(2, 1);
    solo.accepted(3, 1);
    expect(solo.step({ kind: 'compact', through: 1 })).toEqual(['persist #4 promised 1.1 round 1 chosen 1 first 2']);
    expect(solo.propose('y')).toContain('>2 accept 1.1 2:y chosen 1');
  });

  test('is loyal to itself while it has its quorum', () => {
    const solo = new Solo().lead();
    expect(solo.hear(3, { kind: 'prepare', ballot: b(5, 3), from: 1 })).toEqual([]);
    solo.now = 100;
    expect(solo.hear(3, { kind: 'prepare', ballot: b(5, 3), from: 1 })).toContain('>3 promise 5.3 chosen 0 after #3');
  });
});

describe('an acceptor', () => {
  test('promises for all slots at once, and tells what it holds from the slot that is asked for', () => {
    const entries = [held(1, b(1, 2), 'a'), held(2, b(1, 2), 'b'), held(3, b(1, 2), 'c')];
    const solo = new Solo(
      {},
      { record: { promised: b(1, 2), reservedRound: 0, chosen: 1, first: 1 }, entries, applied: 1 },
    );
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 1 })[1]).toBe(
      '>3 promise 2.3 chosen 1 2:b@1.2 3:c@1.2 after #1',
    );
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 3 })).toEqual([
      '>3 promise 2.3 chosen 1 3:c@1.2 after #1',
    ]);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(2, 2), from: 1 })).toEqual(['>2 rejected 2.2, promised 2.3']);
    expect(solo.accept(2, b(1, 2), 4, 'd')).toEqual(['>2 rejected 1.2, promised 2.3']);
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 3 })).toEqual(['>2 rejected 1.2, promised 2.3']);
  });

  test('accepts, durably, once, and what it holds of this ballot is chosen when the leader says so', () => {
    const solo = new Solo();
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual([
      'persist #1 promised 1.2 round 0 chosen 0 first 1 1:x',
      '>2 accepted 1.2 1 after #1',
      'follower under 2',
    ]);
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual(['>2 accepted 1.2 1 after #1']);
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 1 })).toEqual([
      'persist #2 promised 1.2 round 0 chosen 1 first 1',
      '>2 following 1.2',
      'chosen 1: x',
    ]);
    expect(solo.accept(2, b(1, 2), 1, 'x')).toEqual(['>2 accepted 1.2 1 after #2']);
  });

  test('asks for what is chosen when it holds that slot under an older ballot only', () => {
    const solo = new Solo();
    solo.accept(2, b(1, 2), 1, 'lost');
    expect(solo.hear(3, { kind: 'heartbeat', ballot: b(2, 3), chosen: 1 })).toContain('>3 learn from 1');
    expect(solo.hear(3, { kind: 'learned', from: 1, entries: [{ kind: 'value', value: 'won' }], chosen: 1 })).toContain(
      'chosen 1: won',
    );
  });

  test('accepts so far beyond what it knows to be chosen, and asks for that first', () => {
    const solo = new Solo({ windowMax: 2, aheadMax: 2 });
    expect(solo.accept(2, b(1, 2), 2, 'b')).toContain('>2 accepted 1.2 2 after #1');
    expect(solo.accept(2, b(1, 2), 3, 'c', 1)).toEqual(['>2 learn from 1']);
    solo.hear(2, { kind: 'learned', from: 1, entries: [{ kind: 'value', value: 'a' }], chosen: 1 });
    expect(solo.accept(2, b(1, 2), 3, 'c', 1)).toContain('>2 accepted 1.2 3 after #3');
  });

  test('does not listen to a rival of a leader it has just heard', () => {
    const solo = new Solo();
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 0 });
    solo.now = 99;
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 1 })).toEqual([]);
    expect(solo.hear(2, { kind: 'prepare', ballot: b(2, 2), from: 1 })[1]).toBe('>2 promise 2.2 chosen 0 after #1');
    solo.now = 100;
    expect(solo.hear(3, { kind: 'prepare', ballot: b(3, 3), from: 1 })[1]).toBe('>3 promise 3.3 chosen 0 after #2');
  });
});

describe('learning', () => {
  const entries = [1, 2, 3, 4].map((slot) => held(slot, b(1, 2), `v${slot}`));
  const record = { promised: b(1, 2), reservedRound: 0, chosen: 4, first: 2 };

  test('is answered with so many entries at a time, and with "forgotten" for what is in a snapshot', () => {
    const solo = new Solo({ learnMax: 2 }, { record, entries, applied: 4 });
    expect(solo.hear(4, { kind: 'learn', from: 2 })).toEqual(['>4 learned from 2: v2 v3 chosen 4']);
    expect(solo.hear(4, { kind: 'learn', from: 1 })).toEqual(['>4 forgotten below 2']);
    expect(solo.hear(4, { kind: 'learn', from: 5 })).toEqual(['>4 learned from 5:  chosen 4']);
  });

  test('goes on asking until it has everything, of somebody else when there is no answer', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    const value = (text: string): { readonly kind: 'value'; readonly value: string } => ({
      kind: 'value',
      value: text,
    });
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 3 })).toContain('>2 learn from 1');
    expect(solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 4 })).not.toContain('>2 learn from 1');
    expect(solo.due()).toEqual(['>3 learn from 1']);
    expect(solo.due()).toEqual(['>1 learn from 1']);
    expect(solo.hear(1, { kind: 'learned', from: 1, entries: [value('a'), value('b')], chosen: 4 })).toContain(
      '>1 learn from 3',
    );
    expect(solo.hear(1, { kind: 'learned', from: 2, entries: [value('b'), value('c')], chosen: 4 })).toContain(
      'chosen 3: c',
    );
    expect(solo.hear(1, { kind: 'learned', from: 4, entries: [value('d')], chosen: 4 })).toContain('chosen 4: d');
    expect(solo.kernel.deadline).toBeUndefined();
  });

  test('needs a snapshot for what is forgotten elsewhere, and goes on behind it', () => {
    const solo = new Solo({ self: NodeId.of(4) });
    solo.hear(2, { kind: 'heartbeat', ballot: b(1, 2), chosen: 9 });
    expect(solo.hear(2, { kind: 'forgotten', first: 8 })).toEqual(['snapshot needed of 2 below 8']);
    expect(solo.hear(2, { kind: 'forgotten', first: 1 })).toEqual([]);
    expect(solo.step({ kind: 'install', through: 7 })).toEqual(['persist #1 promised 0.0 round 0 chosen 7 first 8']);
    expect(solo.step({ kind: 'install', through: 5 })).toEqual([]);
    expect(solo.due()).toEqual(['>3 learn from 8']);
    const last = [8, 9].map(() => ({ kind: 'no-op' as const }));
    expect(solo.hear(3, { kind: 'learned', from: 8, entries: last, chosen: 9 })).toContain('chosen 8: no-op no-op');
  });

  test('does not take more than there is room for', () => {
    const solo = new Solo({ self: NodeId.of(4), slotsMax: 1 });
    const two = [1, 2].map(() => ({ kind: 'no-op' as const }));
    expect(solo.hear(2, { kind: 'learned', from: 1, entries: two, chosen: 2 })).toContain('chosen 1: no-op');
    solo.step({ kind: 'compact', through: 1 });
    expect(solo.hear(2, { kind: 'learned', from: 2, entries: two, chosen: 2 })).toContain('chosen 2: no-op');
  });
});

describe('a restart', () => {
  const entries = [held(1, b(1, 2), 'a'), held(2, b(1, 2), 'b')];

  test('hands out what was chosen and not applied', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 1 };
    const kernel = new MultiPaxos<string>(
      { self: NodeId.of(1), quorums: new FlexibleQuorum({ members, prepare: 2, accept: 2 }), random: () => 0 },
      restartedReplica({ record, entries, applied: 1 }),
    );
    const out: MultiPaxosEffect<string>[] = [];
    kernel.step({ kind: 'tick' }, Instant.of(0), out);
    expect(out.map(show)).toEqual(['chosen 2: b']);
  });

  test('takes what the state machine has consumed for a snapshot when the log does not know that it was chosen', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 1, first: 1 };
    const solo = new Solo({}, { record, entries, applied: 2 });
    expect(solo.hear(3, { kind: 'learn', from: 2 })).toEqual(['>3 forgotten below 3']);
    expect(solo.hear(3, { kind: 'prepare', ballot: b(2, 3), from: 1 })[1]).toBe('>3 promise 2.3 chosen 2 after #1');
  });

  test('that contradicts itself is refused', () => {
    const record = { promised: b(1, 2), reservedRound: 0, chosen: 3, first: 1 };
    expect(() => new Solo({}, { record, entries, applied: 0 })).toThrow(InvariantError);
    const compacted = { promised: b(1, 2), reservedRound: 0, chosen: 2, first: 2 };
    expect(() => new Solo({}, { record: compacted, entries, applied: 0 })).toThrow(/state machine must start/);
  });
});

test('options that cannot work are refused', () => {
  expect(() => new Solo({ windowMax: 0 })).toThrow(RangeError);
  expect(() => new Solo({ heartbeatIntervalMs: 100 })).toThrow(/below electionTimeoutMs/);
  expect(() => new Solo({ windowMax: 9, aheadMax: 8 })).toThrow(/at least windowMax/);
});
