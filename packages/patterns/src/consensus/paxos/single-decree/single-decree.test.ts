/** One test per claim of "Paxos Made Simple" and of "Flexible Paxos", each for one part at a time. */
import { describe, expect, test } from 'vitest';
import { Instant, InvariantError } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { type Ballot, NodeId } from '../ballot.ts';
import type { SendEffect } from '../send-effect.ts';
import { outOf } from '../steps.fixture.ts';
import { Acceptor, type AcceptorEffect } from './acceptor.ts';
import { Learner, type LearnerEffect } from './learner.ts';
import type { AcceptorAnswer, AcceptorRequest, SynodMessage } from './messages.ts';
import { Proposer, type ProposerEffect, type ProposerOptions, restartedProposer } from './proposer.ts';
import { acceptorIds, showMessage } from './world.fixture.ts';

const at = Instant.of;
const node = NodeId.of;
const [A, B, C] = acceptorIds(3) as [NodeId, NodeId, NodeId];
const majority = new FlexibleQuorum({ members: [A, B, C], prepare: 2, accept: 2 });
const ballot = (round: number, of = 1): Ballot => ({ round, node: node(of) });

function show(effects: readonly (AcceptorEffect<string> | ProposerEffect<string>)[]): string[] {
  return effects.map((effect) => {
    if (effect.kind === 'chosen') return `chosen ${effect.value}`;
    if (effect.kind === 'persist') return `persist #${effect.ticket}`;
    const { to, message, after } = effect as SendEffect<SynodMessage<string>>;
    return `>${to} ${showMessage(message)}${after === 0 ? '' : ` after #${after}`}`;
  });
}

describe('an acceptor', () => {
  const hear = (acceptor: Acceptor<string>, message: AcceptorRequest<string>, from = 1): string[] => {
    const input = { kind: 'message', from: node(from), message } as const;
    return show(outOf<AcceptorEffect<string>>((out) => acceptor.step(input, at(0), out)));
  };

  test('can respond to a prepare request at any time, and to an accept request if it has not promised not to (2.2)', () => {
    const acceptor = new Acceptor<string>();
    expect(hear(acceptor, { kind: 'accept', ballot: ballot(1), value: 'x' })).toEqual([
      'persist #1',
      '>1 accepted 1.1 x after #1',
    ]);
    expect(hear(acceptor, { kind: 'prepare', ballot: ballot(2, 2) }, 2)).toEqual([
      'persist #2',
      '>2 promise 2.2 (x at 1.1) after #2',
    ]);
    expect(hear(acceptor, { kind: 'accept', ballot: ballot(1), value: 'x' })).toEqual([
      '>1 rejected 1.1, promised 2.2',
    ]);
    expect(hear(acceptor, { kind: 'accept', ballot: ballot(2, 2), value: 'y' }, 2)).toEqual([
      'persist #3',
      '>2 accepted 2.2 y after #3',
    ]);
  });

  test('ignores a prepare request below one it has promised (P1a), and says so', () => {
    const acceptor = new Acceptor<string>({}, { promised: ballot(2, 2), accepted: undefined });
    expect(hear(acceptor, { kind: 'prepare', ballot: ballot(2, 1) })).toEqual(['>1 rejected 2.1, promised 2.2']);
    expect(acceptor.state).toEqual({ promised: ballot(2, 2), accepted: undefined });
  });

  test('answers what it has answered before without another write, and after the write that it speaks of', () => {
    const acceptor = new Acceptor<string>();
    expect(hear(acceptor, { kind: 'prepare', ballot: ballot(1) })).toEqual(['persist #1', '>1 promise 1.1 after #1']);
    expect(hear(acceptor, { kind: 'prepare', ballot: ballot(1) })).toEqual(['>1 promise 1.1 after #1']);
    expect(hear(acceptor, { kind: 'accept', ballot: ballot(1), value: 'x' })).toEqual([
      'persist #2',
      '>1 accepted 1.1 x after #2',
    ]);
    expect(hear(acceptor, { kind: 'accept', ballot: ballot(1), value: 'x' })).toEqual(['>1 accepted 1.1 x after #2']);
  });

  test('remembers the highest ballot it accepted and the highest it promised, and nothing else (2.2)', () => {
    const acceptor = new Acceptor<string>();
    hear(acceptor, { kind: 'accept', ballot: ballot(1), value: 'x' });
    hear(acceptor, { kind: 'accept', ballot: ballot(3), value: 'z' });
    hear(acceptor, { kind: 'prepare', ballot: ballot(4) });
    expect(acceptor.state).toEqual({ promised: ballot(4), accepted: { ballot: ballot(3), value: 'z' } });
    const again = new Acceptor<string>({}, acceptor.state);
    expect(hear(again, { kind: 'prepare', ballot: ballot(5) })).toEqual([
      'persist #1',
      '>1 promise 5.1 (z at 3.1) after #1',
    ]);
  });

  test('counts its tickets on from the one that it is given, when one log serves several', () => {
    const acceptor = new Acceptor<string>({ ticket: 7 });
    expect(hear(acceptor, { kind: 'prepare', ballot: ballot(1) })).toEqual(['persist #8', '>1 promise 1.1 after #8']);
    expect(acceptor.ticket).toBe(8);
  });

  test('tells its learners, each once (2.3)', () => {
    const acceptor = new Acceptor<string>({ learners: [node(1), node(7)] });
    expect(hear(acceptor, { kind: 'accept', ballot: ballot(1), value: 'x' })).toEqual([
      'persist #1',
      '>1 accepted 1.1 x after #1',
      '>7 accepted 1.1 x after #1',
    ]);
  });
});

describe('a learner', () => {
  const told = (kernel: Learner<string>, from: NodeId, message: AcceptorAnswer<string>): string[] =>
    outOf<LearnerEffect<string>>((out) => kernel.step({ kind: 'message', from, message }, at(0), out)).map(
      ({ value }) => value,
    );
  const learner = (): { readonly hear: (from: NodeId, round: number, value: string) => string[] } => {
    const kernel = new Learner<string>(majority);
    return {
      hear: (from, round, value) => told(kernel, from, { kind: 'accepted', ballot: ballot(round), value }),
    };
  };

  test('learns a value that a majority has accepted under one ballot, once (2.3)', () => {
    const { hear } = learner();
    expect(hear(A, 1, 'x')).toEqual([]);
    expect(hear(A, 1, 'x')).toEqual([]);
    expect(hear(B, 1, 'x')).toEqual(['x']);
    expect(hear(C, 1, 'x')).toEqual([]);
  });

  test('does not count votes of different ballots together, though they are for the same value', () => {
    const { hear } = learner();
    hear(A, 1, 'x');
    expect(hear(B, 2, 'x')).toEqual([]);
    expect(hear(C, 2, 'x')).toEqual(['x']);
  });

  test('lets an old vote replace no newer one, and counts no stranger', () => {
    const { hear } = learner();
    hear(A, 2, 'y');
    hear(A, 1, 'x');
    expect(hear(node(50), 2, 'y')).toEqual([]);
    expect(hear(B, 1, 'x')).toEqual([]);
    expect(hear(B, 2, 'y')).toEqual(['y']);
  });

  test('takes promises and refusals for no votes, and remembers none of a stranger', () => {
    const kernel = new Learner<string>(majority);
    for (const from of [A, B]) {
      told(kernel, from, { kind: 'promise', ballot: ballot(1), accepted: { ballot: ballot(1), value: 'x' } });
      told(kernel, from, { kind: 'rejected', ballot: ballot(1), promised: ballot(2) });
    }
    told(kernel, node(50), { kind: 'accepted', ballot: ballot(1), value: 'x' });
    expect([kernel.chosen, kernel.votes.size]).toEqual([undefined, 0]);
  });
});

describe('a proposer', () => {
  class Solo {
    readonly proposer: Proposer<string>;
    now = 0;
    constructor(options: Partial<ProposerOptions> = {}, reservedRound = 0) {
      const given = { self: node(1), quorums: majority, random: () => 0.5, ...options };
      this.proposer = new Proposer<string>(given, restartedProposer(reservedRound));
    }
    propose(value: string): string[] {
      return this.#step({ kind: 'propose', value });
    }
    hear(from: NodeId, message: AcceptorAnswer<string>): string[] {
      return this.#step({ kind: 'message', from, message });
    }
    promise(from: NodeId, round: number, accepted?: readonly [Ballot, string]): string[] {
      const told = accepted === undefined ? undefined : { ballot: accepted[0], value: accepted[1] };
      return this.hear(from, { kind: 'promise', ballot: ballot(round), accepted: told });
    }
    reject(from: NodeId, round: number, promised: Ballot): string[] {
      return this.hear(from, { kind: 'rejected', ballot: ballot(round), promised });
    }
    due(): string[] {
      this.now = this.proposer.deadline!;
      return this.#step({ kind: 'tick' });
    }
    tick(): string[] {
      return this.#step({ kind: 'tick' });
    }
    #step(input: Parameters<Proposer<string>['step']>[0]): string[] {
      return show(outOf<ProposerEffect<string>>((out) => this.proposer.step(input, at(this.now), out)));
    }
  }

  test('asks a majority for promises, then proposes its own value when nothing binds it (2.2)', () => {
    const solo = new Solo();
    expect(solo.propose('mine')).toEqual([
      'persist #1',
      '>11 prepare 1.1 after #1',
      '>12 prepare 1.1 after #1',
      '>13 prepare 1.1 after #1',
    ]);
    expect(solo.promise(A, 1)).toEqual([]);
    expect(solo.promise(A, 1)).toEqual([]);
    expect(solo.promise(B, 1)).toEqual([
      '>11 accept 1.1 mine after #1',
      '>12 accept 1.1 mine after #1',
      '>13 accept 1.1 mine after #1',
    ]);
    expect(solo.hear(C, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual([]);
    expect(solo.hear(A, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual(['chosen mine']);
    expect(solo.hear(B, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual([]);
    expect(solo.proposer.deadline).toBeUndefined();
  });

  test('proposes the value of the highest ballot among the promises (P2c)', () => {
    const solo = new Solo({}, 4);
    solo.propose('mine');
    solo.promise(A, 5, [ballot(2, 2), 'older']);
    expect(solo.promise(B, 5, [ballot(3, 3), 'newer'])[0]).toBe('>11 accept 5.1 newer after #1');
  });

  test('never uses a round twice, a crash included: it begins above what it reserved (2.5)', () => {
    expect(new Solo({ roundsPerWrite: 10 }).propose('x')).toContain('>11 prepare 1.1 after #1');
    const restarted = new Solo({ roundsPerWrite: 10 }, 10);
    expect(restarted.propose('x')).toContain('>11 prepare 11.1 after #1');
  });

  test('has used no round when it is new', () => {
    const { state } = new Proposer<string>({ self: node(1), quorums: majority, random: () => 0.5 });
    expect(state).toEqual(restartedProposer(0));
    expect(state.rounds).toEqual({ last: 0, reserved: 0 });
  });

  test('writes once for a block of rounds', () => {
    const solo = new Solo({ roundsPerWrite: 2 });
    const writes: string[][] = [solo.propose('x')];
    for (let round = 1; round <= 3; round++) {
      solo.reject(A, round, ballot(round, 2));
      solo.reject(B, round, ballot(round, 2));
      writes.push(solo.due());
    }
    expect(writes.map((shown) => shown.filter((line) => line.startsWith('persist')))).toEqual([
      ['persist #1'],
      [],
      ['persist #2'],
      [],
    ]);
  });

  test('abandons a ballot that no quorum is left for, waits for longer each time, and bids above what it heard of (2.2, 2.4)', () => {
    const solo = new Solo();
    solo.propose('mine');
    expect(solo.reject(A, 1, ballot(7, 2))).toEqual([]);
    expect(solo.proposer.state.phase.kind).toBe('preparing');
    solo.reject(B, 1, ballot(6, 2));
    expect(solo.proposer.state.phase.kind).toBe('backing-off');
    expect(solo.proposer.deadline).toBe(10);
    expect(solo.due()).toContain('>11 prepare 8.1 after #2');
    solo.reject(A, 8, ballot(9, 2));
    solo.reject(B, 8, ballot(9, 2));
    expect(solo.proposer.deadline).toBe(10 + 20);
  });

  test('repeats its question to those who are silent, and gives way when one has refused and the rest stay silent', () => {
    const solo = new Solo({ resendMs: 50 });
    solo.propose('mine');
    solo.promise(A, 1);
    expect(solo.due()).toEqual(['>12 prepare 1.1 after #1', '>13 prepare 1.1 after #1']);
    solo.reject(B, 1, ballot(3, 2));
    expect(solo.due()).toEqual([]);
    expect(solo.due()).toContain('>11 prepare 4.1 after #2');
  });

  test('repeats the second question, too, to those who have not accepted yet', () => {
    const solo = new Solo({ resendMs: 50 });
    solo.propose('mine');
    for (const from of [A, B]) solo.promise(from, 1);
    solo.hear(A, { kind: 'accepted', ballot: ballot(1), value: 'mine' });
    const rest = ['>12 accept 1.1 mine after #1', '>13 accept 1.1 mine after #1'];
    expect([solo.due(), solo.due(), solo.now]).toEqual([rest, rest, 100]);
    solo.reject(B, 1, ballot(3, 2));
    expect(solo.due()).toEqual([]);
    expect(solo.due()).toContain('>11 prepare 4.1 after #2');
  });

  test('takes no answer to an earlier ballot for one to this, nor that of a stranger', () => {
    const solo = new Solo();
    solo.propose('mine');
    solo.reject(A, 1, ballot(1, 2));
    solo.reject(B, 1, ballot(1, 2));
    solo.due();
    expect([solo.promise(A, 1), solo.promise(node(50), 2), solo.promise(C, 2)]).toEqual([[], [], []]);
    expect(solo.promise(B, 2)).toContain('>11 accept 2.1 mine after #2');
  });

  test('is bound by no promise of a stranger, and gives way to no refusal of one', () => {
    const solo = new Solo();
    solo.propose('mine');
    solo.promise(node(50), 1, [ballot(9, 9), 'theirs']);
    solo.reject(node(50), 1, ballot(9, 9));
    solo.promise(A, 1);
    expect(solo.due()).toEqual(['>12 prepare 1.1 after #1', '>13 prepare 1.1 after #1']);
    expect(solo.promise(B, 1)).toContain('>11 accept 1.1 mine after #1');
  });

  test('needs only that quorums of the two phases meet (Flexible Paxos, section 4)', () => {
    const solo = new Solo({ quorums: new FlexibleQuorum({ members: [A, B, C], prepare: 3, accept: 1 }) });
    solo.propose('mine');
    expect([solo.promise(A, 1), solo.promise(B, 1)]).toEqual([[], []]);
    expect(solo.promise(C, 1)).toContain('>11 accept 1.1 mine after #1');
    expect(solo.hear(B, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual(['chosen mine']);
  });

  test('gives up a ballot of which no quorum of its phase is left, and no sooner', () => {
    const quorums = new FlexibleQuorum({ members: [A, B, C], prepare: 3, accept: 1 });
    const preparing = new Solo({ quorums });
    preparing.propose('mine');
    preparing.reject(A, 1, ballot(7, 2));
    expect(preparing.proposer.state.phase.kind).toBe('backing-off');
    const accepting = new Solo({ quorums });
    accepting.propose('mine');
    for (const from of [A, B, C]) accepting.promise(from, 1);
    for (const from of [A, A, B]) accepting.reject(from, 1, ballot(7, 2));
    expect(accepting.proposer.state.refusedBy).toEqual([A, B]);
    expect(accepting.hear(C, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual(['chosen mine']);
  });

  test('takes no answer of one phase for one of the other', () => {
    const solo = new Solo();
    solo.propose('mine');
    expect(solo.hear(A, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual([]);
    solo.promise(A, 1);
    solo.promise(B, 1);
    expect(solo.promise(C, 1)).toEqual([]);
    solo.hear(A, { kind: 'accepted', ballot: ballot(1), value: 'mine' });
    expect(solo.hear(A, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual([]);
    expect(solo.hear(B, { kind: 'accepted', ballot: ballot(1), value: 'mine' })).toEqual(['chosen mine']);
  });

  test('does nothing before it is due, before it has a value, and when it is done', () => {
    const solo = new Solo();
    expect([solo.tick(), solo.proposer.deadline]).toEqual([[], undefined]);
    solo.propose('mine');
    expect(solo.proposer.deadline).toBe(100);
    solo.now = 99;
    expect(solo.tick()).toEqual([]);
    for (const from of [A, B]) solo.promise(from, 1);
    expect(solo.proposer.deadline).toBe(199);
    for (const from of [A, B]) solo.hear(from, { kind: 'accepted', ballot: ballot(1), value: 'mine' });
    solo.now = 1_000;
    expect([solo.tick(), solo.proposer.deadline]).toEqual([[], undefined]);
  });

  test('waits for half of two seconds on average in the end, and reserves a round at a time, by default', () => {
    const solo = new Solo({ resendMs: 1 });
    solo.propose('mine');
    expect(solo.proposer.state.rounds.reserved).toBe(1);
    for (let round = 1; round <= 12; round++) {
      for (const from of [A, B]) solo.reject(from, round, ballot(round, 2));
      if (round < 12) solo.due();
    }
    expect(solo.proposer.deadline! - solo.now).toBe(1_000);
  });

  test.each([
    [10, [20, 35, 57.5]],
    [0, [0, 0, 0]],
  ])('waits for a while that grows from the one before with decorrelated jitter, from %d ms on', (baseMs, waits) => {
    const solo = new Solo({ backoff: { baseMs, jitter: { kind: 'decorrelated' } } });
    solo.propose('mine');
    const found = [1, 2, 3].map((round) => {
      for (const from of [A, B]) solo.reject(from, round, ballot(round, 2));
      const before = solo.now;
      solo.due();
      return solo.now - before;
    });
    expect(found).toEqual(waits);
  });

  test('keeps to its first value', () => {
    const solo = new Solo();
    solo.propose('mine');
    expect(solo.propose('another')).toEqual([]);
    solo.promise(A, 1);
    expect(solo.promise(B, 1)[0]).toBe('>11 accept 1.1 mine after #1');
  });

  test('refuses options and disks that make no sense', () => {
    expect(() => new Solo({ resendMs: 0 })).toThrow(InvariantError);
    expect(() => new Solo({ roundsPerWrite: 0 })).toThrow(InvariantError);
    expect(() => new Solo({}, 1.5)).toThrow(InvariantError);
    expect(() => new Solo({}, -1)).toThrow(InvariantError);
  });
});
