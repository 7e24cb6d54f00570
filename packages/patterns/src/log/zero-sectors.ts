import { SECTOR_BYTES } from './layout.ts';

/** How many whole sectors in [from, to) of the concatenated chunks are all zeros. `from` and `to` are multiples of a sector. */
export function countZeroSectors(chunks: readonly Uint8Array[], from: number, to: number): number {
  let zeros = 0;
  let chunk = 0;
  let start = 0; // Where the current chunk starts in the concatenation.
  for (let sector = from; sector < to; sector += SECTOR_BYTES) {
    const end = sector + SECTOR_BYTES;
    let zero = true;
    for (let i = chunk; i < chunks.length; i++) {
      const bytes = chunks[i]!;
      const chunkEnd = start + bytes.length;
      if (zero && chunkEnd > sector)
        zero = isZero(bytes, Math.max(0, sector - start), Math.min(bytes.length, end - start));
      if (chunkEnd > end || i === chunks.length - 1) break;
      start = chunkEnd;
      chunk = i + 1;
    }
    if (zero) zeros += 1;
  }
  return zeros;
}

/** Are `bytes[from, to)` all zeros? What lies behind the end of `bytes` counts as zeros. */
export function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  const end = Math.min(to, bytes.length);
  for (let i = from; i < end; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Set bits in `bytes[from, to)`, counted up to `enough`. */
export function countBits(bytes: Uint8Array, from: number, to: number, enough: number): number {
  let bits = 0;
  const end = Math.min(to, bytes.length);
  for (let i = from; i < end && bits < enough; i++) {
    for (let rest = bytes[i]!; rest !== 0; rest &= rest - 1) bits += 1;
  }
  return bits;
}
