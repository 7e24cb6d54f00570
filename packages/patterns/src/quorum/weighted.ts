/**
 * Weighted voting: members have votes, a quorum has enough of them together. A member with more votes counts for more, one without any only keeps a
 * copy. Reads and writes intersect when their thresholds together exceed all votes. Gifford, "Weighted Voting for Replicated Data", SOSP 1979.
 */
import type { QuorumKind, QuorumSystem } from './quorum-system.ts';

export interface WeightedOptions<Member> {
  /** Votes of each member: whole numbers from 0 on. */
  readonly votes: ReadonlyMap<Member, number>;
  readonly read: number;
  readonly write: number;
}

export class WeightedQuorum<Member> implements QuorumSystem<Member> {
  readonly members: readonly Member[];
  readonly totalVotes: number;
  readonly read: number;
  readonly write: number;
  readonly #votes: ReadonlyMap<Member, number>;

  /**
   * `RangeError` when votes are not whole numbers from 0 on, when a threshold cannot be reached, or when a read could miss a write
   * (`read + write` must exceed the total) or two writes each other (`2 · write` must).
   */
  constructor(options: WeightedOptions<Member>) {
    const { votes, read, write } = options;
    this.members = [...votes.keys()];
    this.totalVotes = 0;
    for (const [member, own] of votes) {
      if (!Number.isSafeInteger(own) || own < 0)
        throw new RangeError(`the votes of ${String(member)} must be a whole number from 0 on, got ${own}`);
      this.totalVotes += own;
    }
    for (const threshold of [read, write])
      if (!Number.isInteger(threshold) || threshold < 1 || threshold > this.totalVotes)
        throw new RangeError(`a quorum needs from 1 to ${this.totalVotes} votes (all there are), got ${threshold}`);
    if (read + write <= this.totalVotes)
      throw new RangeError(
        `read + write must exceed all ${this.totalVotes} votes, got ${read} + ${write}: reads would miss writes`,
      );
    if (2 * write <= this.totalVotes)
      throw new RangeError(
        `write must exceed half of all ${this.totalVotes} votes, got ${write}: two writes could miss each other`,
      );
    this.read = read;
    this.write = write;
    this.#votes = new Map(votes);
  }

  /** O(members). */
  isQuorum(kind: QuorumKind, has: (member: Member) => boolean): boolean {
    let votes = 0;
    for (const [member, own] of this.#votes) if (has(member)) votes += own;
    return votes >= (kind === 'read' ? this.read : this.write);
  }
}
