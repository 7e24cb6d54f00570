/**
 * Every decision on which safety rests, one small method each: to be read next to the paper, and to be broken one at a
 * time by tests that must notice. No state.
 */
import type { Instant } from '../../base/index.ts';
import type { VoteResult } from '../../quorum/index.ts';
import { quorumIndex, quorumVote } from './configuration.ts';
import type { Configuration, NodeId, SnapshotMark } from './types.ts';

export class RaftRules {
  /** Section 5.4.1: a voter refuses a candidate whose log is less up-to-date than its own. */
  isUpToDate(lastTerm: number, lastIndex: number, ownLastTerm: number, ownLastIndex: number): boolean {
    return lastTerm > ownLastTerm || (lastTerm === ownLastTerm && lastIndex >= ownLastIndex);
  }

  /** Section 5.2: one vote per term, first come, first served. The same candidate may be told again. */
  mayVote(vote: NodeId | undefined, candidate: NodeId): boolean {
    return vote === undefined || vote === candidate;
  }

  /** Section 5.2 and 6: an election takes a majority, and both majorities in a joint configuration. */
  electionResult(configuration: Configuration, voteOf: (id: NodeId) => boolean | undefined): VoteResult {
    return quorumVote(configuration, voteOf);
  }

  /** Section 5.3 and 6: what a quorum has reached, of an index, a round or an instant. */
  quorumReached(configuration: Configuration, valueOf: (id: NodeId) => number): number {
    return quorumIndex(configuration, valueOf);
  }

  /** Section 5.4.2: counting replicas commits entries of the leader's own term only, older ones indirectly (figure 8). */
  mayCommit(entryTerm: number | undefined, currentTerm: number): boolean {
    return entryTerm === currentTerm;
  }

  /** Thesis 10.2.1: the leader's own copy counts once it is on its disk. */
  ownMatch(durableIndex: number, _lastIndex: number): number {
    return durableIndex;
  }

  /** `repair.ts`: who lost what it acknowledged neither votes, nor leads, nor confirms, nor accepts. */
  takesPart(damaged: boolean): boolean {
    return !damaged;
  }

  /** Section 5, "respond to RPCs after updating persistent state": the ticket a promise must wait for. */
  promiseAfter(barrier: number): number {
    return barrier;
  }

  /** Section 5.3, step 3: only an entry that conflicts is deleted, with all that follow it. */
  conflicts(ownTerm: number | undefined, entryTerm: number): boolean {
    return ownTerm !== entryTerm;
  }

  /** Section 5.3, step 5: a follower commits no further than what it knows to agree with the leader. */
  followerCommit(leaderCommit: number, agreedIndex: number): number {
    return Math.min(leaderCommit, agreedIndex);
  }

  /** Section 7: what a snapshot says of the log it replaces. */
  restoredMark(mark: SnapshotMark): SnapshotMark {
    return mark;
  }

  /** Section 8 and thesis 6.4: a leader answers reads only once an entry of its own term is committed. */
  mayRead(commitTerm: number | undefined, currentTerm: number): boolean {
    return commitTerm === currentTerm;
  }

  /** Thesis 6.4: a read is answered once a quorum has confirmed the leader in a round sent after the read came. */
  roundConfirmed(round: number, confirmedRound: number): boolean {
    return round <= confirmedRound;
  }

  /** Thesis 6.4.1: a quorum answered a round sent at `sentAt`, and promised not to vote for an election timeout. */
  leaseHolds(sentAt: number, now: Instant, electionTimeoutMs: number, clockDriftMs: number): boolean {
    return now < sentAt + electionTimeoutMs - clockDriftMs;
  }

  /** Section 6 and thesis 4.2.3: whoever has just heard from a leader takes no part in elections. */
  isSticky(now: Instant, stickyUntil: number): boolean {
    return now < stickyUntil;
  }
}
