/**
 * Which segments of a log are too old, or too much. Apache Kafka's rules (`retention.ms`, `retention.bytes`): whole segments, from the oldest on, never the one that is
 * written to; and by the marks: nothing that is not on a quorum yet, and nothing that somebody still needs.
 *
 * A segment is as old as its youngest record. A record that claims to be of the future keeps its segment: check timestamps when records come in.
 */
import { assert, type WallTime } from '../base/index.ts';

/** A segment as retention and compaction see it. The last of a list is the one that is written to. */
export interface SegmentSummary {
  readonly baseOffset: number;
  /** Of the record after the last. */
  readonly endOffset: number;
  readonly sizeBytes: number;
  /** Of the first record, and of the youngest; undefined when there is none. */
  readonly firstTimestamp: WallTime | undefined;
  readonly maxTimestamp: WallTime | undefined;
  /** The earliest time at which a tombstone in it may go; undefined when none waits for that. */
  readonly horizon?: WallTime | undefined;
}

export interface RetentionPolicy {
  /** Default: for ever. */
  readonly retentionMs?: number;
  /** The log keeps at least so much, if it has it, and less than a segment more. Default: without bound. */
  readonly retentionBytes?: number;
}

export interface LogMarks {
  /** Records below are on a quorum. */
  readonly highWaterMark: number;
  /** Records below are needed by nobody any more. `Infinity` where nobody says. */
  readonly lowWaterMark: number;
}

export interface ExpiredSegment {
  readonly baseOffset: number;
  readonly why: 'age' | 'size';
}

/** What may be removed, oldest first. O(segments). */
export function expiredSegments(
  segments: readonly SegmentSummary[],
  policy: RetentionPolicy,
  marks: LogMarks,
  now: WallTime,
): ExpiredSegment[] {
  const { retentionMs = Number.POSITIVE_INFINITY, retentionBytes = Number.POSITIVE_INFINITY } = policy;
  assert(retentionMs >= 0, `retentionMs must be >= 0, not ${retentionMs}`);
  assert(retentionBytes >= 0, `retentionBytes must be >= 0, not ${retentionBytes}`);
  const { highWaterMark, lowWaterMark } = marks;
  // One that is no number would keep nothing.
  assert(!Number.isNaN(highWaterMark), 'highWaterMark must be a number');
  assert(!Number.isNaN(lowWaterMark), 'lowWaterMark must be a number');
  const expired: ExpiredSegment[] = [];
  let left = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  for (const segment of segments.slice(0, -1)) {
    const { baseOffset, endOffset, sizeBytes, maxTimestamp } = segment;
    if (endOffset > Math.min(highWaterMark, lowWaterMark)) break;
    const isOld = now - (maxTimestamp ?? Number.NEGATIVE_INFINITY) > retentionMs;
    const isTooMuch = left - sizeBytes >= retentionBytes;
    // A later one that is older stays: the log has no gaps.
    if (!isOld && !isTooMuch) break;
    expired.push({ baseOffset, why: isOld ? 'age' : 'size' });
    left -= sizeBytes;
  }
  return expired;
}
