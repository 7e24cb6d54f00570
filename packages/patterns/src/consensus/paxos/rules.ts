/**
 * Every decision on which the safety of all three protocols rests, one small method each: to be read next to the papers, and to be broken one
 * at a time by tests that must notice. No state.
 */
import type { QuorumKind, QuorumSystem } from '../../quorum/index.ts';
import { type Accepted, type Ballot, compareBallots, type NodeId } from './ballot.ts';

export class PaxosRules {
  /**
   * "Paxos Made Simple", section 2.2, P1a and phase 1 (b): a promise is given to higher ballots only. The same ballot may be told again: until its
   * proposer has a quorum nothing is accepted under it, and afterwards nobody asks.
   */
  mayPromise(promised: Ballot, ballot: Ballot): boolean {
    return compareBallots(ballot, promised) >= 0;
  }

  /** Section 2.2, phase 2 (b): accepted unless a higher ballot was promised. */
  mayAccept(promised: Ballot, ballot: Ballot): boolean {
    return compareBallots(ballot, promised) >= 0;
  }

  /** Section 2.2, P2c: of what the promises tell, the proposal with the highest ballot binds; without any the proposer is free. */
  binding<Value>(accepted: readonly Accepted<Value>[]): Accepted<Value> | undefined {
    let highest: Accepted<Value> | undefined;
    for (const each of accepted)
      if (highest === undefined || compareBallots(each.ballot, highest.ballot) > 0) highest = each;
    return highest;
  }

  /** Howard, Malkhi, Spiegelman, OPODIS 2016, section 4: phase 1 takes a `read` quorum, phase 2 a `write` quorum; each meets each. */
  isQuorum(quorums: QuorumSystem<NodeId>, kind: QuorumKind, nodes: readonly NodeId[]): boolean {
    return quorums.isQuorum(kind, (member) => nodes.includes(member));
  }

  /** Section 2.5: "an acceptor records its intended response in stable storage before actually sending the response". */
  answerAfter(ticket: number): number {
    return ticket;
  }
}
