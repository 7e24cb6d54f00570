/**
 * How the states that replicas hold of one key lie to each other, and what they make together. `ReadRepair` takes it from the caller, so that it works for
 * siblings and for last-writer-wins alike.
 */
import {
  type CausalOrder,
  compareNodeTimestamps,
  type DottedVersionVectorSet,
  type NodeTimestamp,
} from '../time/index.ts';
import type { ReplicatedRecord } from './conflict.ts';

export interface Versions<S> {
  /** How `a` lies to `b`. */
  compare(a: S, b: S): CausalOrder;
  /** The least state that is at or after both. */
  merge(a: S, b: S): S;
}

/** Siblings with dotted version vectors: concurrent values are kept side by side. */
export function dottedVersions<V>(): Versions<DottedVersionVectorSet<V>> {
  return { compare: (a, b) => a.compare(b), merge: (a, b) => a.merge(b) };
}

export function recordVersions<V>(): Versions<ReplicatedRecord<V>> {
  return { compare: (a, b) => a.versions.compare(b.versions), merge: (a, b) => a.merge(b) };
}

/** The latest by hybrid timestamp. Of two concurrent writes one is dropped, though both were acknowledged. */
export function lastWriterVersions<S extends { readonly stamp: NodeTimestamp }>(): Versions<S> {
  return {
    compare: (a, b) => {
      const order = compareNodeTimestamps(a.stamp, b.stamp);
      return order === 0 ? 'equal' : order < 0 ? 'before' : 'after';
    },
    merge: (a, b) => (compareNodeTimestamps(a.stamp, b.stamp) >= 0 ? a : b),
  };
}
