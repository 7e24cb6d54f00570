/**
 * Which partitions are hot, why, and what helps. Per partition a rate of reads and writes that forgets exponentially; over all partitions the most
 * frequent keys, by Space-Saving (see `sketches`), of the last one to two windows. Memory does not grow with the number of keys.
 *
 *   one key, mostly read       cache it near the readers, and let concurrent reads of it share one request
 *   one key, mostly written    salt it (see `salting.ts`), if its value can be merged
 *   many keys                  split the partition (see `range-advice.ts`), or move it to a node of its own
 *
 * After DynamoDB's adaptive capacity (isolation of hot items, split for heat), and Fan et al., "Small Cache, Big Effect", SoCC 2011: to even out n
 * nodes it is enough to cache some n · log n keys.
 *
 * Time is an input. One detector sees what one node serves, or what many report to it.
 */
import type { Instant } from '../base/index.ts';
import { SpaceSaving } from '../sketches/space-saving.ts';

export interface HotPartitionsOptions {
  readonly partitions: number;
  readonly partitionOf: (key: string) => number;
  /** After how long an operation counts half in the rates: 10,000 ms when absent. */
  readonly halfLifeMs?: number;
  /** For how long keys are counted; what is reported is one to two windows long. 60,000 ms when absent. */
  readonly windowMs?: number;
  /** Keys counted at a time, of reads and of writes: any key with more than one in so many of the operations is among them. 512 when absent. */
  readonly counters?: number;
  /** A partition is hot at so many times the mean rate: 2 when absent. */
  readonly hotFactor?: number;
  /** No partition is hot below this rate: 100 operations per second when absent. */
  readonly hotFromPerSecond?: number;
  /** One key is the reason when at least this part of the partition's operations are its own: 0.3 when absent. */
  readonly keyShare?: number;
}

export type HotAdvice =
  | { readonly kind: 'cache'; readonly partition: number; readonly key: string; readonly perSecond: number }
  | {
      readonly kind: 'salt';
      readonly partition: number;
      readonly key: string;
      readonly perSecond: number;
      /** So many that each sub-key has no more than the mean rate of a partition. */
      readonly ways: number;
    }
  | { readonly kind: 'split'; readonly partition: number; readonly perSecond: number };

const SALT_WAYS_ADVISED_MAX = 64;

/** Rates of the first moments are too low rather than wild. */
const SETTLING_HALF_LIVES = 0.125;

/** What happened since `startedAt`: operations by partition, and the most frequent keys. */
class Window {
  readonly startedAt: Instant;
  readonly reads: SpaceSaving<string>;
  readonly writes: SpaceSaving<string>;
  readonly byPartition: Float64Array;

  constructor(startedAt: Instant, partitions: number, counters: number) {
    this.startedAt = startedAt;
    this.byPartition = new Float64Array(partitions);
    this.reads = new SpaceSaving<string>(counters);
    this.writes = new SpaceSaving<string>(counters);
  }
}

export class HotPartitions {
  readonly #options: Required<HotPartitionsOptions>;
  /** Operations, each of which counts 2^(−age / halfLifeMs), as of `#asOf`. */
  readonly #weights: Float64Array;
  readonly #asOf: Float64Array;
  readonly #startedAt: Instant;
  #current: Window;
  #previous: Window | undefined;

  /** `RangeError` for options that are not greater than 0, `partitions` and `counters` that are not whole. */
  constructor(options: HotPartitionsOptions, now: Instant) {
    this.#options = {
      halfLifeMs: 10_000,
      windowMs: 60_000,
      counters: 512,
      hotFactor: 2,
      hotFromPerSecond: 100,
      keyShare: 0.3,
      ...options,
    };
    const { partitions, partitionOf: _, ...limits } = this.#options;
    if (!Number.isInteger(partitions) || partitions < 1)
      throw new RangeError(`partitions must be a whole number from 1 on, got ${partitions}`);
    for (const [name, value] of Object.entries(limits))
      if (!(value > 0)) throw new RangeError(`${name} must be greater than 0, got ${value}`);
    this.#weights = new Float64Array(partitions);
    this.#asOf = new Float64Array(partitions).fill(now);
    this.#startedAt = now;
    this.#current = new Window(now, this.#options.partitions, this.#options.counters);
  }

  /** Notes one operation, or `count` at once. `RangeError` for a count or a partition that is none. O(log counters) with the key that it is about. */
  record(kind: 'read' | 'write', key: string, now: Instant, count: number = 1): void {
    const partition = this.#options.partitionOf(key);
    if (!(count > 0 && count < Number.POSITIVE_INFINITY))
      throw new RangeError(`count must be greater than 0, got ${count}`);
    if (!(partition in this.#weights))
      throw new RangeError(
        `partitionOf must give a number from 0 to ${this.#weights.length - 1}, got ${partition} for ${JSON.stringify(key)}`,
      );
    this.#decay(partition, now);
    this.#weights[partition]! += count;
    this.#turn(now);
    this.#current.byPartition[partition]! += count;
    (kind === 'read' ? this.#current.reads : this.#current.writes).add(key, count);
  }

  /** Operations per second on a partition, as an exponentially weighted mean. */
  ratePerSecond(partition: number, now: Instant): number {
    this.#decay(partition, now);
    const { halfLifeMs } = this.#options;
    // What a detector that has always run would have seen of it, so that rates are not too low at first.
    const halfLives = Math.max(SETTLING_HALF_LIVES, (now - this.#startedAt) / halfLifeMs);
    return (this.#weights[partition]! * Math.LN2 * 1000) / halfLifeMs / (1 - 2 ** -halfLives);
  }

  /** What would help now, the hottest partition first; its hottest keys before the rest. Empty when no partition is hot. O(partitions + counters · log counters). */
  advise(now: Instant): HotAdvice[] {
    this.#turn(now);
    const { partitions, hotFactor, hotFromPerSecond } = this.#options;
    const rates = Array.from({ length: partitions }, (_, partition) => this.ratePerSecond(partition, now));
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / partitions;
    const threshold = Math.max(hotFromPerSecond, hotFactor * mean);
    const hot = rates.flatMap((rate, partition) =>
      rate > threshold || (partitions === 1 && rate > hotFromPerSecond) ? [partition] : [],
    );
    if (hot.length === 0) return [];
    const keys = this.#frequentKeys();
    return hot
      .sort((a, b) => rates[b]! - rates[a]!)
      .flatMap((partition) => this.#adviseOne(partition, rates[partition]!, mean, keys));
  }

  #adviseOne(partition: number, rate: number, mean: number, keys: readonly FrequentKey[]): HotAdvice[] {
    const { partitionOf, keyShare } = this.#options;
    const counted = this.#current.byPartition[partition]! + (this.#previous?.byPartition[partition] ?? 0);
    const reasons = keys.filter(
      ({ key, reads, writes }) => reads + writes >= keyShare * counted && partitionOf(key) === partition,
    );
    if (reasons.length === 0) return [{ kind: 'split', partition, perSecond: rate }];
    return reasons.map(({ key, reads, writes }) => {
      const perSecond = (rate * (reads + writes)) / counted;
      if (writes <= reads) return { kind: 'cache', partition, key, perSecond };
      const ways = Math.ceil((rate * writes) / counted / mean);
      return { kind: 'salt', partition, key, perSecond, ways: Math.min(SALT_WAYS_ADVISED_MAX, Math.max(2, ways)) };
    });
  }

  /** Keys by what is certain of their counts (the count less its error), highest first. */
  #frequentKeys(): FrequentKey[] {
    const { reads, writes } = this.#bothWindows();
    const counts = new Map<string, { reads: number; writes: number }>();
    for (const { key, count, error } of reads.top()) counts.set(key, { reads: count - error, writes: 0 });
    for (const { key, count, error } of writes.top())
      counts.set(key, { reads: counts.get(key)?.reads ?? 0, writes: count - error });
    return [...counts]
      .map(([key, of]): FrequentKey => ({ key, ...of }))
      .sort((a, b) => b.reads + b.writes - a.reads - a.writes);
  }

  #bothWindows(): Pick<Window, 'reads' | 'writes'> {
    if (this.#previous === undefined) return this.#current;
    const { reads, writes } = this.#previous;
    return { reads: this.#current.reads.merged(reads), writes: this.#current.writes.merged(writes) };
  }

  #turn(now: Instant): void {
    const age = now - this.#current.startedAt;
    if (age < this.#options.windowMs) return;
    // After a window in which nothing happened there is nothing to keep.
    this.#previous = age < 2 * this.#options.windowMs ? this.#current : undefined;
    this.#current = new Window(now, this.#options.partitions, this.#options.counters);
  }

  #decay(partition: number, now: Instant): void {
    const age = now - this.#asOf[partition]!;
    if (age <= 0) return;
    this.#weights[partition]! *= 2 ** (-age / this.#options.halfLifeMs);
    this.#asOf[partition] = now;
  }
}

interface FrequentKey {
  readonly key: string;
  readonly reads: number;
  readonly writes: number;
}
