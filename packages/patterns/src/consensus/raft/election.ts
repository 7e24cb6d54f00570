/**
 * Elections: section 5.2 and 5.4.1, pre-vote (thesis 9.6), leader stickiness (thesis 4.2.3).
 *
 *                 silence            majority would vote           majority voted
 *     follower -------------> pre-candidate -------------> candidate -------------> leader
 *        ^  silence, no pre-vote, or timeout-now ------------^   |                    |
 *        +-------- a leader or a higher term heard, or a majority refused ------------+
 *
 * Differs from the paper: a candidate's request waits until its own vote, and so its log, is durable. Otherwise it could
 * crash, lose the tail with which it asked, ask again in the same term with a shorter log, and be elected by the late
 * answers to the first question. And who has said yes to a pre-vote lets that rival try first, for a while: those who lose touch with a leader at
 * the same time would all find a majority willing, and then split its votes.
 */
import { Instant } from '../../base/index.ts';
import type { Core } from './core.ts';
import type { NodeId, RaftMessage } from './types.ts';

/** More committed entries than this that wait to be applied are not what a busy group has, but what a node has that has just come back. */
const BEHIND_ENTRIES = 32;
/** So often, for half an election timeout each, such a node lets the others go first. Not for ever: it may be the only one with the whole log. */
const HEAD_STARTS_MAX = 8;

type VoteRequest = Extract<RaftMessage, { kind: 'vote-request' }>;
type VoteResponse = Extract<RaftMessage, { kind: 'vote-response' }>;

export class Election {
  readonly #core: Core;
  readonly #votes = new Map<NodeId, boolean>();
  readonly #voteOf: (id: NodeId) => boolean | undefined;
  #timeoutAt: Instant;
  #stickyUntil: Instant;
  /** A rival was let by since the timer was set last. */
  #hasYielded = false;
  /** How often the others were let go first since a leader was heard. */
  #headStarts = 0;
  /** The ticket of this candidate's own vote. */
  #ownVoteTicket = 0;

  constructor(core: Core) {
    this.#core = core;
    this.#voteOf = (id) => this.#votes.get(id);
    this.#timeoutAt = this.#drawTimeout();
    // A node that promised a leaseholder not to vote may have forgotten so in a crash: the promise outlives it.
    const promised = core.settings.leaseReads && core.term > 0;
    this.#stickyUntil = promised ? core.after(core.settings.electionTimeoutMs) : Instant.of(Number.NEGATIVE_INFINITY);
  }

  /** Of a node that does not lead. */
  get deadline(): Instant | undefined {
    const { promotable, quiescence, stallGrace, leader } = this.#core;
    if (quiescence.quiet || (!promotable && leader === undefined)) return undefined;
    return Instant.of(Math.max(stallGrace.until, this.#timeoutAt));
  }

  /** A valid leader was heard: the election timeout starts again. */
  heardLeader(): void {
    this.restartTimer();
    this.#headStarts = 0;
    this.#stickyUntil = this.#core.after(this.#core.settings.electionTimeoutMs);
  }

  /**
   * The connection to the leader broke: most likely its process died. Those who notice need not wait for silence, and
   * give up their stickiness; those who still hear the leader refuse the pre-vote, so a broken link alone ends no reign.
   * Not with leases, which rest on the promise to wait.
   */
  lostTouch(): void {
    const { settings, now } = this.#core;
    if (!settings.preVote || settings.leaseReads) return;
    this.#stickyUntil = now;
    const soon = this.#handicapMs + this.#draw(settings.electionTimeoutMs / 2);
    this.#timeoutAt = Instant.of(Math.min(this.#timeoutAt, now + soon));
  }

  restartTimer(): void {
    this.#timeoutAt = this.#drawTimeout();
    this.#hasYielded = false;
  }

  tick(): void {
    const due = this.deadline;
    if (due === undefined || this.#core.now < due) return;
    // Who may not stand for election must not believe for ever in a leader that has fallen silent: it may have been removed.
    if (!this.#core.promotable) this.#core.becomeFollower(this.#core.term, undefined);
    else if (this.#isBehind && this.#headStarts < HEAD_STARTS_MAX) this.#giveHeadStart();
    else this.#start();
  }

  /** The operator's wish. A lease may rest on this node's silence, so it is not granted while the leader is fresh. */
  campaign(): void {
    const { isLeader, promotable, settings } = this.#core;
    if (isLeader || !promotable) return;
    if (settings.leaseReads && this.#sticky) return;
    this.#start();
  }

  /** Thesis 3.10: the leader asks this node to take over, so neither pre-vote nor stickiness applies. */
  timeoutNow(): void {
    if (!this.#core.isLeader && this.#core.promotable) this.#standForElection('transfer');
  }

  /**
   * Thesis 4.2.3: while a leader is fresh, a candidate must not even raise the term. Applies to every pre-vote (thesis
   * 9.6), to votes when check-quorum keeps leaders honest, never to a transfer.
   */
  ignores(request: VoteRequest): boolean {
    if (request.transfer) return false;
    return (request.preVote || this.#core.settings.checkQuorum) && this.#sticky;
  }

  /** A pre-candidate is told at once, so that it settles down. Always false: nothing more is to be done. */
  declined(from: NodeId, request: VoteRequest): false {
    if (request.preVote) {
      this.#core.send(from, { kind: 'vote-response', term: this.#core.term, preVote: true, granted: false });
    }
    return false;
  }

  /** A request of the present term, or a pre-vote for any. */
  requested(from: NodeId, request: VoteRequest): void {
    const core = this.#core;
    const granted = request.preVote ? this.#wouldVote(request) : this.#mayVote(from, request);
    if (request.preVote) {
      const term = granted ? request.term : core.term;
      if (granted) this.#giveWay(from, request);
      return core.send(from, { kind: 'vote-response', term, preVote: true, granted });
    }
    if (granted) {
      if (core.vote !== from) core.castVote(from);
      this.restartTimer();
    }
    core.promise(from, { kind: 'vote-response', term: core.term, preVote: false, granted });
  }

  answered(from: NodeId, response: VoteResponse): void {
    const { role, term } = this.#core;
    if (role !== (response.preVote ? 'pre-candidate' : 'candidate')) return;
    // A granted pre-vote names the term it is good for.
    if (response.term !== (response.preVote && response.granted ? term + 1 : term)) return;
    this.#count(from, response.granted);
  }

  /** Something became durable: this candidate's own vote perhaps. */
  persisted(): void {
    const { role, durability, id } = this.#core;
    if (role === 'candidate' && durability.isDurable(this.#ownVoteTicket)) this.#count(id, true);
  }

  get #sticky(): boolean {
    const { isLeader, heartbeats, settings, now, rules } = this.#core;
    const until = isLeader ? heartbeats.quorumContactAt + settings.electionTimeoutMs : this.#stickyUntil;
    return rules.isSticky(now, until);
  }

  #wouldVote(request: VoteRequest): boolean {
    return request.term > this.#core.term && this.#core.repair.mayElect && this.#isUpToDate(request);
  }

  /** To a rival whose log is as good as this node's. Once for each wait, which ends whatever rivals do: nobody is kept from standing. */
  #giveWay(rival: NodeId, request: VoteRequest): void {
    const { id, role, log, term, now, settings } = this.#core;
    if (role === 'pre-candidate') {
      // Of two who ask, the one with the better log goes on, or else the one with the larger id.
      const isEqual = request.lastIndex === log.lastIndex && request.lastTerm === log.lastTerm;
      if (!isEqual || rival > id) this.#core.becomeFollower(term, undefined);
    } else if (!this.#hasYielded) {
      this.#hasYielded = true;
      this.#timeoutAt = Instant.of(Math.max(this.#timeoutAt, now + settings.electionTimeoutMs / 2));
    }
  }

  #mayVote(candidate: NodeId, request: VoteRequest): boolean {
    const { rules, vote, leader, repair } = this.#core;
    // Who follows a leader knows that this term's election is over.
    if (!repair.mayElect || leader !== undefined) return false;
    return rules.mayVote(vote, candidate) && this.#isUpToDate(request);
  }

  #isUpToDate(request: VoteRequest): boolean {
    const { rules, log } = this.#core;
    return rules.isUpToDate(request.lastTerm, request.lastIndex, log.lastTerm, log.lastIndex);
  }

  #start(): void {
    if (this.#core.settings.preVote) this.#askForPreVotes();
    else this.#standForElection('vote');
  }

  #askForPreVotes(): void {
    this.#core.becomePreCandidate();
    this.#ask(this.#core.term + 1, 'pre-vote');
    this.#count(this.#core.id, true);
  }

  #standForElection(ballot: 'vote' | 'transfer'): void {
    this.#core.becomeCandidate();
    this.#ownVoteTicket = this.#core.durability.barrier;
    this.#ask(this.#core.term, ballot);
  }

  #ask(term: number, ballot: 'pre-vote' | 'vote' | 'transfer'): void {
    const { configuration, id, log } = this.#core;
    const preVote = ballot === 'pre-vote';
    this.#votes.clear();
    this.restartTimer();
    if (preVote) this.#timeoutAt = this.#drawRepeat();
    const { lastIndex, lastTerm } = log;
    const transfer = ballot === 'transfer';
    const request: VoteRequest = { kind: 'vote-request', term, preVote, transfer, lastIndex, lastTerm };
    for (const to of new Set([...configuration.voters, ...configuration.outgoing])) {
      if (to === id) continue;
      if (preVote) this.#core.send(to, request);
      else this.#core.promise(to, request);
    }
  }

  #count(from: NodeId, granted: boolean): void {
    const core = this.#core;
    // The first answer stands: a doubled request may be refused by who has voted, if its log has grown since.
    if (!this.#votes.has(from)) this.#votes.set(from, granted);
    const result = core.rules.electionResult(core.configuration, this.#voteOf);
    if (result === 'pending') return;
    if (result === 'lost') return core.becomeFollower(core.term, undefined);
    if (core.role === 'pre-candidate') this.#standForElection('vote');
    else core.becomeLeader();
  }

  /** Section 5.2: randomised, so that split votes are rare and resolved quickly. */
  #drawTimeout(): Instant {
    const { electionTimeoutMs } = this.#core.settings;
    return this.#core.after(electionTimeoutMs + this.#handicapMs + this.#draw(electionTimeoutMs));
  }

  /**
   * Pre-votes bind nobody, so they are asked for again before long: a peer may have heard the leader a moment longer than this node did, or may
   * not have been connected yet.
   */
  #drawRepeat(): Instant {
    const quarterMs = this.#core.settings.electionTimeoutMs / 4;
    return this.#core.after(quarterMs + this.#draw(quarterMs));
  }

  /** Who would first have to apply what it has missed leaves the others a start: elected, it could not answer anybody yet. */
  get #handicapMs(): number {
    return this.#isBehind ? this.#core.settings.electionTimeoutMs / 2 : 0;
  }

  get #isBehind(): boolean {
    return this.#core.commitIndex - this.#core.appliedIndex > BEHIND_ENTRIES;
  }

  #giveHeadStart(): void {
    this.#headStarts += 1;
    this.#timeoutAt = this.#core.after(this.#core.settings.electionTimeoutMs / 2);
  }

  /** Uniform in [0, boundMs), in whole milliseconds. */
  #draw(boundMs: number): number {
    return Math.floor(((this.#core.settings.random() >>> 0) / 2 ** 32) * boundMs);
  }
}
