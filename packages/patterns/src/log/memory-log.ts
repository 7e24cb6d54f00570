/**
 * A segmented log in memory that clients read by offset or by time, with retention and compaction: the parts of this folder put together, as a log on a disk would put
 * them. For tests, for simulation, and for small state that need not outlive its process.
 */
import { assert, type WallTime } from '../base/index.ts';
import { mergeGroups, survival } from './compact.ts';
import { type CompactionOptions, type CompactionPlan, planCompaction } from './compaction-plan.ts';
import { KeyOffsets } from './key-offsets.ts';
import { frameBytes, type LogRecord, MemorySegment } from './memory-segment.ts';
import { type ExpiredSegment, expiredSegments, type RetentionPolicy, type SegmentSummary } from './retention.ts';
import type { SegmentIndexOptions } from './segment-index.ts';
import { rollReason, type SegmentRollOptions } from './segment-roll.ts';

export interface MemoryLogOptions {
  readonly index?: SegmentIndexOptions;
  readonly roll?: SegmentRollOptions;
  readonly retention?: RetentionPolicy;
  readonly compaction?: CompactionOptions & {
    /** How long a tombstone stays after the first compaction that met it. Default 24 hours. */
    readonly tombstoneMs?: number;
    /** Different keys that one compaction takes in; it ends early when there are more. Default 1,000,000. */
    readonly keysMax?: number;
  };
}

const DAY_MS = 24 * 60 * 60 * 1000;
const SEGMENT_BYTES_MAX = 1024 ** 3;

export class MemoryLog {
  readonly #options: MemoryLogOptions;
  /** Never empty; the last is written to. */
  readonly #segments: MemorySegment[];
  #highWaterMark = 0;
  #lowWaterMark = Number.POSITIVE_INFINITY;
  #cleanedTo = 0;
  #startedAt: WallTime | undefined;

  constructor(options: MemoryLogOptions = {}) {
    this.#options = options;
    this.#segments = [new MemorySegment(0, options.index ?? {})];
  }

  /** The first offset that is kept. */
  get startOffset(): number {
    return this.#segments[0]!.baseOffset;
  }

  /** Of the next record. */
  get endOffset(): number {
    return this.#active.endOffset;
  }

  /** Up to where it has been compacted. */
  get cleanedTo(): number {
    return this.#cleanedTo;
  }

  get segments(): readonly SegmentSummary[] {
    return this.#segments.map(({ summary }) => summary);
  }

  /** Appends a record and returns its offset. `value` undefined deletes the key. */
  append(
    record: { readonly key: string; readonly value: Uint8Array | undefined; readonly timestamp: WallTime },
    now: WallTime,
  ): number {
    const offset = this.endOffset;
    const whole: LogRecord = { ...record, offset, horizon: undefined };
    const { baseOffset, sizeBytes, index } = this.#active;
    const active = { baseOffset, sizeBytes, startedAt: this.#startedAt, isIndexFull: index.isFull };
    const batch = { lastOffset: offset, sizeBytes: frameBytes(whole) };
    if (rollReason(active, batch, now, this.#options.roll) !== undefined) {
      this.#segments.push(new MemorySegment(offset, this.#options.index ?? {}));
      this.#startedAt = undefined;
    }
    this.#startedAt ??= now;
    this.#active.append(whole);
    return offset;
  }

  /** Records below are on a quorum: they are what `read` gives, and what may be removed. Never falls. */
  advance(highWaterMark: number): void {
    assert(highWaterMark <= this.endOffset, 'only what was appended can be on a quorum');
    this.#highWaterMark = Math.max(this.#highWaterMark, highWaterMark);
  }

  /** Retention keeps records from here on, because somebody needs them. */
  hold(lowWaterMark: number): void {
    assert(!Number.isNaN(lowWaterMark), 'lowWaterMark must be a number');
    this.#lowWaterMark = lowWaterMark;
  }

  /** At most `limit` records from `offset` on, in order. Offsets that were compacted away are left out; below `startOffset` there is nothing. */
  read(offset: number, limit: number): LogRecord[] {
    const records: LogRecord[] = [];
    for (const segment of this.#segments) {
      if (segment.endOffset <= offset) continue;
      for (const record of segment.from(offset)) {
        if (records.length >= limit || record.offset >= this.#highWaterMark) return records;
        records.push(record);
      }
    }
    return records;
  }

  /** The offset of the first record that is as young as `time`; undefined when there is none. */
  offsetAt(time: WallTime): number | undefined {
    for (const segment of this.#segments) {
      const offset = segment.offsetAt(time);
      if (offset !== undefined) return offset < this.#highWaterMark ? offset : undefined;
    }
    return undefined;
  }

  /** Removes what the policy does not keep. */
  retain(now: WallTime): ExpiredSegment[] {
    const marks = { highWaterMark: this.#highWaterMark, lowWaterMark: this.#lowWaterMark };
    const expired = expiredSegments(this.segments, this.#options.retention ?? {}, marks, now);
    this.#segments.splice(0, expired.length);
    return expired;
  }

  /** Compacts, if that is worth it. */
  compact(now: WallTime): CompactionPlan {
    const { tombstoneMs = DAY_MS, keysMax = 1_000_000, ...options } = this.#options.compaction ?? {};
    const plan = planCompaction(this.segments, this.#cleanedTo, this.#highWaterMark, now, options);
    if (plan.why === undefined) return plan;
    const latest = KeyOffsets.of(plan.from, plan.to, this.#recordsFrom(plan.from), keysMax);
    const closed = this.#segments.slice(0, -1).filter(({ baseOffset }) => baseOffset < latest.to);
    const groups = mergeGroups(closed, this.#options.roll?.segmentBytesMax ?? SEGMENT_BYTES_MAX);
    // From the oldest on: what a tombstone deletes is gone before the tombstone is.
    const compacted = groups.map((group) => this.#rewrite(group, latest, now, tombstoneMs));
    this.#segments.splice(0, closed.length, ...compacted);
    this.#cleanedTo = latest.to;
    return plan;
  }

  #rewrite(group: readonly MemorySegment[], latest: KeyOffsets, now: WallTime, tombstoneMs: number): MemorySegment {
    const into = new MemorySegment(group[0]!.baseOffset, this.#options.index ?? {});
    for (const segment of group) {
      for (const record of segment.from(segment.baseOffset)) {
        const fate = survival({ ...record, isTombstone: record.value === undefined }, latest, now, tombstoneMs);
        if (fate.kind === 'kept') into.append({ ...record, horizon: fate.horizon });
      }
    }
    into.endAt(group.at(-1)!.endOffset);
    return into;
  }

  *#recordsFrom(offset: number): Generator<LogRecord> {
    for (const segment of this.#segments) if (segment.endOffset > offset) yield* segment.from(offset);
  }

  get #active(): MemorySegment {
    return this.#segments.at(-1)!;
  }
}
