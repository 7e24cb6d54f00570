/**
 * Which rounds a proposer has used. It must never use one twice: a promise for the first use would be taken for one for the second. "Each proposer
 * remembers (in stable storage) the highest-numbered proposal it has tried to issue" (Lamport, "Paxos Made Simple", 2001, section 2.5).
 *
 * Differs: rounds are reserved on disk in blocks, so that one write serves many ballots. A restart skips what is left of a block.
 *
 * An immutable value.
 */
import { assert } from '../../base/index.ts';

export interface Rounds {
  /** The latest round used, or seen with another proposer. */
  readonly last: number;
  /** All rounds up to this one may have been used, as the disk knows it. */
  readonly reserved: number;
}

/** What a proposer starts with when its disk says that rounds up to `reserved` may have been used (0 for a new one). */
export function roundsAfterRestart(reserved: number): Rounds {
  assert(Number.isSafeInteger(reserved) && reserved >= 0, `reserved rounds must be a whole number, got ${reserved}`);
  return { last: reserved, reserved };
}

/** Never to use `round` or one below it. */
export function roundsBeyond(rounds: Rounds, round: number): Rounds {
  return round <= rounds.last ? rounds : { ...rounds, last: round };
}

/**
 * Takes the next round, `last` of the result. When `reserved` has grown, it must be durable before any message bears that round; the block
 * reserved then is of `block` rounds.
 */
export function takeRound(rounds: Rounds, block: number): Rounds {
  const last = rounds.last + 1;
  return { last, reserved: last <= rounds.reserved ? rounds.reserved : last + block - 1 };
}
