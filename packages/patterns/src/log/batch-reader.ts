import { ByteReader, BytesError } from '../base/index.ts';
import { crc32c } from '../integrity/index.ts';
import { align8, alignSector, BATCH_MAGIC, DESCRIPTOR_BYTES_MIN, FLAG_SEAL, HEAD, SECTOR_BYTES } from './layout.ts';
import { countZeroSectors, isZero } from './zero-sectors.ts';

/** What the CRCs and heads of a segment are bound to. */
export interface SegmentIdentity {
  readonly segment: number;
  readonly salt: number;
}

/** One record as its batch's head describes it. The body is in the segment at [bodyFrom, bodyTo). */
export interface RecordDescriptor {
  readonly kind: number;
  readonly stream: number;
  /** A view of the segment. */
  readonly note: Uint8Array;
  readonly bodyFrom: number;
  readonly bodyTo: number;
  readonly bodyCrc: number;
}

export interface BatchHead {
  readonly offset: number;
  /** Where it was read: at `offset`, or at the end of the batch. */
  readonly at: number;
  readonly sizeBytes: number;
  readonly headBytes: number;
  readonly sequence: number;
  readonly previousCrc: number;
  readonly crc: number;
  readonly seal: boolean;
  readonly zeroSectors: number;
  readonly records: readonly RecordDescriptor[];
}

/** The fixed part of a head for the batch at `offset`, standing at `at`: its length, or undefined when it is not one. */
export function readHeadBytes(bytes: Uint8Array, at: number, offset: number, of: SegmentIdentity): number | undefined {
  if (at + HEAD.fixedBytes > bytes.length || u32(bytes, at) !== BATCH_MAGIC) return undefined;
  if (u32(bytes, at + HEAD.sector) * SECTOR_BYTES !== offset || u32(bytes, at + HEAD.segment) !== of.segment)
    return undefined;
  const crc = crc32c(of.salt, bytes, at + HEAD.headBytes, at + HEAD.fixedBytes);
  return crc === u32(bytes, at + HEAD.fixedCrc) ? u32(bytes, at + HEAD.headBytes) : undefined;
}

/** The head of the batch at `offset`, standing at `at`; undefined when there is none, or it is damaged. */
export function readHead(bytes: Uint8Array, at: number, offset: number, of: SegmentIdentity): BatchHead | undefined {
  const headBytes = readHeadBytes(bytes, at, offset, of);
  if (headBytes === undefined || headBytes < HEAD.fixedBytes + 4 || at + headBytes > bytes.length) return undefined;
  const crc = u32(bytes, at + headBytes - 4);
  if (crc !== crc32c(of.salt, bytes, at, at + headBytes - 4)) return undefined;
  const sizeBytes = u32(bytes, at + HEAD.sectors) * SECTOR_BYTES;
  const records = readDescriptors(bytes, at, headBytes, offset);
  if (records === undefined) return undefined;
  return {
    offset,
    at,
    sizeBytes,
    headBytes,
    sequence: u32(bytes, at + HEAD.sequenceHigh) * 2 ** 32 + u32(bytes, at + HEAD.sequenceLow),
    previousCrc: u32(bytes, at + HEAD.previousCrc),
    crc,
    seal: (u32(bytes, at + HEAD.flags) & FLAG_SEAL) !== 0,
    zeroSectors: u32(bytes, at + HEAD.zeroSectors),
    records,
  };
}

/** Under a good CRC a head that contradicts itself is a defect of its writer; it is still not to be believed. */
function readDescriptors(
  bytes: Uint8Array,
  at: number,
  headBytes: number,
  offset: number,
): RecordDescriptor[] | undefined {
  const r = new ByteReader(bytes, at + HEAD.fixedBytes, at + headBytes - 4);
  const count = u32(bytes, at + HEAD.records);
  if (count * DESCRIPTOR_BYTES_MIN > headBytes) return undefined;
  const room = align8(headBytes);
  const bodiesEnd = offset + u32(bytes, at + HEAD.sectors) * SECTOR_BYTES - room;
  const records: RecordDescriptor[] = [];
  let bodyFrom = offset + room;
  try {
    for (let i = 0; i < count; i++) {
      const [bodyBytes, bodyCrc, noteBytes] = [r.u32(), r.u32(), r.u32()];
      const [kind, stream] = [r.u8(), r.uint()];
      const note = r.raw(noteBytes);
      const bodyTo = bodyFrom + bodyBytes;
      records.push({ kind, stream, note, bodyFrom, bodyTo, bodyCrc });
      bodyFrom += align8(bodyBytes);
    }
    r.expectEnd();
  } catch (error) {
    if (error instanceof BytesError) return undefined;
    throw error;
  }
  return bodyFrom <= bodiesEnd ? records : undefined;
}

export function bodyIsGood(bytes: Uint8Array, record: RecordDescriptor, of: SegmentIdentity): boolean {
  return record.bodyTo <= bytes.length && crc32c(of.salt, bytes, record.bodyFrom, record.bodyTo) === record.bodyCrc;
}

/** Are there sectors of the batch that were never written, or lost whole? A file that is too short lacks them too. */
export function lacksSectors(bytes: Uint8Array, head: BatchHead): boolean {
  const headEnd = head.offset + alignSector(align8(head.headBytes));
  const tailStart = head.offset + head.sizeBytes - alignSector(align8(head.headBytes));
  for (let at = head.offset; at < head.offset + head.sizeBytes; at += SECTOR_BYTES) {
    if (at === headEnd && tailStart > headEnd) at = tailStart;
    if (isZero(bytes, at, at + SECTOR_BYTES)) return true;
  }
  return countZeroSectorsBeyondEnd(bytes, headEnd, tailStart) > head.zeroSectors;
}

function countZeroSectorsBeyondEnd(bytes: Uint8Array, from: number, to: number): number {
  if (to <= from) return 0;
  const inside = Math.max(from, Math.min(to, alignSector(bytes.length)));
  return countZeroSectors([bytes], from, inside) + (to - inside) / SECTOR_BYTES;
}

export function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
