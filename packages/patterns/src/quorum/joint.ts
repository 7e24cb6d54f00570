/**
 * The joint quorum: while a group moves from the voters `outgoing` to `voters`, a decision needs a majority of each, so
 * that no two disjoint sets can decide at any moment of the move. Ongaro and Ousterhout, "In Search of an Understandable
 * Consensus Algorithm", section 6.
 *
 * An empty `outgoing` is an ordinary majority of `voters`. Pure.
 */
import { committedIndex, type VoteResult, voteResult } from './majority.ts';

/** The highest number that a majority of each half has reached. `Infinity` when both are empty. */
export function jointCommittedIndex<Voter>(
  voters: readonly Voter[],
  outgoing: readonly Voter[],
  valueOf: (voter: Voter) => number,
): number {
  return Math.min(committedIndex(voters, valueOf), committedIndex(outgoing, valueOf));
}

/** Lost as soon as one half is lost, won once both are won. */
export function jointVoteResult<Voter>(
  voters: readonly Voter[],
  outgoing: readonly Voter[],
  voteOf: (voter: Voter) => boolean | undefined,
): VoteResult {
  const incoming = voteResult(voters, voteOf);
  const leaving = voteResult(outgoing, voteOf);
  if (incoming === leaving) return incoming;
  return incoming === 'lost' || leaving === 'lost' ? 'lost' : 'pending';
}
