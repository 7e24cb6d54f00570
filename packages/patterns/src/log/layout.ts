/**
 * How a segment of the log looks. Everything is little-endian; batches start and end on sectors, so that writing one never
 * rewrites a sector that holds acknowledged bytes of another.
 *
 *     segment   header (1 sector, its fields twice) | batch | batch | … | zeros
 *     batch     head | body of record 0 | body of record 1 | … | zeros | the head again      (each part 8-byte aligned)
 *     head      fixed part | one descriptor per record | CRC of the head
 *
 * All that is small and precious (terms, votes, indexes) is in the heads, and every head is there twice: one flipped bit
 * loses none of it. Bodies are there once, each under its own CRC. A head carries the CRC of the head before it, across segments too:
 * the CRCs form a chain from record to record, and a missing, stale or misdirected batch breaks it.
 */

/** What disks write whole or not at all. */
export const SECTOR_BYTES: number = 512;
export const SEGMENT_HEADER_BYTES: number = SECTOR_BYTES;
export const LOG_FORMAT_VERSION: number = 1;

export const SEGMENT_MAGIC: number = 0x676c_5251;
/** Many set bits, so that a sector of zeros in which bits have flipped is not taken for a head. */
export const BATCH_MAGIC: number = 0xe7f3_5bd9;

/** Offsets of a head's fixed part. */
export const HEAD = {
  magic: 0,
  /** Of the rest of the fixed part: tells how long the head is even when the head's later sectors are missing. */
  fixedCrc: 4,
  headBytes: 8,
  sectors: 12,
  /** Where the batch belongs: sector within the segment, and the segment. */
  sector: 16,
  segment: 20,
  sequenceLow: 24,
  sequenceHigh: 28,
  previousCrc: 32,
  /** Sectors of bodies that were written as zeros, so that others that are zeros now are known to be missing. */
  zeroSectors: 36,
  records: 40,
  flags: 44,
  fixedBytes: 48,
} as const;

export const FLAG_SEAL: number = 1;

/** Body length, body CRC, note length, kind, stream (varint), note. */
export const DESCRIPTOR_BYTES_MIN: number = 14;

export function align8(bytes: number): number {
  return Math.ceil(bytes / 8) * 8;
}

export function alignSector(bytes: number): number {
  return Math.ceil(bytes / SECTOR_BYTES) * SECTOR_BYTES;
}
