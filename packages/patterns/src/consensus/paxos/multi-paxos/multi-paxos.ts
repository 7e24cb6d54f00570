/**
 * One replica of a log that is agreed on slot by slot: acceptor, learner, and leader when elected. Phase 1 is done once for all slots by a new leader;
 * from then on each value takes one round trip. Lamport, "Paxos Made Simple", 2001, section 3; van Renesse, Altinbuken, "Paxos Made Moderately Complex",
 * ACM Computing Surveys 2015; quorums of the phases may differ (Howard, Malkhi, Spiegelman, "Flexible Paxos", OPODIS 2016).
 *
 * This file decides which part sees an input: `accepting` `standing` `leading` `learning`, on the shared state in `replica-core`. What safety rests on is
 * in `rules.ts` and `multi-paxos-rules.ts`, one method per decision.
 *
 *                  silence                       phase-1 quorum
 *     follower ----------------> candidate -----------------------> leader
 *        ^                        |   ^ tick                          |
 *        +--- a leader is heard --+---+        outbid, or no quorum --+
 *
 * Pure: no clock, no timers, no I/O. Messages to oneself are sent like any other, so that its own disk counts as others' do.
 */
import type { Instant } from '../../../base/index.ts';
import { type Ballot, compareBallots, NO_BALLOT, type NodeId } from '../ballot.ts';
import { roundsAfterRestart } from '../rounds.ts';
import { Accepting } from './accepting.ts';
import { Leading } from './leading.ts';
import { Learning } from './learning.ts';
import type { MultiPaxosMessage } from './messages.ts';
import { MultiPaxosRules } from './multi-paxos-rules.ts';
import type {
  MultiPaxosEffect,
  MultiPaxosImage,
  MultiPaxosInput,
  MultiPaxosOptions,
  MultiPaxosRestart,
  MultiPaxosRole,
} from './multi-paxos-types.ts';
import { ReplicaCore } from './replica-core.ts';
import { Standing } from './standing.ts';

/** What a new replica starts with. */
export const NEW_REPLICA: MultiPaxosRestart<never> = {
  record: { promised: NO_BALLOT, reservedRound: 0, chosen: 0, first: 1 },
  entries: [],
  applied: 0,
};

/** A start from what the disk held. */
export function restartedReplica<Value>(restart: MultiPaxosRestart<Value>): MultiPaxosImage<Value> {
  return {
    ...restart,
    rounds: roundsAfterRestart(restart.record.reservedRound),
    ticket: 0,
    leader: undefined,
    heardAt: undefined,
    standsAt: undefined,
    failures: 0,
    delayMs: 0,
    candidacy: undefined,
    reign: undefined,
    catchUp: undefined,
  };
}

export class MultiPaxos<Value> {
  readonly #core: ReplicaCore<Value>;
  readonly #learning: Learning<Value>;
  readonly #accepting: Accepting<Value>;
  readonly #leading: Leading<Value>;
  readonly #standing: Standing<Value>;
  #shown: { readonly role: MultiPaxosRole; readonly leader: NodeId | undefined };

  /** `RangeError` for options that cannot work, `InvariantError` for a restart that contradicts itself. `rules` is for tests that break one. */
  constructor(
    options: MultiPaxosOptions,
    image: MultiPaxosImage<Value>,
    rules: MultiPaxosRules = new MultiPaxosRules(),
  ) {
    this.#core = new ReplicaCore(options, image, rules);
    this.#learning = new Learning(this.#core, image.catchUp);
    this.#accepting = new Accepting(this.#core, this.#learning);
    this.#leading = new Leading(this.#core, this.#learning, image.reign);
    this.#standing = new Standing(this.#core, image);
    this.#shown = { role: this.role, leader: this.#core.leader };
  }

  get #isLeader(): boolean {
    return this.#leading.ballot !== undefined;
  }

  get role(): MultiPaxosRole {
    if (this.#isLeader) return 'leader';
    return this.#standing.ballot === undefined ? 'follower' : 'candidate';
  }

  /** Everything, as data; to look at, or to go on from. O(slots). */
  get image(): MultiPaxosImage<Value> {
    const { record, log, emitted, rounds, ticket, leader, heardAt } = this.#core;
    const { catchUp } = this.#learning;
    const reign = this.#leading.image;
    const entries = [...log.entries];
    return {
      record,
      entries,
      applied: emitted,
      rounds,
      ticket,
      leader,
      heardAt,
      ...this.#standing.image,
      reign,
      catchUp,
    };
  }

  /** When `tick` is next useful. */
  get deadline(): Instant | undefined {
    const own = this.#isLeader ? this.#leading.deadline : this.#standing.deadline;
    const { deadline: learning } = this.#learning;
    return own === undefined || (learning !== undefined && learning < own) ? learning : own;
  }

  step(input: MultiPaxosInput<Value>, now: Instant, out: MultiPaxosEffect<Value>[]): void {
    const core = this.#core;
    core.begin(now, out);
    this.#standing.awake();
    this.#handle(input);
    this.#leading.advance();
    core.end();
    this.#show();
  }

  #handle(input: MultiPaxosInput<Value>): void {
    const core = this.#core;
    switch (input.kind) {
      case 'propose':
        return this.#leading.propose(input.id, input.value);
      case 'message':
        return this.#message(input.from, input.message);
      case 'compact':
        if (input.through < core.log.first) return;
        core.log.forget(Math.min(input.through, core.emitted));
        return core.persist();
      case 'install':
        return this.#learning.install(input.through);
      case 'campaign':
        if (!this.#isLeader) this.#standing.campaign();
        return;
      case 'tick':
        return this.#tick();
    }
  }

  #tick(): void {
    this.#learning.tick();
    if (!this.#isLeader) return this.#standing.tick();
    if (this.#leading.hasQuorum && !this.#learning.isInVain) this.#leading.tick();
    else this.#depose();
  }

  #message(from: NodeId, message: MultiPaxosMessage<Value>): void {
    switch (message.kind) {
      case 'prepare':
        return this.#prepare(from, message);
      case 'promise': {
        const won = this.#standing.promised(from, message);
        if (won !== undefined) this.#leading.begin(won);
        return;
      }
      case 'accept':
      case 'heartbeat':
        return this.#lead(from, message);
      case 'accepted':
        return this.#leading.accepted(from, message);
      case 'following':
        return this.#leading.following(from, message);
      case 'rejected':
        this.#core.saw(message.promised);
        return this.#yieldTo(message.promised);
      case 'learn':
        return this.#learning.asked(from, message);
      case 'learned':
        return this.#learning.learned(from, message);
      case 'forgotten':
        return this.#learning.forgotten(from, message);
    }
  }

  #prepare(from: NodeId, message: Extract<MultiPaxosMessage<Value>, { readonly kind: 'prepare' }>): void {
    if (!this.#core.isMember || this.#accepting.isLoyal(from)) return;
    // A leader that has its quorum is loyal to itself.
    if (this.#isLeader && this.#leading.hasQuorum && this.#core.options.loyaltyMs > 0) return;
    this.#accepting.prepare(from, message);
    this.#yieldTo(message.ballot);
  }

  /** Somebody leads, or believes so. */
  #lead(from: NodeId, message: Extract<MultiPaxosMessage<Value>, { readonly kind: 'accept' | 'heartbeat' }>): void {
    if (message.kind === 'accept' && !this.#core.isMember) return;
    // One's own word from before one was deposed.
    if (from === this.#core.self && !this.#isLeader) return;
    this.#yieldTo(message.ballot);
    const follows =
      message.kind === 'accept' ? this.#accepting.accept(from, message) : this.#accepting.heartbeat(from, message);
    if (follows) this.#standing.heardLeader();
  }

  /** A leader whose ballot is outbid leads no more, and a candidate need not go on. */
  #yieldTo(ballot: Ballot): void {
    const { ballot: candidate } = this.#standing;
    if (candidate !== undefined && compareBallots(ballot, candidate) > 0) this.#standing.refused();
    const { ballot: own } = this.#leading;
    if (own !== undefined && compareBallots(ballot, own) > 0) this.#depose();
  }

  #depose(): void {
    this.#core.leader = undefined;
    this.#leading.end();
    this.#standing.deposed();
  }

  #show(): void {
    const { role } = this;
    const { leader } = this.#core;
    if (role === this.#shown.role && leader === this.#shown.leader) return;
    this.#shown = { role, leader };
    this.#core.out.push({ kind: 'role', role, leader });
  }
}
