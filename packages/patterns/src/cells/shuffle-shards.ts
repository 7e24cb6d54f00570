/**
 * Shuffle sharding without a table: each customer has a hand of few workers, chosen by the customer's name alone, so that hardly two customers have
 * the same hand. Who takes all workers of its hand down takes down those few others only; everybody else has workers left. MacCárthaigh,
 * "Workload isolation using shuffle-sharding", Amazon Builders' Library.
 *
 * In a lattice a hand has as many workers in each zone, so that a zone can fail as well. Workers are ranked by rendezvous hashing (see `Rendezvous` of
 * `partitioning`): when one comes or goes, a hand changes in that worker at most. A customer counts with 64 bits, because there are more hands than 32
 * bits can tell apart. How much hands have in common: `overlapShares`; with a promise about it: `AssignedShards`.
 */
import { hashKey, mix32 } from '../partitioning/key-hash.ts';
import { checkDeck, type Deck } from './overlap.ts';

export interface ShardWorker {
  /** Unique. */
  readonly id: string;
  /** What fails together. Workers without one share one. */
  readonly zone?: string;
}

export interface ShuffleShardsOptions {
  /** Workers of a hand in each zone. */
  readonly perZone: number;
  /** Whether zones matter; if not, all workers are of one. Default true. */
  readonly isLattice?: boolean;
}

export class ShuffleShards {
  /** How many workers there are by zone, in the order of the zones' names, and how many of each are in a hand. */
  readonly deck: Deck;
  readonly #zones: readonly Zone[];

  private constructor(zones: readonly Zone[], perZone: number) {
    this.deck = { zones: zones.map(({ ids }) => ids.length), perZone };
    checkDeck(this.deck);
    this.#zones = zones;
  }

  /** `RangeError` when ids are not unique, or a zone has fewer than `perZone` workers. */
  static of(workers: readonly ShardWorker[], options: ShuffleShardsOptions): ShuffleShards {
    const byZone = new Map<string, string[]>();
    const ids = new Set<string>();
    for (const { id, zone = '' } of workers) {
      if (ids.has(id)) throw new RangeError(`worker ids must differ, got ${JSON.stringify(id)} twice`);
      ids.add(id);
      const name = (options.isLattice ?? true) ? zone : '';
      byZone.set(name, [...(byZone.get(name) ?? []), id]);
    }
    const names = [...byZone.keys()].sort();
    return new ShuffleShards(
      names.map((name) => zoneOf(byZone.get(name)!)),
      options.perZone,
    );
  }

  /** The workers of a customer, zone by zone, in each the favourite first. The same for whoever knows the same workers. O(workers · perZone). */
  handOf(customer: string): string[] {
    const low = hashKey(customer);
    const high = hashKey(customer, HIGH);
    return this.#zones.flatMap((zone) => favourites(zone, low, high, this.deck.perZone));
  }

  /** All workers by zone, as the customer ranks them: a hand is the beginning of each. O(workers · log workers). */
  rankingOf(customer: string): string[][] {
    const low = hashKey(customer);
    const high = hashKey(customer, HIGH);
    return this.#zones.map(({ ids, seeds }) => {
      const scores = ids.map((_, at) => scoreOf(low, high, seeds[at]!));
      const places = [...ids.keys()].sort((a, b) => scores[b]! - scores[a]! || a - b);
      return places.map((at) => ids[at]!);
    });
  }
}

interface Zone {
  /** Sorted: of two with the same score the first counts. */
  readonly ids: readonly string[];
  readonly seeds: Uint32Array;
}

/** Makes another hash of the same customer. */
const HIGH = 0x5bd1e995;

function zoneOf(workers: readonly string[]): Zone {
  const ids = [...workers].sort();
  return { ids, seeds: Uint32Array.from(ids, (id) => hashKey(id)) };
}

/** An unsigned 32-bit integer. Two customers that agree in one of their hashes still rank differently. */
function scoreOf(low: number, high: number, seed: number): number {
  return mix32(mix32(low ^ seed) + Math.imul(high, 0x9e3779b1) + seed);
}

function favourites({ ids, seeds }: Zone, low: number, high: number, count: number): string[] {
  const scores = Float64Array.from(seeds, (seed) => scoreOf(low, high, seed));
  const hand: string[] = [];
  while (hand.length < count) {
    let best = 0;
    for (let at = 1; at < scores.length; at++) if (scores[at]! > scores[best]!) best = at;
    hand.push(ids[best]!);
    scores[best] = -1;
  }
  return hand;
}
