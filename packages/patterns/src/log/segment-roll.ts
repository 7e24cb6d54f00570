import { assert, type WallTime } from '../base/index.ts';

export interface SegmentRollOptions {
  /** A segment ends before it would become longer; one batch may be longer by itself. Default 1 GiB. */
  readonly segmentBytesMax?: number;
  /** A segment that is not empty ends when its first record is so old: so that retention and compaction get at it. Default 7 days. */
  readonly segmentMs?: number;
}

/** The segment that is being written to. */
export interface ActiveSegment {
  readonly baseOffset: number;
  readonly sizeBytes: number;
  /** When its first record was appended; undefined when it is empty. */
  readonly startedAt: WallTime | undefined;
  readonly isIndexFull: boolean;
}

/** Offsets within a segment fit into 32 bits, as Kafka's clients and index entries expect. */
const OFFSETS_MAX = 2 ** 31 - 1;
const WEEK_MS = 7 * 24 * 60 * 60 * 1000;

/** Does the next batch go into a new segment, and why? Apache Kafka, `LogSegment.shouldRoll`. */
export function rollReason(
  segment: ActiveSegment,
  batch: { readonly lastOffset: number; readonly sizeBytes: number },
  now: WallTime,
  options: SegmentRollOptions = {},
): 'size' | 'age' | 'index-full' | 'offsets' | undefined {
  const { segmentBytesMax = 1024 ** 3, segmentMs = WEEK_MS } = options;
  assert(segmentBytesMax >= 1, `segmentBytesMax must be >= 1, not ${segmentBytesMax}`);
  assert(segmentMs > 0, `segmentMs must be > 0, not ${segmentMs}`);
  // An empty segment is as good as a new one.
  if (segment.startedAt === undefined) return undefined;
  if (segment.sizeBytes + batch.sizeBytes > segmentBytesMax) return 'size';
  if (now - segment.startedAt >= segmentMs) return 'age';
  if (segment.isIndexFull) return 'index-full';
  return batch.lastOffset - segment.baseOffset > OFFSETS_MAX ? 'offsets' : undefined;
}
