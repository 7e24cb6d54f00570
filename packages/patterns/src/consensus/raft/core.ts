/**
 * The state that all handlers of a Raft node share, and the few moves that touch all of it: changing role, growing the
 * log, committing. The handlers are the other files here; `raft.ts` decides which of them sees an input.
 */
import { assert, Instant, InvariantError } from '../../base/index.ts';
import { isVoter } from './configuration.ts';
import { ConfigurationLog } from './configuration-log.ts';
import { Durability } from './durability.ts';
import { Election } from './election.ts';
import { FollowerReads } from './follower-reads.ts';
import { Following } from './following.ts';
import { Heartbeats } from './heartbeats.ts';
import { RaftLog } from './log.ts';
import { Membership } from './membership.ts';
import { Quiescence } from './quiescence.ts';
import { Reads } from './reads.ts';
import { Repair } from './repair.ts';
import { Replication } from './replication.ts';
import type { RaftRules } from './rules.ts';
import type { Settings } from './settings.ts';
import { Snapshots } from './snapshots.ts';
import { StallGrace } from './stall-grace.ts';
import { Transfer } from './transfer.ts';
import type { Configuration, Entry, NodeId, RaftEffect, RaftMessage, RaftRestart, RaftRole } from './types.ts';

export class Core {
  readonly settings: Settings;
  readonly rules: RaftRules;
  readonly id: NodeId;
  readonly log: RaftLog;
  readonly configurations: ConfigurationLog;
  readonly durability: Durability;
  readonly stallGrace: StallGrace;
  readonly election: Election;
  readonly following: Following;
  readonly replication: Replication;
  readonly heartbeats: Heartbeats;
  readonly reads: Reads;
  readonly followerReads: FollowerReads;
  readonly membership: Membership;
  readonly snapshots: Snapshots;
  readonly transfer: Transfer;
  readonly quiescence: Quiescence;
  readonly repair: Repair;

  /** Invariant: never falls. */
  term: number;
  vote: NodeId | undefined;
  role: RaftRole = 'follower';
  /** Whom this node follows, itself when it leads. */
  leader: NodeId | undefined;
  /** Invariant: never falls, and `appliedIndex <= commitIndex <= log.lastIndex`. All up to it has been handed out. */
  commitIndex: number;
  appliedIndex: number;

  /** This step's time and effects. */
  now: Instant;
  out: RaftEffect[] = [];

  #shownRole: RaftRole = 'follower';
  #shownTerm: number;
  #shownLeader: NodeId | undefined;

  constructor(settings: Settings, rules: RaftRules, restart: RaftRestart, now: Instant) {
    this.settings = settings;
    this.rules = rules;
    this.id = settings.id;
    this.now = now;
    this.log = new RaftLog(restart.mark, restart.entries);
    this.configurations = new ConfigurationLog(
      restart.mark,
      this.log.slice(restart.mark.index + 1, this.log.lastIndex),
    );
    this.durability = new Durability(this.log.lastIndex);
    this.term = restart.state.term;
    this.vote = restart.state.vote;
    this.#shownTerm = this.term;
    this.commitIndex = restart.applied;
    this.appliedIndex = restart.applied;
    assert(restart.applied >= restart.mark.index, 'the state machine must start from the snapshot or after it');
    assert(restart.applied <= this.log.lastIndex, 'the state machine must not be ahead of the log');
    assert(this.term >= this.log.lastTerm, `the log has term ${this.log.lastTerm}, the hard state only ${this.term}`);
    this.configurations.committed(this.commitIndex);
    this.stallGrace = new StallGrace(settings.heartbeatIntervalMs);
    this.repair = new Repair(this, restart.damaged);
    this.quiescence = new Quiescence(this);
    this.election = new Election(this);
    this.following = new Following(this);
    this.replication = new Replication(this);
    this.heartbeats = new Heartbeats(this);
    this.reads = new Reads(this);
    this.followerReads = new FollowerReads(this);
    this.membership = new Membership(this);
    this.snapshots = new Snapshots(this);
    this.transfer = new Transfer(this);
  }

  get configuration(): Configuration {
    return this.configurations.current;
  }

  get isLeader(): boolean {
    return this.role === 'leader';
  }

  /**
   * May this node stand for election? Thesis 4.2.2: also when the configuration in its log leaves it out, until that is
   * committed: it may be the only one with a log good enough to get it committed. It does not vote for itself then.
   */
  get promotable(): boolean {
    if (!this.repair.mayElect) return false;
    if (isVoter(this.configuration, this.id)) return true;
    return isVoter(this.configurations.previous, this.id);
  }

  begin(now: Instant, out: RaftEffect[]): void {
    // A clock that went back must not make a lease longer.
    if (now > this.now) this.now = now;
    this.out = out;
  }

  end(): void {
    this.durability.close();
    if (this.role === this.#shownRole && this.term === this.#shownTerm && this.leader === this.#shownLeader) return;
    this.#shownRole = this.role;
    this.#shownTerm = this.term;
    this.#shownLeader = this.leader;
    this.out.push({ kind: 'role', role: this.role, term: this.term, leader: this.leader });
  }

  after(ms: number): Instant {
    return Instant.add(this.now, ms);
  }

  /** A message that promises nothing and may leave at once. */
  send(to: NodeId, message: RaftMessage): void {
    this.out.push({ kind: 'send', to, message, after: 0 });
  }

  /** A message that says what this node's disk must still know after a crash. */
  promise(to: NodeId, message: RaftMessage): void {
    this.out.push({ kind: 'send', to, message, after: this.rules.promiseAfter(this.durability.barrier) });
  }

  /** Grows the log by entries that follow on it. */
  append(entries: Entry[]): void {
    this.log.append(entries);
    this.durability.appended(entries, this.out);
    for (const entry of entries) {
      if (entry.kind !== 'configuration') continue;
      this.configurations.append(entry);
      this.membership.changed();
    }
  }

  truncateFrom(index: number): void {
    assert(index > this.commitIndex, `entry ${index} is committed and must never be replaced`);
    this.log.truncateFrom(index);
    this.durability.truncatedFrom(index);
    if (this.configurations.truncateFrom(index)) this.membership.changed();
  }

  /** Hands out what became committed. */
  commitTo(index: number): void {
    if (index <= this.commitIndex) return;
    if (index > this.log.lastIndex) this.#lostData(index);
    const entries = this.log.slice(this.commitIndex + 1, index);
    const settles = this.configurations.currentIndex > this.commitIndex && this.configurations.currentIndex <= index;
    this.commitIndex = index;
    this.configurations.committed(index);
    this.out.push({ kind: 'commit', entries });
    if (settles) this.out.push({ kind: 'configuration', configuration: this.configuration, committed: true });
    if (!this.isLeader) return;
    this.replication.committed(entries);
    this.reads.committed();
    this.membership.committed();
  }

  #lostData(index: number): never {
    throw new InvariantError(`the leader commits ${index}, this log ends at ${this.log.lastIndex}: it lost data`);
  }

  /** Follows in `term`, which is not below the present one. */
  becomeFollower(term: number, leader: NodeId | undefined): void {
    assert(term >= this.term, 'the term never falls');
    if (term > this.term) this.#enterTerm(term, undefined);
    if (this.role !== 'follower') {
      this.role = 'follower';
      this.#resign();
      this.election.restartTimer();
    }
    this.#setLeader(leader);
  }

  becomePreCandidate(): void {
    this.role = 'pre-candidate';
    this.#setLeader(undefined);
  }

  /** Section 5.2: a new term, and this node's vote in it for itself. */
  becomeCandidate(): void {
    this.role = 'candidate';
    this.#enterTerm(this.term + 1, this.id);
    this.#setLeader(undefined);
  }

  becomeLeader(): void {
    assert(this.role === 'candidate', 'only a candidate is elected');
    this.role = 'leader';
    this.#setLeader(this.id);
    this.replication.start();
    this.heartbeats.start();
    // Section 5.4.2 and 8: without an entry of its own term it could not commit, nor read.
    this.replication.append({ kind: 'empty', index: this.log.lastIndex + 1, term: this.term });
    this.membership.committed();
  }

  castVote(candidate: NodeId): void {
    this.vote = candidate;
    this.durability.state({ term: this.term, vote: candidate }, this.out);
  }

  #enterTerm(term: number, vote: NodeId | undefined): void {
    this.followerReads.abandon();
    this.term = term;
    this.vote = vote;
    this.durability.state({ term, vote }, this.out);
  }

  #setLeader(leader: NodeId | undefined): void {
    if (leader === this.leader) return;
    this.followerReads.abandon();
    this.leader = leader;
  }

  /** Ends what only a leader does. */
  #resign(): void {
    this.reads.abandon();
    this.replication.stop();
    this.transfer.stop();
  }
}
