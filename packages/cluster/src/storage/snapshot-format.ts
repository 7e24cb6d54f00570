/**
 * How a snapshot file looks. Little-endian.
 *
 *     header   magic, version, cluster, node, group, mark, CRC; padded to 4 KiB
 *     chunks   content of up to 256 KiB, each but the last full, each followed by its CRC
 *     footer   magic, content bytes, number of chunks, CRC of the chunks' CRCs, CRC
 *
 * Every CRC goes on from the header's, so that a chunk of another snapshot does not pass. The footer says that the
 * snapshot is whole.
 */
import { ByteReader, BytesError, ByteWriter } from '@quorate/patterns/base';
import type { SnapshotMark } from '@quorate/patterns/consensus/raft';
import { crc32c } from '@quorate/patterns/integrity';
import { readSnapshotMark, writeSnapshotMark } from '../wire/index.ts';
import { StorageError } from './errors.ts';
import type { LogOwner } from './log-recovery.ts';

export const SNAPSHOT_FORMAT_VERSION = 1;
export const HEADER_BYTES = 4096;
export const CHUNK_BYTES: number = 256 * 1024;
export const FOOTER_BYTES = 32;
export const CRC_BYTES = 4;

const HEADER_MAGIC = 0x70_6e_73_51;
const FOOTER_MAGIC = 0x65_6e_64_51;

export interface SnapshotHeader extends LogOwner {
  readonly group: number;
  readonly mark: SnapshotMark;
}

export interface SnapshotFooter {
  readonly contentBytes: number;
  /** CRC over the CRCs of all chunks. */
  readonly digest: number;
}

/** Where chunk `i` starts in the file. */
export function chunkOffset(i: number): number {
  return HEADER_BYTES + i * (CHUNK_BYTES + CRC_BYTES);
}

export function footerOffset(contentBytes: number): number {
  return HEADER_BYTES + contentBytes + Math.ceil(contentBytes / CHUNK_BYTES) * CRC_BYTES;
}

/** The header as it stands in the file, and its CRC, from which all others go on. */
export function encodeHeader(header: SnapshotHeader): { readonly bytes: Uint8Array; readonly crc: number } {
  const w = new ByteWriter(HEADER_BYTES);
  w.u32(HEADER_MAGIC);
  w.u32(SNAPSHOT_FORMAT_VERSION);
  w.uint(header.clusterId);
  w.uint(header.nodeId);
  w.uint(header.group);
  writeSnapshotMark(w, header.mark);
  const bytes = new Uint8Array(HEADER_BYTES);
  if (w.length > HEADER_BYTES - CRC_BYTES) {
    throw new StorageError(
      'disk',
      `the configuration in a snapshot of group ${header.group} takes more than ${HEADER_BYTES} bytes`,
    );
  }
  bytes.set(w.take());
  const crc = crc32c(0, bytes, 0, HEADER_BYTES - CRC_BYTES);
  setU32(bytes, HEADER_BYTES - CRC_BYTES, crc);
  return { bytes, crc };
}

/** Throws `StorageError`: `damaged`, `version`. `name` is the file's, for the message. */
export function decodeHeader(
  bytes: Uint8Array,
  name: string,
): { readonly header: SnapshotHeader; readonly crc: number } {
  if (bytes.length < HEADER_BYTES || new ByteReader(bytes).u32() !== HEADER_MAGIC) {
    throw new StorageError('damaged', `${name}: the header is missing`);
  }
  const r = new ByteReader(bytes, 4);
  const version = r.u32();
  const crc = crc32c(0, bytes, 0, HEADER_BYTES - CRC_BYTES);
  if (crc !== getU32(bytes, HEADER_BYTES - CRC_BYTES)) {
    throw new StorageError('damaged', `${name}: the header has a wrong CRC`);
  }
  if (version !== SNAPSHOT_FORMAT_VERSION) {
    throw new StorageError(
      'version',
      `${name} has snapshot format ${version}, which this release cannot read: use the release that wrote it`,
    );
  }
  try {
    const [clusterId, nodeId, group] = [r.uint(), r.uint(), r.uint()];
    return { header: { clusterId, nodeId, group, mark: readSnapshotMark(r) }, crc };
  } catch (error) {
    if (error instanceof BytesError) throw new StorageError('damaged', `${name}: ${error.message}`);
    throw error;
  }
}

export function encodeFooter(footer: SnapshotFooter, headerCrc: number): Uint8Array {
  const bytes = new Uint8Array(FOOTER_BYTES);
  setU32(bytes, 0, FOOTER_MAGIC);
  setU32(bytes, 4, footer.contentBytes % 2 ** 32);
  setU32(bytes, 8, Math.floor(footer.contentBytes / 2 ** 32));
  setU32(bytes, 12, footer.digest);
  setU32(bytes, FOOTER_BYTES - CRC_BYTES, crc32c(headerCrc, bytes, 0, FOOTER_BYTES - CRC_BYTES));
  return bytes;
}

/** Throws `StorageError` with code `damaged`: the snapshot is not whole. */
export function decodeFooter(bytes: Uint8Array, headerCrc: number, name: string): SnapshotFooter {
  const whole =
    bytes.length === FOOTER_BYTES &&
    getU32(bytes, 0) === FOOTER_MAGIC &&
    getU32(bytes, FOOTER_BYTES - CRC_BYTES) === crc32c(headerCrc, bytes, 0, FOOTER_BYTES - CRC_BYTES);
  if (!whole) throw new StorageError('damaged', `${name}: the end is missing or damaged`);
  return { contentBytes: getU32(bytes, 8) * 2 ** 32 + getU32(bytes, 4), digest: getU32(bytes, 12) };
}

/** The CRC of a chunk at its place, as it stands in the file. */
export function chunkCrc(headerCrc: number, i: number, content: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(CRC_BYTES);
  setU32(bytes, 0, i);
  setU32(bytes, 0, crc32c(crc32c(headerCrc, bytes), content));
  return bytes;
}

function getU32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function setU32(bytes: Uint8Array, at: number, value: number): void {
  for (let i = 0; i < 4; i++) bytes[at + i] = value >>> (8 * i);
}
