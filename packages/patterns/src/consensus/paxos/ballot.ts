/**
 * Ballot numbers: a round, and within it the proposer's id, so that no two proposers ever have the same one. Lamport, "Paxos Made Simple", 2001,
 * section 2.2: "different proposers choose their numbers from disjoint sets of numbers".
 *
 * Values. A proposer must never use a ballot twice, a restart included: see `rounds.ts`.
 */
import { NodeId } from '../raft/types.ts';

export { NodeId };

export interface Ballot {
  /** A whole number from 1 on; 0 in `NO_BALLOT` alone. */
  readonly round: number;
  readonly node: NodeId;
}

/** Below every ballot that is ever used. */
export const NO_BALLOT: Ballot = { round: 0, node: NodeId.of(0) };

/** Negative when `a` is lower, 0 when they are the same. */
export function compareBallots(a: Ballot, b: Ballot): number {
  return a.round - b.round || a.node - b.node;
}

export function sameBallot(a: Ballot, b: Ballot): boolean {
  return a.round === b.round && a.node === b.node;
}

/** `3.2`: round 3 of node 2. */
export function showBallot(ballot: Ballot): string {
  return `${ballot.round}.${ballot.node}`;
}

/** What an acceptor has accepted: a proposal of the papers. */
export interface Accepted<Value> {
  readonly ballot: Ballot;
  readonly value: Value;
}
