import { ByteReader, ByteWriter } from '../base/index.ts';
import { crc32c } from '../integrity/index.ts';
import { LOG_FORMAT_VERSION, SEGMENT_HEADER_BYTES, SEGMENT_MAGIC } from './layout.ts';

export interface SegmentHeader {
  /** From 1 on, without gaps. */
  readonly segment: number;
  /** Drawn at random: start value of every CRC in the segment, so that nothing a client stores can pass for a record. */
  readonly salt: number;
  readonly clusterId: number;
  readonly nodeId: number;
  /** Sequence number of the first batch. */
  readonly baseSequence: number;
  /** CRC of the last head of the segment before; 0 for the first. */
  readonly previousCrc: number;
}

export type SegmentHeaderReading =
  | { readonly kind: 'read'; readonly header: SegmentHeader }
  | { readonly kind: 'other-version'; readonly version: number }
  | { readonly kind: 'damaged'; readonly why: string };

const FIELDS_BYTES = 52;
const COPY_AT = SEGMENT_HEADER_BYTES / 2;

export function writeSegmentHeader(header: SegmentHeader): Uint8Array {
  const w = new ByteWriter(FIELDS_BYTES + 4);
  w.u32(SEGMENT_MAGIC);
  w.u32(LOG_FORMAT_VERSION);
  w.u32(header.segment);
  w.u32(header.salt);
  w.u32(header.previousCrc);
  writeU64(w, header.clusterId);
  writeU64(w, header.nodeId);
  writeU64(w, header.baseSequence);
  w.raw(new Uint8Array(FIELDS_BYTES - w.length));
  const fields = w.take();
  w.u32(crc32c(0, fields));
  const sector = new Uint8Array(SEGMENT_HEADER_BYTES);
  const crc = w.take();
  for (const at of [0, COPY_AT]) {
    sector.set(fields, at);
    sector.set(crc, at + FIELDS_BYTES);
  }
  return sector;
}

/** Either copy will do. */
export function readSegmentHeader(bytes: Uint8Array): SegmentHeaderReading {
  const first = readCopy(bytes, 0);
  if (first.kind !== 'damaged') return first;
  const second = readCopy(bytes, COPY_AT);
  return second.kind !== 'damaged' ? second : first;
}

function readCopy(bytes: Uint8Array, at: number): SegmentHeaderReading {
  if (bytes.length < at + FIELDS_BYTES + 4) return { kind: 'damaged', why: 'the segment header is cut off' };
  const r = new ByteReader(bytes, at, at + FIELDS_BYTES + 4);
  if (r.u32() !== SEGMENT_MAGIC) return { kind: 'damaged', why: 'the segment header has a wrong magic number' };
  const version = r.u32();
  const [segment, salt, previousCrc] = [r.u32(), r.u32(), r.u32()];
  const [clusterId, nodeId, baseSequence] = [readU64(r), readU64(r), readU64(r)];
  const crc = new ByteReader(bytes, at + FIELDS_BYTES).u32();
  if (crc !== crc32c(0, bytes, at, at + FIELDS_BYTES)) {
    return { kind: 'damaged', why: 'the segment header has a wrong CRC' };
  }
  if (version !== LOG_FORMAT_VERSION) return { kind: 'other-version', version };
  return { kind: 'read', header: { segment, salt, previousCrc, clusterId, nodeId, baseSequence } };
}

function writeU64(w: ByteWriter, value: number): void {
  w.u32(value % 2 ** 32);
  w.u32(Math.floor(value / 2 ** 32));
}

function readU64(r: ByteReader): number {
  const low = r.u32();
  return r.u32() * 2 ** 32 + low;
}
