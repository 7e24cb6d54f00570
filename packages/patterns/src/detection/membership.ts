/**
 * What is known of each member, as a join-semilattice: any two tables have a least upper bound, so news may come late, twice and in any order, and
 * all who have heard the same know the same.
 *
 * The order is lexicographic over (boot epoch, sequence, rank), with alive < suspect < dead < left:
 * - the epoch rises with every start of a member (a durable counter), so a restart wins over everything said of the run before;
 * - the sequence is raised by nobody but the member itself, when it refutes an accusation;
 * - so what says "alive" again and again, however often passed on, never outranks a "dead" of the same epoch and sequence.
 *
 * Das, Gupta, Motivala, SWIM, DSN 2002, section 4.2 (incarnation numbers; there the order is a table of cases). Differs: a `dead` with a higher
 * sequence replaces a `dead` with a lower one, and an accusation of somebody unknown is remembered; implementations that drop these revive the dead.
 */
import { assert } from '../base/index.ts';

export type MemberRank = 'alive' | 'suspect' | 'dead' | 'left';

export interface MemberState {
  /** Number of this run of the member, 1 or more. */
  readonly epoch: number;
  /** Raised by the member itself, from 0. */
  readonly sequence: number;
  readonly rank: MemberRank;
}

const RANKS: Readonly<Record<MemberRank, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 };

/** Negative when `a` is older news than `b`, 0 when they are the same. A total order. */
export function compareMemberStates(a: MemberState, b: MemberState): number {
  return a.epoch - b.epoch || a.sequence - b.sequence || RANKS[a.rank] - RANKS[b.rank];
}

/** The newer of the two: associative, commutative, idempotent. */
export function joinMemberStates(a: MemberState, b: MemberState): MemberState {
  return compareMemberStates(a, b) < 0 ? b : a;
}

/** What a member says of itself when it hears `accusation`: undefined if that is no accusation of this run; `superseded` if a later run of the same name is known. */
export function refute(self: MemberState, accusation: MemberState): MemberState | 'superseded' | undefined {
  if (accusation.epoch > self.epoch) return 'superseded';
  if (compareMemberStates(accusation, self) <= 0) return undefined;
  return { epoch: self.epoch, sequence: accusation.sequence + 1, rank: self.rank };
}

export type Observation = 'changed' | 'known' | 'full';

export class MembershipTable {
  readonly #states = new Map<string, MemberState>();
  readonly #maxMembers: number;

  /** `maxMembers` bounds the table, tombstones included; who does not fit is refused as `full`. */
  constructor(maxMembers: number = 100_000) {
    assert(Number.isInteger(maxMembers) && maxMembers >= 1, 'maxMembers must be an integer of 1 or more');
    this.#maxMembers = maxMembers;
  }

  /** Members known, the dead and those who left included. */
  get size(): number {
    return this.#states.size;
  }

  get(member: string): MemberState | undefined {
    return this.#states.get(member);
  }

  entries(): IterableIterator<[member: string, state: MemberState]> {
    return this.#states.entries();
  }

  /** Joins one piece of news. O(1). */
  observe(member: string, state: MemberState): Observation {
    const known = this.#states.get(member);
    if (known === undefined) {
      if (this.#states.size >= this.#maxMembers) return 'full';
    } else if (compareMemberStates(state, known) <= 0) {
      return 'known';
    }
    this.#states.set(member, state);
    return 'changed';
  }

  /** Joins all that `other` knows. The number of members of whom there was news. O(other.size). */
  merge(other: MembershipTable): number {
    let news = 0;
    for (const [member, state] of other.#states) if (this.observe(member, state) === 'changed') news += 1;
    return news;
  }

  equals(other: MembershipTable): boolean {
    if (this.size !== other.size) return false;
    for (const [member, state] of this.#states) {
      const theirs = other.#states.get(member);
      if (theirs === undefined || compareMemberStates(state, theirs) !== 0) return false;
    }
    return true;
  }

  /**
   * Forgets a tombstone. Old news of the member can then come back as new: do it only when nobody can still hold any, that is after the longest
   * partition and the longest pause of a member.
   */
  forget(member: string): void {
    const state = this.#states.get(member);
    assert(
      state === undefined || RANKS[state.rank] >= RANKS.dead,
      `${member} is ${state?.rank}: only the dead and those who left are forgotten`,
    );
    this.#states.delete(member);
  }
}
