export type { SegmentIdentity } from './batch-reader.ts';
export { type BatchBytes, type BatchPosition, BatchWriter } from './batch-writer.ts';
export { type CompactableRecord, type MergeableSegment, mergeGroups, type Survival, survival } from './compact.ts';
export { type CompactionOptions, type CompactionPlan, planCompaction } from './compaction-plan.ts';
export { type KeyedRecord, KeyOffsets } from './key-offsets.ts';
export { alignSector, LOG_FORMAT_VERSION, SECTOR_BYTES, SEGMENT_HEADER_BYTES } from './layout.ts';
export { LowWaterMark } from './low-water-mark.ts';
export { MemoryLog, type MemoryLogOptions } from './memory-log.ts';
export { type LogRecord, MemorySegment } from './memory-segment.ts';
export {
  type Damage,
  type RecoveredRecord,
  type RecoveryVisitor,
  type ScanOrder,
  type ScanResult,
  scanSegment,
  type Verdict,
} from './recovery.ts';
export {
  type ExpiredSegment,
  expiredSegments,
  type LogMarks,
  type RetentionPolicy,
  type SegmentSummary,
} from './retention.ts';
export {
  readSegmentHeader,
  type SegmentHeader,
  type SegmentHeaderReading,
  writeSegmentHeader,
} from './segment-header.ts';
export {
  type IndexedBatch,
  type IndexedSegment,
  SegmentIndex,
  type SegmentIndexOptions,
  type SegmentIndexReading,
} from './segment-index.ts';
export { type ActiveSegment, rollReason, type SegmentRollOptions } from './segment-roll.ts';
export { SparseIndex } from './sparse-index.ts';
