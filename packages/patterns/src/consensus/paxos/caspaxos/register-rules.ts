/** What the safety of registers rests on besides `PaxosRules`. No state. */
import type { QuorumSystem } from '../../../quorum/index.ts';
import { type Ballot, compareBallots, type NodeId, sameBallot } from '../ballot.ts';
import { PaxosRules } from '../rules.ts';
import type { AcceptorState } from '../single-decree/acceptor.ts';
import { type Held, MARKS_MAX } from './held.ts';

/** Of a change that was proposed before: it has led to what is held; it has not, and never will; or it cannot be known. */
export type Settlement = 'happened' | 'never' | 'unknown';

export class RegisterRules extends PaxosRules {
  /**
   * After a phase 1 that told what is `held`: what has become of a change that `self` had proposed under these ballots? If it led to what is held, the mark
   * of `self` is one of them. Otherwise none of them was chosen, or phase 1 would have found it, or what was made of it; nor will be, if the ballot of
   * this phase 1 is chosen: whoever found one of them elsewhere will have missed this ballot, and so outbid it.
   */
  settlement(held: Held<unknown> | undefined, self: NodeId, proposals: readonly Ballot[]): Settlement {
    const marks = held?.marks ?? [];
    const mark = marks.find(({ node }) => node === self);
    if (mark !== undefined) return proposals.some((ballot) => sameBallot(ballot, mark)) ? 'happened' : 'never';
    const mayBeForgotten =
      marks.length >= MARKS_MAX && marks.every((other) => compareBallots(other, proposals[0]!) > 0);
    return mayBeForgotten ? 'unknown' : 'never';
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
  outlivesErasure(proposals: number): boolean {
    return proposals === 0;
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
