/**
 * The leader's heartbeats and what their answers prove: that a quorum still follows (check-quorum, thesis 6.2), that it
 * followed after a read came (ReadIndex rounds, thesis 6.4), and until when it will follow nobody else (lease, 6.4.1).
 *
 * Every broadcast is a numbered round. An answer to a round confirms all earlier ones. Regular rounds fall on multiples
 * of the interval on the driver's clock, so that those of all groups on a node leave in one frame per peer.
 */
import { Instant } from '../../base/index.ts';
import type { Core } from './core.ts';
import type { Progress } from './progress.ts';
import type { NodeId, RaftMessage } from './types.ts';

type Heartbeat = Extract<RaftMessage, { kind: 'heartbeat' }>;

/** How long a follower may wait to hear that something is committed when no append request carries the news. */
const COMMIT_NOTICE_MS = 1;
const NEVER = Instant.of(Number.POSITIVE_INFINITY);

export class Heartbeats {
  readonly #core: Core;
  readonly #roundOf: (id: NodeId) => number;
  readonly #roundSentOf: (id: NodeId) => number;
  readonly #contactOf: (id: NodeId) => number;
  #round = 0;
  /** When round `#firstRound + i` was sent. Kept for lease reads only, and no longer than a lease can last. */
  #sentAt: Instant[] = [];
  #firstRound = 1;
  #nextAt = Instant.of(0);
  #noticeAt = NEVER;
  /** A transfer's timeout-now overrides stickiness for good, however late it arrives: no lease in this term any more. */
  #leaseForfeited = false;

  constructor(core: Core) {
    this.#core = core;
    // On a leader every other voter is a peer.
    const peer = (id: NodeId): Progress => core.replication.peer(id)!;
    this.#roundOf = (id) => (id === core.id ? this.#round : peer(id).confirmedRound);
    this.#roundSentOf = (id) => (id === core.id ? core.now : peer(id).confirmedSentAt);
    this.#contactOf = (id) => (id === core.id ? core.now : peer(id).contactAt);
  }

  get deadline(): Instant {
    return Instant.of(Math.min(this.#noticeAt, this.#nextAt));
  }

  /** The latest round that a quorum has confirmed. */
  get confirmedRound(): number {
    return this.#core.rules.quorumReached(this.#core.configuration, this.#roundOf);
  }

  /** The latest instant since which a quorum has been heard of. */
  get quorumContactAt(): number {
    return this.#core.rules.quorumReached(this.#core.configuration, this.#contactOf);
  }

  /** Thesis 6.4.1. Measured from when the round was sent, which was before any promise began. */
  get leaseHolds(): boolean {
    const { settings, rules, configuration, now } = this.#core;
    if (!settings.leaseReads || this.#leaseForfeited) return false;
    const sentAt = rules.quorumReached(configuration, this.#roundSentOf);
    return rules.leaseHolds(sentAt, now, settings.electionTimeoutMs, settings.clockDriftMs);
  }

  /** A new leader: nothing is confirmed in this term. */
  start(): void {
    this.#round = 0;
    this.#sentAt = [];
    this.#firstRound = 1;
    this.#leaseForfeited = false;
    this.#schedule();
  }

  forfeitLease(): void {
    this.#leaseForfeited = true;
  }

  tick(): void {
    if (this.#core.now >= this.#nextAt) {
      if (this.#lostQuorum()) return this.#core.becomeFollower(this.#core.term, undefined);
      this.#schedule();
      if (!this.#core.quiescence.tick()) this.sendRound();
    } else if (this.#core.now >= this.#noticeAt) {
      this.sendCommit();
    }
  }

  /** The leader was quiet. */
  resume(): void {
    this.#schedule();
    this.sendRound();
  }

  /** Sends a round now, and returns its number. */
  sendRound(): number {
    this.#round += 1;
    this.#noteSent();
    this.#broadcast(false);
    return this.#round;
  }

  /** The last words before the leader goes quiet. */
  sendQuiesce(): void {
    this.#broadcast(true);
  }

  /** Followers will be told soon, by the next append request or by a heartbeat. */
  commitAdvanced(): void {
    this.#noticeAt = Instant.of(Math.min(this.#noticeAt, this.#core.after(COMMIT_NOTICE_MS)));
  }

  /** Everybody who can be told was told by append requests. */
  commitCarried(): void {
    this.#noticeAt = NEVER;
  }

  /** Tells those who do not know yet how far the log is committed. */
  sendCommit(): void {
    this.#noticeAt = NEVER;
    for (const peer of this.#core.replication.peers) {
      if (Math.min(peer.match, this.#core.commitIndex) > peer.commitSent) this.#send(peer, false, undefined);
    }
  }

  answered(from: NodeId, round: number): void {
    const { replication, reads, now } = this.#core;
    const peer = replication.peer(from);
    if (peer === undefined) return;
    peer.contactAt = now;
    if (round > peer.confirmedRound && round <= this.#round) this.#confirm(peer, round);
    replication.stirred(peer);
    reads.confirmed();
  }

  #confirm(peer: Progress, round: number): void {
    peer.confirmedRound = round;
    const sentAt = this.#sentAt[round - this.#firstRound];
    if (sentAt !== undefined) peer.confirmedSentAt = sentAt;
  }

  #lostQuorum(): boolean {
    const { settings, stallGrace, now } = this.#core;
    if (!settings.checkQuorum || now < stallGrace.until) return false;
    return now - this.quorumContactAt >= settings.electionTimeoutMs;
  }

  #schedule(): void {
    const interval = this.#core.settings.heartbeatIntervalMs;
    this.#nextAt = Instant.of((Math.floor(this.#core.now / interval) + 1) * interval);
  }

  #noteSent(): void {
    const { settings, now } = this.#core;
    if (!settings.leaseReads) return;
    while (this.#sentAt.length > 0 && now - this.#sentAt[0]! > settings.electionTimeoutMs) {
      this.#sentAt.shift();
      this.#firstRound += 1;
    }
    this.#sentAt.push(now);
  }

  #broadcast(quiesce: boolean): void {
    let shared: Heartbeat | undefined;
    for (const peer of this.#core.replication.peers) shared = this.#send(peer, quiesce, shared);
  }

  /** Reuses `shared` when it says the same, so that it can be encoded once. */
  #send(peer: Progress, quiesce: boolean, shared: Heartbeat | undefined): Heartbeat {
    const { term, commitIndex } = this.#core;
    // Not beyond what the follower is known to hold: its log may yet differ behind that.
    const commit = Math.min(peer.match, commitIndex);
    const message =
      shared?.commit === commit ? shared : ({ kind: 'heartbeat', term, commit, round: this.#round, quiesce } as const);
    peer.commitSent = Math.max(peer.commitSent, commit);
    this.#core.send(peer.id, message);
    return message;
  }
}
