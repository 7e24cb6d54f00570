/**
 * One member of a Raft group: a replicated log under one leader. Ongaro and Ousterhout, "In Search of an Understandable
 * Consensus Algorithm (Extended Version)", 2014; Ongaro, "Consensus: Bridging Theory and Practice" (the thesis), 2014.
 *
 * This file decides which handler sees an input, and applies the rules for terms (section 5.1). The rest is by idea:
 * `election` `replication` `following` `heartbeats` `reads` `follower-reads` `membership` `snapshots` `transfer`
 * `quiescence` `repair`, on the shared state in `core`. What safety rests on is in `rules`, one method per decision.
 *
 * Pure: no clock, no timers, no I/O. The caller passes `now` and carries out the effects.
 *
 * Order of inputs. The driver hands over everything that has arrived before it hands over a `tick`, and feeds `persisted`
 * in the order of tickets. After a stall of the event loop the kernel still gives one heartbeat interval of grace
 * (`stall-grace.ts`), because unread messages may be in the operating system, but a lease looks at `now` alone.
 */
import { assert, type Instant } from '../../base/index.ts';
import { Core } from './core.ts';
import { RaftRules } from './rules.ts';
import { settingsOf } from './settings.ts';
import { type RaftStatus, statusOf } from './status.ts';
import type { NodeId, RaftEffect, RaftInput, RaftMessage, RaftOptions, RaftRestart } from './types.ts';

export class Raft {
  readonly #core: Core;
  /** As of the last step, once somebody has asked. */
  #status: RaftStatus | undefined;

  /**
   * Starts as a follower. Throws `RangeError` for impossible options, `InvariantError` for a restart that contradicts
   * itself. `rules` is for tests that break one.
   */
  constructor(options: RaftOptions, restart: RaftRestart, now: Instant, rules: RaftRules = new RaftRules()) {
    this.#core = new Core(settingsOf(options), rules, restart, now);
  }

  /** When `tick` is next useful, or undefined when only another input can bring news. */
  get deadline(): Instant | undefined {
    const { isLeader, heartbeats, transfer, election, followerReads, quiescence } = this.#core;
    if (isLeader) return quiescence.quiet ? undefined : earliest(heartbeats.deadline, transfer.deadline);
    return earliest(election.deadline, followerReads.deadline);
  }

  /** A picture that does not change. Made once per step at most. */
  get status(): RaftStatus {
    this.#status ??= statusOf(this.#core);
    return this.#status;
  }

  /**
   * Handles one input. Effects are appended to `out` in the order in which they should be begun; objects among them are
   * not changed after the step. Throws `InvariantError` when the group's invariants no longer hold: the node must stop.
   */
  step(input: RaftInput, now: Instant, out: RaftEffect[]): void {
    const core = this.#core;
    this.#status = undefined;
    core.begin(now, out);
    core.quiescence.stir(input);
    this.#handle(input);
    core.end();
  }

  #handle(input: RaftInput): void {
    const core = this.#core;
    switch (input.kind) {
      case 'tick':
        return this.#tick();
      case 'message':
        return this.#message(input.from, input.message);
      case 'propose':
        return core.replication.propose(input.id, input.data);
      case 'configure':
        return core.membership.configure(input.id, input.voters, input.learners);
      case 'read':
        return core.isLeader ? core.reads.read(input.id) : core.followerReads.read(input.id);
      case 'persisted':
        return this.#persisted(input.ticket);
      case 'applied':
        assert(input.index <= core.commitIndex, `applied ${input.index}, but only ${core.commitIndex} was handed out`);
        core.appliedIndex = Math.max(core.appliedIndex, input.index);
        return;
      case 'compact':
        return core.snapshots.compact(input.mark, input.keepFrom);
      case 'snapshot-sent':
        return core.snapshots.sent(input.to, input.index, input.delivered);
      case 'snapshot-received':
        core.stallGrace.heard();
        return core.snapshots.received(input.from, input.term, input.mark);
      case 'transfer':
        return core.transfer.begin(input.to);
      case 'unreachable':
        if (input.peer === core.leader) return core.election.lostTouch();
        return core.replication.unreachable(input.peer);
      case 'campaign':
        return core.election.campaign();
    }
  }

  #tick(): void {
    const core = this.#core;
    core.stallGrace.ticked(core.now, this.deadline);
    if (!core.isLeader) {
      core.followerReads.tick();
      core.election.tick();
    } else if (!core.quiescence.quiet) {
      core.transfer.tick();
      core.heartbeats.tick();
    }
  }

  #persisted(ticket: number): void {
    const core = this.#core;
    core.durability.persisted(ticket);
    core.election.persisted();
    core.repair.persisted();
    if (core.isLeader) core.replication.advanceCommit();
  }

  /** Section 5.1: a higher term is adopted, a lower one is not obeyed. */
  #message(from: NodeId, message: RaftMessage): void {
    this.#core.stallGrace.heard();
    if (message.term > this.#core.term) {
      if (!this.#adopt(from, message)) return;
    } else if (message.term < this.#core.term) {
      return this.#outdated(from, message);
    }
    this.#deliver(from, message);
  }

  /** Returns whether the message is to be handled at all. */
  #adopt(from: NodeId, message: RaftMessage): boolean {
    const core = this.#core;
    switch (message.kind) {
      case 'vote-request':
        if (core.election.ignores(message)) return core.election.declined(from, message);
        // Asking in advance binds nobody, or it would disturb as much as an election (thesis 9.6).
        if (!message.preVote) core.becomeFollower(message.term, undefined);
        return true;
      case 'vote-response':
        // A granted pre-vote bears the term of the election to come.
        if (!(message.preVote && message.granted)) core.becomeFollower(message.term, undefined);
        return true;
      case 'append-request':
      case 'heartbeat':
      case 'timeout-now':
        core.becomeFollower(message.term, from);
        return true;
      default:
        core.becomeFollower(message.term, undefined);
        return true;
    }
  }

  /**
   * Section 5.1: "if a server receives a request with a stale term number, it rejects the request". With pre-vote or
   * check-quorum this is also how a node whose term ran ahead comes back: its peers do not raise their term for its
   * requests any more, so it must tell the leader, which steps down and lets the group meet in a higher term.
   */
  #outdated(from: NodeId, message: RaftMessage): void {
    const core = this.#core;
    const { term } = core;
    switch (message.kind) {
      case 'vote-request':
        return core.send(from, { kind: 'vote-response', term, preVote: message.preVote, granted: false });
      case 'append-request':
      case 'heartbeat':
        return core.following.outdated(from, message);
      case 'read-request':
        return core.send(from, { kind: 'read-response', term, id: message.id, index: undefined });
      default:
        return;
    }
  }

  #deliver(from: NodeId, message: RaftMessage): void {
    const core = this.#core;
    switch (message.kind) {
      case 'vote-request':
        return core.election.requested(from, message);
      case 'vote-response':
        return core.election.answered(from, message);
      case 'append-request':
        return core.following.appendRequested(from, message);
      case 'append-accepted':
        return core.replication.accepted(from, message.matchIndex);
      case 'append-rejected':
        return core.replication.rejected(from, message);
      case 'heartbeat':
        return core.following.heartbeat(from, message);
      case 'heartbeat-response':
        return core.heartbeats.answered(from, message.round);
      case 'timeout-now':
        return core.election.timeoutNow();
      case 'read-request':
        return core.reads.readFor(from, message.id);
      case 'read-response':
        return core.followerReads.answered(message.id, message.index);
      case 'repair-request':
        return core.replication.repairRequested(from, message.id);
      case 'repair-response':
        return core.repair.answered(message.id, message.index);
    }
  }
}

function earliest(a: Instant | undefined, b: Instant | undefined): Instant | undefined {
  if (a === undefined) return b;
  return b === undefined || a < b ? a : b;
}
