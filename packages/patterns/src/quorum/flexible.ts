/**
 * Flexible quorums: Paxos and Raft need majorities in neither phase, only that a quorum of the first (elections) shares a member with every quorum of
 * the second (replication): q1 + q2 > n. A small q2 makes each write cheaper and elections, which are rare, dearer; and of an even number of members
 * q2 = n/2 is enough. Howard, Malkhi and Spiegelman, "Flexible Paxos: Quorum Intersection Revisited", OPODIS 2016, section 4.1.
 *
 * Writes of two leaders need not intersect: the first phase of the later one sees the earlier one's. Where there is no first phase (plain reads and
 * writes), use `ReadWriteQuorum`, which says what that costs.
 */
import { expectDistinct, type QuorumKind, type QuorumSystem } from './quorum-system.ts';

export interface FlexibleOptions<Member> {
  readonly members: readonly Member[];
  /** How many members elect a leader (`read`, the first phase). */
  readonly prepare: number;
  /** How many members accept a value (`write`, the second phase). */
  readonly accept: number;
}

export class FlexibleQuorum<Member> implements QuorumSystem<Member> {
  readonly members: readonly Member[];
  readonly prepare: number;
  readonly accept: number;

  /** `RangeError` unless members are distinct, both are from 1 to their number and together exceed it. */
  constructor(options: FlexibleOptions<Member>) {
    const { members, prepare, accept } = options;
    const count = members.length;
    expectDistinct(members);
    for (const [name, size] of Object.entries({ prepare, accept }))
      if (!Number.isInteger(size) || size < 1 || size > count)
        throw new RangeError(`${name} must be a whole number from 1 to the number of members (${count}), got ${size}`);
    if (prepare + accept <= count)
      throw new RangeError(
        `prepare + accept must exceed the number of members (${count}), got ${prepare} + ${accept}: a new leader could miss what was decided`,
      );
    this.members = [...members];
    this.prepare = prepare;
    this.accept = accept;
  }

  /** O(members). */
  isQuorum(kind: QuorumKind, has: (member: Member) => boolean): boolean {
    let count = 0;
    for (const member of this.members) if (has(member)) count += 1;
    return count >= (kind === 'read' ? this.prepare : this.accept);
  }
}
