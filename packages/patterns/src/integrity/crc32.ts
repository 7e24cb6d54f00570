/**
 * CRC-32 of Ethernet, gzip, zip and PNG: polynomial 0x04C11DB7, reflected, initial value and final XOR all ones. RFC 1952 section 8.
 *
 * For formats that ask for it. Where you choose, take `crc32c`: it detects more errors in blocks of a few kilobytes, and processors compute it.
 */
import type { Crc } from './crc-folding.ts';
import { slicedCrc, slicingTable } from './crc-slicing.ts';
import { LONG_BYTES, longCrc } from './long-crc.ts';

const POLYNOMIAL = 0xedb88320;
const TABLE: Int32Array = /* @__PURE__ */ slicingTable(POLYNOMIAL, 8);
/** Of the multiples with eight terms and no distance below 96, the shortest. */
const long: Crc = /* @__PURE__ */ longCrc(TABLE, POLYNOMIAL, [117, 121, 138, 146, 157, 173, 190]);

/**
 * The checksum of `bytes[from, to)`, continuing from `crc`: 0 at the start, else the result for all that came before.
 * O(to − from). Returns an unsigned 32-bit integer.
 */
export function crc32(crc: number, bytes: Uint8Array, from: number = 0, to: number = bytes.length): number {
  return to - from < LONG_BYTES ? slicedCrc(TABLE, crc, bytes, from, to) : long(crc, bytes, from, to);
}
