/**
 * What a register holds: a value, and for each proposer the ballot of its latest change that led to it. So a proposer whose phase 2 failed can find out
 * whether its change has happened nevertheless, however many changes others have made since. Not in the paper, which leaves that to clients.
 *
 * Immutable values.
 */
import { type Ballot, compareBallots } from '../ballot.ts';

export interface Held<Value> {
  /** Undefined: nothing, a tombstone. */
  readonly value: Value | undefined;
  /** At most one of each node, and at most `MARKS_MAX`. */
  readonly marks: readonly Ballot[];
}

/** Of more proposers than this the one that changed the register longest ago is forgotten. */
export const MARKS_MAX = 16;

/** What a change under `ballot` makes of what was held. O(marks). */
export function heldAfter<Value>(
  before: Held<Value> | undefined,
  value: Value | undefined,
  ballot: Ballot,
): Held<Value> {
  const others = (before?.marks ?? []).filter(({ node }) => node !== ballot.node);
  if (others.length >= MARKS_MAX) others.sort(compareBallots).shift();
  return { value, marks: [...others, ballot] };
}
