/**
 * Shuffle sharding with a promise: no two customers have more than `overlapMax` workers in common. It takes a table of all hands, which must be
 * kept. A new hand is searched for: the first, in the customer's own ranking of the workers, that keeps the promise; while there are few customers
 * that is the hand that `ShuffleShards` would have dealt. (Route 53 Infima, stateful searching.)
 *
 * Two hands share more than m workers exactly if they share some m + 1. So it is enough to remember which (m + 1)-subsets are taken: adding a worker to
 * a hand that is being made looks up C(workers in it, m) of them. There are at most `handsAtMost` hands; near that the search gets long, and is
 * given up after `stepsMax`.
 */
import { type ShardWorker, ShuffleShards, type ShuffleShardsOptions } from './shuffle-shards.ts';

export interface AssignedShardsOptions extends ShuffleShardsOptions {
  /** Workers that two hands may share. At least 0, less than the size of a hand. */
  readonly overlapMax: number;
  /** Customers at most. Default 100,000. */
  readonly handsMax?: number;
  /** Workers tried in one search. Default 100,000. */
  readonly stepsMax?: number;
}

export type Assignment =
  | { readonly kind: 'assigned'; readonly hand: readonly string[] }
  /** It had one before. */
  | { readonly kind: 'known'; readonly hand: readonly string[] }
  /** There is no hand that keeps the promise. */
  | { readonly kind: 'exhausted' }
  /** None has been found in `stepsMax`; there may be one. */
  | { readonly kind: 'given-up' }
  /** There are `handsMax` customers. */
  | { readonly kind: 'full' };

export class AssignedShards {
  readonly #shards: ShuffleShards;
  readonly #overlapMax: number;
  readonly #handsMax: number;
  readonly #stepsMax: number;
  readonly #numberOf: ReadonlyMap<string, number>;
  readonly #hands = new Map<string, readonly string[]>();
  /** Subsets of overlapMax + 1 workers that some hand has. */
  readonly #taken = new Set<number>();

  /** `RangeError` for wrong workers or options, and when there are too many workers for so large an overlap. */
  constructor(workers: readonly ShardWorker[], options: AssignedShardsOptions) {
    this.#shards = ShuffleShards.of(workers, options);
    const { zones, perZone } = this.#shards.deck;
    const { overlapMax, handsMax = 100_000, stepsMax = 100_000 } = options;
    const size = zones.length * perZone;
    if (!Number.isInteger(overlapMax) || overlapMax < 0 || overlapMax >= size)
      throw new RangeError(`overlapMax must be a whole number from 0 to ${size - 1}, got ${overlapMax}`);
    if (workers.length ** (overlapMax + 1) > Number.MAX_SAFE_INTEGER)
      throw new RangeError(`${workers.length} workers are too many for an overlap of ${overlapMax}`);
    if (handsMax < 1 || stepsMax < 1) throw new RangeError('handsMax and stepsMax must be at least 1');
    this.#overlapMax = overlapMax;
    this.#handsMax = handsMax;
    this.#stepsMax = stepsMax;
    this.#numberOf = new Map(
      workers
        .map(({ id }) => id)
        .sort()
        .map((id, number) => [id, number]),
    );
  }

  /** Customers that have a hand. */
  get size(): number {
    return this.#hands.size;
  }

  handOf(customer: string): readonly string[] | undefined {
    return this.#hands.get(customer);
  }

  assign(customer: string): Assignment {
    const known = this.#hands.get(customer);
    if (known !== undefined) return { kind: 'known', hand: known };
    if (this.#hands.size >= this.#handsMax) return { kind: 'full' };
    const { perZone } = this.#shards.deck;
    const search: Search = { ranking: this.#shards.rankingOf(customer), perZone, hand: [], stepsLeft: this.#stepsMax };
    if (!this.#search(search, 0, 0)) return { kind: search.stepsLeft <= 0 ? 'given-up' : 'exhausted' };
    for (const subset of this.#subsetsOf(search.hand)) this.#taken.add(subset);
    this.#hands.set(customer, search.hand);
    return { kind: 'assigned', hand: search.hand };
  }

  /** False when the customer had none. */
  release(customer: string): boolean {
    const hand = this.#hands.get(customer);
    if (hand === undefined) return false;
    for (const subset of this.#subsetsOf(hand)) this.#taken.delete(subset);
    return this.#hands.delete(customer);
  }

  /** Completes the hand from place `from` of a zone's ranking on. Depth first, so that the first hand found is the most liked. */
  #search(search: Search, zone: number, from: number): boolean {
    const { ranking, perZone, hand } = search;
    if (zone === ranking.length) return true;
    const inZone = hand.length - zone * perZone;
    const workers = ranking[zone]!;
    for (let at = from; at <= workers.length - (perZone - inZone); at++) {
      search.stepsLeft -= 1;
      if (search.stepsLeft <= 0) return false;
      const worker = workers[at]!;
      if (!this.#fits(hand, worker)) continue;
      hand.push(worker);
      if (inZone + 1 < perZone ? this.#search(search, zone, at + 1) : this.#search(search, zone + 1, 0)) return true;
      hand.pop();
    }
    return false;
  }

  /** Whether no subset that `worker` completes is taken. */
  #fits(hand: readonly string[], worker: string): boolean {
    for (const others of subsets(hand, this.#overlapMax))
      if (this.#taken.has(this.#keyOf([...others, worker]))) return false;
    return true;
  }

  *#subsetsOf(hand: readonly string[]): Generator<number> {
    for (const subset of subsets(hand, this.#overlapMax + 1)) yield this.#keyOf(subset);
  }

  /** A number that only this set of workers has. */
  #keyOf(workers: readonly string[]): number {
    const base = this.#numberOf.size;
    const numbers = workers.map((worker) => this.#numberOf.get(worker)!).sort((a, b) => a - b);
    return numbers.reduce((key, number) => key * base + number, 0);
  }
}

interface Search {
  readonly ranking: readonly (readonly string[])[];
  readonly perZone: number;
  readonly hand: string[];
  stepsLeft: number;
}

/** All subsets of so many items, in the order of the items. */
function* subsets<T>(items: readonly T[], size: number, from: number = 0): Generator<T[]> {
  if (size === 0) return yield [];
  for (let at = from; at <= items.length - size; at++)
    for (const rest of subsets(items, size - 1, at + 1)) yield [items[at]!, ...rest];
}

/**
 * More hands of `size` workers with at most `overlapMax` in common there cannot be: Johnson, "A New Upper Bound for Error-Correcting Codes", IRE
 * Transactions on Information Theory 1962; Schönheim 1966. One zone. Whether as many can be had is, in general, not known.
 */
export function handsAtMost(workers: number, size: number, overlapMax: number): number {
  let bound = 1;
  for (let j = overlapMax; j >= 0; j--) bound = Math.floor((bound * (workers - j)) / (size - j));
  return bound;
}
