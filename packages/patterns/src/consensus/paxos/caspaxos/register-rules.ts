/** What the safety of registers rests on besides `PaxosRules`. No state. */
import type { QuorumSystem } from '../../../quorum/index.ts';
import { type Accepted, type Ballot, compareBallots, type NodeId, sameBallot } from '../ballot.ts';
import { PaxosRules } from '../rules.ts';
import type { AcceptorState } from '../single-decree/acceptor.ts';

/** Of one's own earlier proposals: one of them is the present state; none can have been chosen; or it cannot be known. */
export type Settlement = 'ours' | 'none' | 'unknown';

export class RegisterRules extends PaxosRules {
  /**
   * After a phase 1 that told `binding`: what has become of the ballots proposed before for the same change? When another proposer's ballot above the
   * lowest of them is binding, the change may or may not be among what led to it.
   */
  settlement(binding: Accepted<unknown> | undefined, proposals: readonly Ballot[]): Settlement {
    if (binding === undefined) return 'none';
    if (proposals.some((ballot) => sameBallot(ballot, binding.ballot))) return 'ours';
    return proposals.every((ballot) => compareBallots(binding.ballot, ballot) < 0) ? 'none' : 'unknown';
  }

  /**
   * A read without a promise may tell the highest ballot's value if that is chosen: `holders` are those of the asked that hold it. What fewer hold may
   * yet be overtaken, and a later read not find it.
   */
  mayTell(quorums: QuorumSystem<NodeId>, holders: readonly NodeId[]): boolean {
    return this.isQuorum(quorums, 'write', holders);
  }

  /**
   * A phase 1 counts in the configuration in which it was made. One of two configurations ago may have missed all that was changed since, by lower
   * ballots at acceptors that it never asked.
   */
  outlivesConfiguration(): boolean {
    return false;
  }

  /**
   * What a read was told before an erasure is not counted with what it is told afterwards: an old value of one acceptor, and nothing of another that
   * had the tombstone.
   */
  readOutlivesErasure(): boolean {
    return false;
  }

  /** Once a register is erased, an empty phase 1 no longer shows that earlier ballots of the same change were not chosen. */
  outlivesErasure(proposals: readonly Ballot[]): boolean {
    return proposals.length === 0;
  }

  /** Section 3.1, step 2 (b): the round that a proposer must go beyond, so that what it writes is above the tombstone where that is still held. */
  roundToPass(tombstoneRound: number): number {
    return tombstoneRound;
  }

  /** Section 3.1, step 2 (c): messages of proposers younger than required are of a time before an erasure. */
  isOfAge(age: number, required: number): boolean {
    return age >= required;
  }

  /**
   * Section 3.1, step 2 (d): the register is erased while it holds the tombstone, and only if nothing was promised since: whoever has that promise
   * could otherwise be overtaken by a lower ballot that the empty register lets in.
   */
  mayErase({ promised, accepted }: AcceptorState<unknown>, tombstone: Ballot): boolean {
    return accepted !== undefined && sameBallot(accepted.ballot, tombstone) && sameBallot(promised, tombstone);
  }
}
