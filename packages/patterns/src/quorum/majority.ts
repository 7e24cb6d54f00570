/**
 * The majority quorum: any two majorities of the same voters share a voter, so what one majority knows, the next one
 * that is asked will hear of. Gifford, "Weighted Voting for Replicated Data", SOSP 1979; Thomas, "A Majority Consensus
 * Approach to Concurrency Control for Multiple Copy Databases", TODS 1979.
 *
 * Differs from textbook treatment in one convention: no voters at all means "no objection" (`won`, `Infinity`), so that
 * a joint quorum with an empty half is just the other half.
 *
 * Pure. Voters are distinct; their order does not matter.
 */

/** `pending`: neither outcome is certain until more votes are in. */
export type VoteResult = 'won' | 'lost' | 'pending';

/** The smallest number of `count` voters that is a majority. */
export function majoritySize(count: number): number {
  return Math.floor(count / 2) + 1;
}

/** Reused between calls, which never nest, so that counting does not allocate. */
const scratch: number[] = [];

/**
 * The highest number that a majority of `voters` has reached, when `valueOf` says what each has reached: a log index
 * (what is committed), a round (what is confirmed) or an instant (since when a majority has been heard). A voter of
 * whom nothing is known counts as 0. O(n²) in the number of voters, no allocation.
 */
export function committedIndex<Voter>(voters: readonly Voter[], valueOf: (voter: Voter) => number): number {
  const count = voters.length;
  if (count === 0) return Number.POSITIVE_INFINITY;
  if (count === 1) return valueOf(voters[0]!);
  if (count === 3) return median(valueOf(voters[0]!), valueOf(voters[1]!), valueOf(voters[2]!));
  for (let filled = 0; filled < count; filled++) {
    const value = valueOf(voters[filled]!);
    let at = filled;
    for (; at > 0 && scratch[at - 1]! < value; at--) scratch[at] = scratch[at - 1]!;
    scratch[at] = value;
  }
  // Descending: as many voters as make a majority have reached the value at this place.
  return scratch[majoritySize(count) - 1]!;
}

function median(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}

/** Whether a majority of `voters` has said yes. `voteOf` is undefined for those who have not answered. O(n). */
export function voteResult<Voter>(voters: readonly Voter[], voteOf: (voter: Voter) => boolean | undefined): VoteResult {
  let granted = 0;
  let missing = 0;
  for (const voter of voters) {
    const vote = voteOf(voter);
    if (vote === true) granted += 1;
    else if (vote === undefined) missing += 1;
  }
  const needed = voters.length === 0 ? 0 : majoritySize(voters.length);
  if (granted >= needed) return 'won';
  return granted + missing >= needed ? 'pending' : 'lost';
}
