/**
 * What of a log survives a compaction: of each key the last record, where it is; offsets never change. Apache Kafka's rules for tombstones, KIP-534: a tombstone
 * stays for `tombstoneMs` after the first compaction that met it, so that a reader who began before it, at records that it deletes, comes by. So it takes two passes: one
 * that gives it a horizon, and one, after that time, that drops it.
 */
import { assert, type WallTime } from '../base/index.ts';
import type { KeyedRecord, KeyOffsets } from './key-offsets.ts';

export interface CompactableRecord extends KeyedRecord {
  /** Deletes its key. */
  readonly isTombstone: boolean;
  /** When the tombstone may go; undefined until a compaction has met it. Kept with the record. */
  readonly horizon: WallTime | undefined;
}

/** `horizon`: of a tombstone that stays, to be kept with it. */
export type Survival = { readonly kind: 'dropped' } | { readonly kind: 'kept'; readonly horizon: WallTime | undefined };

const DROPPED: Survival = { kind: 'dropped' };
const KEPT: Survival = { kind: 'kept', horizon: undefined };

/** Of a record before `latest.to`; what lies behind is kept as it is. O(1). */
export function survival(record: CompactableRecord, latest: KeyOffsets, now: WallTime, tombstoneMs: number): Survival {
  assert(tombstoneMs >= 0, `tombstoneMs must be >= 0, not ${tombstoneMs}`);
  if (record.offset >= latest.to) return { kind: 'kept', horizon: record.horizon };
  if (latest.supersedes(record)) return DROPPED;
  if (!record.isTombstone) return KEPT;
  const horizon = record.horizon ?? ((now + tombstoneMs) as WallTime);
  // The first pass never drops it, not even with no time to wait: what it deletes may still be in a segment that is read.
  return record.horizon !== undefined && now >= horizon ? DROPPED : { kind: 'kept', horizon };
}

/** A segment to be compacted, with what it may become at most. */
export interface MergeableSegment {
  readonly baseOffset: number;
  readonly endOffset: number;
  readonly sizeBytes: number;
}

/**
 * Neighbours that become one segment, so that compaction does not leave many small ones: as long as they are together at most `sizeBytesMax` and
 * `offsetsMax` offsets. O(segments).
 */
export function mergeGroups<S extends MergeableSegment>(
  segments: readonly S[],
  sizeBytesMax: number,
  offsetsMax: number = 2 ** 31 - 1,
): S[][] {
  const groups: S[][] = [];
  let sizeBytes = 0;
  for (const segment of segments) {
    const group = groups.at(-1);
    const first = group?.[0];
    const fits =
      first !== undefined &&
      sizeBytes + segment.sizeBytes <= sizeBytesMax &&
      segment.endOffset - first.baseOffset <= offsetsMax;
    if (fits) group!.push(segment);
    else groups.push([segment]);
    sizeBytes = fits ? sizeBytes + segment.sizeBytes : segment.sizeBytes;
  }
  return groups;
}
