/**
 * CRC-32C (Castagnoli): polynomial 0x1EDC6F41, reflected, initial value and final XOR all ones. RFC 3720 section 12.1.
 *
 * Finds every error of up to three bits in blocks of up to 2^31 bits, and every burst of up to 32 bits. An opponent forges it at will.
 */
import type { Crc } from './crc-folding.ts';
import { slicedCrc, slicingTable } from './crc-slicing.ts';
import { LONG_BYTES, longCrc } from './long-crc.ts';

const POLYNOMIAL = 0x82f63b78;
const TABLE: Int32Array = /* @__PURE__ */ slicingTable(POLYNOMIAL, 8);
/** Of the multiples with eight terms and no distance below 96, the shortest. */
const long: Crc = /* @__PURE__ */ longCrc(TABLE, POLYNOMIAL, [120, 121, 134, 142, 144, 176, 180]);

/**
 * The checksum of `bytes[from, to)`, continuing from `crc`: 0 at the start, else the result for all that came before.
 * O(to − from). Returns an unsigned 32-bit integer.
 */
export function crc32c(crc: number, bytes: Uint8Array, from: number = 0, to: number = bytes.length): number {
  return to - from < LONG_BYTES ? slicedCrc(TABLE, crc, bytes, from, to) : long(crc, bytes, from, to);
}
