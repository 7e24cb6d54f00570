import { type Crc, foldingCrc, PIECE_BYTES } from './crc-folding.ts';
import { slicedCrc } from './crc-slicing.ts';

/** From here on a copy into the memory of a kernel is worth it. */
export const LONG_BYTES: number = 256;

/** The CRC of `table`, of any number of bytes, by folding where that can be had. For its other parameters see `foldingCrc`. */
export function longCrc(table: Int32Array, polynomial: number, distancesBytes: readonly number[]): Crc {
  let fold: Crc | 'not here' | undefined;
  return (crc, bytes, from, to) => {
    // Compiled when it is first needed: many programs have only short inputs.
    fold ??= foldingCrc(polynomial, distancesBytes) ?? 'not here';
    if (fold === 'not here') return slicedCrc(table, crc, bytes, from, to);
    let [c, at] = [crc, from];
    for (let end = at; to - at >= LONG_BYTES; at = end) {
      end = Math.min(at + PIECE_BYTES, to);
      c = fold(c, bytes, at, end);
    }
    return slicedCrc(table, c, bytes, at, to);
  };
}
