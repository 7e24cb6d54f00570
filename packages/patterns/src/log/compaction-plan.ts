/**
 * When a log is to be compacted by key, and which part of it. Apache Kafka's rules ("Log Compaction" in its documentation; `LogCleanerManager`; KIP-58 and KIP-354 for the
 * lags).
 *
 *     | clean: at most one record per key | dirty: to be compacted            | not yet                     |
 *     start                           cleanedTo                              to                           end
 *
 * Not yet: the segment that is written to, what is not on a quorum, and from the first segment on that has a record younger than `minLagMs`. What is
 * compacted are whole segments.
 */
import { assert, type WallTime } from '../base/index.ts';
import type { SegmentSummary } from './retention.ts';

export interface CompactionOptions {
  /** How much of the bytes that can be compacted must be dirty before it is worth the work. Default 0.5. */
  readonly dirtyRatioMin?: number;
  /** A record stays as it was written for at least so long, so that a reader who is not further behind sees all of them. Default 0. */
  readonly minLagMs?: number;
  /** Older records are compacted however few they are. The segment that is written to must end within that time too (`segmentMs`). Default: for ever. */
  readonly maxLagMs?: number;
}

export interface CompactionPlan {
  /** Compact the records from here … */
  readonly from: number;
  /** … to before here, and drop from all of the log before `to` what they supersede. */
  readonly to: number;
  readonly dirtyRatio: number;
  /** Undefined: it is not worth it. `horizon`: a tombstone may go. */
  readonly why: 'dirty' | 'lag' | 'horizon' | undefined;
}

/** `cleanedTo`: how far the last compaction came; 0 when there was none. `highWaterMark`: records below are on a quorum. O(segments). */
export function planCompaction(
  segments: readonly SegmentSummary[],
  cleanedTo: number,
  highWaterMark: number,
  now: WallTime,
  options: CompactionOptions = {},
): CompactionPlan {
  const { dirtyRatioMin = 0.5, minLagMs = 0, maxLagMs = Number.POSITIVE_INFINITY } = options;
  assert(dirtyRatioMin >= 0 && dirtyRatioMin <= 1, `dirtyRatioMin must be 0 to 1, not ${dirtyRatioMin}`);
  assert(minLagMs >= 0 && minLagMs <= maxLagMs, `minLagMs must be 0 to maxLagMs, not ${minLagMs}`);
  assert(!Number.isNaN(highWaterMark), 'highWaterMark must be a number');
  const start = segments[0]?.baseOffset ?? 0;
  // Retention may have overtaken it, or the log have been truncated and written anew.
  const end = segments.at(-1)?.endOffset ?? 0;
  const from = cleanedTo < start || cleanedTo > end ? start : cleanedTo;
  let to = from;
  let [clean, dirty] = [0, 0];
  let [isLate, isHorizonDue] = [false, false];
  for (const segment of segments.slice(0, -1)) {
    const { endOffset, sizeBytes, firstTimestamp, maxTimestamp } = segment;
    const isYoung = maxTimestamp !== undefined && now - maxTimestamp < minLagMs;
    if (endOffset > highWaterMark || isYoung) break;
    if (segment.horizon !== undefined && now >= segment.horizon) isHorizonDue = true;
    if (endOffset <= from) {
      clean += sizeBytes;
      continue;
    }
    dirty += sizeBytes;
    to = endOffset;
    if (firstTimestamp !== undefined && now - firstTimestamp > maxLagMs) isLate = true;
  }
  const dirtyRatio = clean + dirty === 0 ? 0 : dirty / (clean + dirty);
  const isDirty = dirty > 0 && dirtyRatio >= dirtyRatioMin;
  return { from, to, dirtyRatio, why: isDirty ? 'dirty' : isLate ? 'lag' : isHorizonDue ? 'horizon' : undefined };
}
