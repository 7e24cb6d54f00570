export type { SegmentIdentity } from './batch-reader.ts';
export { type BatchBytes, type BatchPosition, BatchWriter } from './batch-writer.ts';
export { alignSector, LOG_FORMAT_VERSION, SECTOR_BYTES, SEGMENT_HEADER_BYTES } from './layout.ts';
export { LowWaterMark } from './low-water-mark.ts';
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
  readSegmentHeader,
  type SegmentHeader,
  type SegmentHeaderReading,
  writeSegmentHeader,
} from './segment-header.ts';
