/**
 * Shuffle sharding without a table: each customer has a hand of few workers, chosen by the customer's name alone, so that hardly two customers have
 * the same hand. Who takes all workers of its hand down takes down those few others only; everybody else has workers left. MacCárthaigh,
 * "Workload isolation using shuffle-sharding", Amazon Builders' Library.
 *
 * In a lattice a hand has as many workers in each zone, so that a zone can fail as well. Workers are ranked by rendezvous hashing: when one comes or
 * goes, a hand changes in that worker at most. How much hands have in common: `overlapShares`; with a promise about it: `AssignedShards`.
 */
import { Rendezvous } from '../partitioning/rendezvous.ts';
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
  readonly #zones: readonly Rendezvous[];

  private constructor(zones: readonly Rendezvous[], perZone: number) {
    this.deck = { zones: zones.map(({ nodes }) => nodes.length), perZone };
    checkDeck(this.deck);
    this.#zones = zones;
  }

  /** `RangeError` when ids are not unique, or a zone has fewer than `perZone` workers. */
  static of(workers: readonly ShardWorker[], options: ShuffleShardsOptions): ShuffleShards {
    const byZone = new Map<string, { id: string }[]>();
    const ids = new Set<string>();
    for (const { id, zone = '' } of workers) {
      if (ids.has(id)) throw new RangeError(`worker ids must differ, got ${JSON.stringify(id)} twice`);
      ids.add(id);
      const name = (options.isLattice ?? true) ? zone : '';
      byZone.set(name, [...(byZone.get(name) ?? []), { id }]);
    }
    const names = [...byZone.keys()].sort();
    return new ShuffleShards(
      names.map((name) => Rendezvous.of(byZone.get(name)!)),
      options.perZone,
    );
  }

  /** The workers of a customer, zone by zone, in each the favourite first. The same for whoever knows the same workers. O(workers · perZone). */
  handOf(customer: string): string[] {
    return this.#zones.flatMap((zone) => zone.preferenceList(customer, this.deck.perZone));
  }

  /** All workers by zone, as the customer ranks them: a hand is the beginning of each. O(workers²). */
  rankingOf(customer: string): string[][] {
    return this.#zones.map((zone) => zone.preferenceList(customer, zone.nodes.length));
  }
}
