/**
 * A record that several leaders write at the same time: which of its versions are concurrent, and what to make of those. Parker et al., "Detection of Mutual
 * Inconsistency in Distributed Systems", 1983; Almeida et al., DAIS 2014 (dotted version vector sets); DeCandia et al., "Dynamo", SOSP 2007, section 4.4.
 *
 * Versions that nobody has overwritten are kept until a write that has seen them does. Resolution is a way of *reading*: it writes nothing. So leaders that resolve the
 * same conflict at the same time make no new one, and whoever has the same versions reads the same; which of them a later write keeps, its author decides.
 *
 * Immutable. A leader's write covers all that leader has, unless it names an older context, so there are as many siblings as leaders at most. `siblings` tells.
 */
import { compareNodeTimestamps, DottedVersionVectorSet, type NodeTimestamp, type VectorClock } from '../time/index.ts';

/** One version. `value` is undefined when the record was deleted. */
export interface RecordVersion<V> {
  readonly value: V | undefined;
  /** Of the leader's hybrid clock, unique by its node. Decides only between concurrent versions. */
  readonly stamp: NodeTimestamp;
}

export type ConflictResolution<V> =
  /** Show them all. Nothing is lost; the application decides. */
  | { readonly kind: 'keep-siblings' }
  /** The version with the highest stamp. All other concurrent writes, though acknowledged, are never seen again once it is overwritten. */
  | { readonly kind: 'last-writer' }
  /** One value out of all. Concurrent deletions do not count. `merge` must pass `checkMerge`. */
  | { readonly kind: 'merge'; readonly merge: (a: V, b: V) => V };

export interface Resolved<V> {
  /** None: there is no such record. More than one only with `keep-siblings`. */
  readonly values: readonly V[];
  /** Versions that are current and not shown. */
  readonly hidden: readonly V[];
}

export class ReplicatedRecord<V> {
  static none<V>(): ReplicatedRecord<V> {
    return new ReplicatedRecord<V>(DottedVersionVectorSet.of<RecordVersion<V>>([]));
  }

  /** For codecs and for read repair. */
  readonly versions: DottedVersionVectorSet<RecordVersion<V>>;

  constructor(versions: DottedVersionVectorSet<RecordVersion<V>>) {
    this.versions = versions;
  }

  /** How many versions are current: above 1, there is a conflict. */
  get siblings(): number {
    return this.versions.size;
  }

  /** What a reader is given, to hand back with its write. */
  get context(): VectorClock {
    return this.versions.context;
  }

  /** A write, or (`undefined`) a deletion, by the leader `actor`. It overwrites what `context` covers: by default all that is here. */
  write(
    value: V | undefined,
    by: { readonly actor: string; readonly stamp: NodeTimestamp; readonly context?: VectorClock },
  ): ReplicatedRecord<V> {
    const version = { value, stamp: by.stamp };
    const written = DottedVersionVectorSet.write<RecordVersion<V>>(by.context ?? this.context, version);
    return new ReplicatedRecord(written.update(by.actor, this.versions));
  }

  /** Commutative, associative, idempotent. `this` or equal to it when `other` adds nothing. */
  merge(other: ReplicatedRecord<V>): ReplicatedRecord<V> {
    return new ReplicatedRecord(this.versions.merge(other.versions));
  }

  /** O(siblings · log siblings). */
  resolve(resolution: ConflictResolution<V>): Resolved<V> {
    // Latest first. Equal stamps (a node restored from a backup) keep the order of their dots, which is the same everywhere.
    const versions = this.versions.values.sort((a, b) => compareNodeTimestamps(b.stamp, a.stamp));
    const live = versions.flatMap(({ value }): V[] => (value === undefined ? [] : [value]));
    switch (resolution.kind) {
      case 'keep-siblings':
        return { values: live, hidden: [] };
      case 'last-writer': {
        const last = versions[0]?.value;
        return last === undefined ? { values: [], hidden: live } : { values: [last], hidden: live.slice(1) };
      }
      case 'merge':
        return live.length === 0 ? { values: [], hidden: [] } : { values: [live.reduce(resolution.merge)], hidden: [] };
    }
  }
}

/**
 * Tries the laws of a merge on all triples of `samples`; what is broken, in words, or undefined. Resolved values are written back by several leaders, and then merged with
 * each other and with what they were made of: unless a merge is idempotent, commutative and associative, that adds up twice, or never ends.
 * O(samples³).
 */
export function checkMerge<V>(
  merge: (a: V, b: V) => V,
  samples: readonly V[],
  equals: (a: V, b: V) => boolean,
): string | undefined {
  const broken = (law: string, got: V, wanted: V, ...from: V[]): string | undefined =>
    equals(got, wanted)
      ? undefined
      : `${law}: of ${from.map((one) => JSON.stringify(one)).join(', ')} came ${JSON.stringify(got)} and ${JSON.stringify(wanted)}`;
  for (const a of samples) {
    const idempotent = broken('idempotent', merge(a, a), a, a);
    if (idempotent !== undefined) return idempotent;
    for (const b of samples) {
      const found =
        broken('commutative', merge(a, b), merge(b, a), a, b) ??
        samples.map((c) => broken('associative', merge(merge(a, b), c), merge(a, merge(b, c)), a, b, c)).find(Boolean);
      if (found !== undefined) return found;
    }
  }
  return undefined;
}
