/**
 * Reflected 32-bit CRCs of long inputs without a look-up per byte, sixteen bytes at a time in WebAssembly: Russell, "Chorba: A novel CRC32
 * implementation", 2024 (arXiv 2412.16398).
 *
 * A CRC is a remainder modulo a polynomial P, so multiples of P may be added at will. Take one with few terms. Its eighth power has as many, each
 * eight times as far from the first: whole bytes. So a byte can be taken out of the input if it is added (xor) at these distances after it,
 * and when all but the last few bytes are gone, tables do the rest.
 */
import { slicingTable } from './crc-slicing.ts';
import { type Code, code, I32, i32, instantiate, local, loopWhile, V128, v128 } from './wasm-code.ts';

/** The CRC of `bytes[from, to)` continuing from `crc`, as `slicedCrc` gives it. */
export type Crc = (crc: number, bytes: Uint8Array, from: number, to: number) => number;

/** The most that is taken at once: with the tables it fits where the processor is fastest. */
export const PIECE_BYTES: number = 32 * 1024;
/** The least: `crc` is added to the first four bytes. */
export const LEAST_BYTES: number = 4;
const VECTOR_BYTES = 16;
/** Sixteen rows of 256 words. What is left is taken sixteen bytes at a time too. */
const TABLE_BYTES = 16 * 1024;
/**
 * The CRC of `LEAST_BYTES` to `PIECE_BYTES` bytes.
 *
 * `distancesBytes` ascends: for last distance d, P divides xᵈ + Σ xᵈ⁻ᵉ over all distances e. The smallest is at least 16, so that no byte of a
 * vector changes another one of it; that of some vectors is faster, since what was just stored is slow to load from another place.
 * `undefined` where there is no WebAssembly.
 */
export function foldingCrc(polynomial: number, distancesBytes: readonly number[]): Crc | undefined {
  const reach = distancesBytes.at(-1)!;
  const kernel = instantiate({
    parameters: [I32, I32, I32],
    locals: [I32, I32, V128],
    body: kernelBody(distancesBytes, reach),
  });
  if (kernel === undefined) return undefined;
  const { memory, run } = kernel;
  const tables = new DataView(memory.buffer);
  slicingTable(polynomial, TABLE_BYTES / 1024).forEach((remainder, i) => {
    tables.setInt32(4 * i, remainder, true);
  });
  const input = TABLE_BYTES + reach;
  return (crc, bytes, from, to) => {
    const padding = (from - to) & (VECTOR_BYTES - 1);
    memory.set(to - from === bytes.length ? bytes : bytes.subarray(from, to), input + padding);
    return ~run(~crc, padding, padding + to - from) >>> 0;
  };
}

/**
 * In memory: the tables, then `reach` zeroes, then the input, after zeroes that make it whole vectors: zeroes in front change no remainder.
 * Invariant, between runs: the vector where the input begins is zero.
 */
function kernelBody(distancesBytes: readonly number[], reach: number): Code {
  const [crc, padding, length, at, word, vector] = [local(0), local(1), local(2), local(3), local(4), local(5)];
  const input = TABLE_BYTES + reach;
  const next = code(at.get, i32.constant(VECTOR_BYTES), i32.add, at.set);
  // Whatever was taken out before `at` comes back here: of what lies before the input nothing, as it is zero.
  const gathered = code(
    code(at.get, v128.load(input)),
    ...distancesBytes.map((distance) => code(at.get, v128.load(input - distance), v128.xor)),
  );
  const lastVectors = Math.ceil(reach / VECTOR_BYTES) * VECTOR_BYTES;
  return code(
    code(padding.get, padding.get, i32.load(input), crc.get, i32.xor, i32.store(input)),
    code(i32.constant(0), crc.set),
    // All but the last vectors: taken out.
    loopWhile(
      code(at.get, i32.constant(lastVectors), i32.add, length.get, i32.lessUnsigned),
      code(at.get, gathered, v128.store(input), next),
    ),
    // The last ones stay as they are, so they must not come back: zero from here on.
    loopWhile(
      code(at.get, length.get, i32.lessUnsigned),
      code(
        code(gathered, vector.set, at.get, v128.zero, v128.store(input)),
        ...[1, 2, 3].map((i) => code(vector.get, v128.word(i), word.set, lookUp(word.get, 12 - 4 * i))),
        code(i32.xor, i32.xor),
        code(vector.get, v128.word(0), crc.get, i32.xor, word.set, lookUp(word.get, 12), i32.xor, crc.set),
        next,
      ),
    ),
    code(i32.constant(0), v128.zero, v128.store(input)),
    crc.get,
  );
}

/** What the four bytes of a word come to, the last of them at `row` of the tables. */
function lookUp(word: Code, row: number): Code {
  const looked = [0, 1, 2, 3].map((byte) =>
    code(
      code(word, i32.constant(8 * byte), i32.shiftRightUnsigned, i32.constant(255), i32.and),
      code(i32.constant(2), i32.shiftLeft, i32.load(1024 * (row + 3 - byte))),
    ),
  );
  return code(...looked, i32.xor, i32.xor, i32.xor);
}
