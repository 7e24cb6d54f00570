/**
 * How much two hands of a shuffle-sharded service have in common, exactly: the hypergeometric distribution, for each zone, and for all zones together the
 * product of these. MacCárthaigh, "Workload isolation using shuffle-sharding", Amazon Builders' Library; lattices: Route 53 Infima.
 *
 * Counts are whole numbers of any size; only shares are rounded, to the last bit of a double.
 */

/** The ways to choose k of n. 0 when there are none. O(k). */
export function binomial(n: number, k: number): bigint {
  if (k < 0 || k > n) return 0n;
  let ways = 1n;
  for (let i = 1n; i <= BigInt(Math.min(k, n - k)); i++) ways = (ways * (BigInt(n) - i + 1n)) / i;
  return ways;
}

/** What hands are dealt from: in each zone so many workers, of which a hand has `perZone`. One zone when zones do not matter. */
export interface Deck {
  readonly zones: readonly number[];
  readonly perZone: number;
}

/** `RangeError` unless each zone has enough workers. */
export function checkDeck({ zones, perZone }: Deck): void {
  if (zones.length === 0 || !Number.isInteger(perZone) || perZone < 1)
    throw new RangeError(
      `a hand has at least one worker of at least one zone, got ${perZone} of ${zones.length} zones`,
    );
  for (const workers of zones)
    if (!Number.isInteger(workers) || workers < perZone)
      throw new RangeError(`each zone needs at least ${perZone} workers, got ${workers}`);
}

/** How many hands share exactly j workers with a given one: at j, from 0 to the size of a hand. O((zones · perZone)²). */
export function overlapCounts(deck: Deck): bigint[] {
  checkDeck(deck);
  const { zones, perZone } = deck;
  let counts = [1n];
  for (const workers of zones) {
    const inZone = Array.from(
      { length: perZone + 1 },
      (_, j) => binomial(perZone, j) * binomial(workers - perZone, perZone - j),
    );
    const sums = new Array<bigint>(counts.length + perZone).fill(0n);
    counts.forEach((count, i) => {
      inZone.forEach((more, j) => {
        sums[i + j]! += count * more;
      });
    });
    counts = sums;
  }
  return counts;
}

/** How many different hands there are. */
export function handCount({ zones, perZone }: Deck): bigint {
  return zones.reduce((product, workers) => product * binomial(workers, perZone), 1n);
}

/** The probability that two hands, dealt independently, share exactly j workers: at j. They add up to 1. */
export function overlapShares(deck: Deck): number[] {
  const all = handCount(deck);
  return overlapCounts(deck).map((count) => shareOf(count, all));
}

export interface BlastRadius {
  /** The part of all other customers that have fewer than `needed` workers left. */
  readonly share: number;
  /** How many that is expected to be. */
  readonly customers: number;
  /** The probability that it is at least one. */
  readonly any: number;
}

/**
 * What one customer who takes all workers of its hand down does to `others`, each of whom can do with `needed` of its own workers. `RangeError` unless
 * 1 ≤ needed ≤ size of a hand.
 */
export function blastRadius(deck: Deck, others: number, needed: number = 1): BlastRadius {
  const size = deck.zones.length * deck.perZone;
  if (!Number.isInteger(needed) || needed < 1 || needed > size)
    throw new RangeError(`needed must be a whole number from 1 to ${size}, got ${needed}`);
  const hit = overlapCounts(deck)
    .slice(size - needed + 1)
    .reduce((sum, count) => sum + count, 0n);
  const share = shareOf(hit, handCount(deck));
  // log1p and expm1, because shares are so small that 1 − share is 1.
  return { share, customers: share * others, any: share === 1 ? 1 : -Math.expm1(others * Math.log1p(-share)) };
}

/** part / all, without leaving the range of doubles in between. */
function shareOf(part: bigint, all: bigint): number {
  const excess = BigInt(Math.max(0, all.toString(2).length - 1_000));
  return Number(part >> excess) / Number(all >> excess);
}
