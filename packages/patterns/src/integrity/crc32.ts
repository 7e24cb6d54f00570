/**
 * CRC-32 of Ethernet, gzip, zip and PNG: polynomial 0x04C11DB7, reflected, initial value and final XOR all ones. RFC 1952 section 8.
 *
 * For formats that ask for it. Where you choose, take `crc32c`: it detects more errors in blocks of a few kilobytes, and processors compute it.
 */
import { slicedCrc, slicingTable } from './crc-slicing.ts';

const TABLE: Int32Array = slicingTable(0xedb88320);

/**
 * The checksum of `bytes[from, to)`, continuing from `crc`: 0 at the start, else the result for all that came before.
 * O(to − from). Returns an unsigned 32-bit integer.
 */
export function crc32(crc: number, bytes: Uint8Array, from: number = 0, to: number = bytes.length): number {
  return slicedCrc(TABLE, crc, bytes, from, to);
}
