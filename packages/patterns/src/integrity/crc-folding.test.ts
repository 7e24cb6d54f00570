import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { foldingCrc, LEAST_BYTES, PIECE_BYTES } from './crc-folding.ts';
import { slicedCrc, slicingTable } from './crc-slicing.ts';
import { crc32, crc32c } from './index.ts';
import { longCrc } from './long-crc.ts';

/** As in `crc32.ts` and `crc32c.ts`. */
const IEEE = { polynomial: 0xedb88320, distances: [117, 121, 138, 146, 157, 173, 190] };
const CASTAGNOLI = { polynomial: 0x82f63b78, distances: [120, 121, 134, 142, 144, 176, 180] };

/** One bit at a time, straight from the definition, without the ones at start and end. */
function remainder(polynomial: number, bytes: Uint8Array, start = 0): number {
  let c = start;
  for (const byte of bytes) {
    c ^= byte;
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? (c >>> 1) ^ polynomial : c >>> 1;
  }
  return c >>> 0;
}
const oracle = (polynomial: number, crc: number, bytes: Uint8Array): number =>
  ~remainder(polynomial, bytes, ~crc) >>> 0;

/** Numbers in no order, the same in every run. */
function noise(length: number, seed: number): Uint8Array {
  let x = seed | 1;
  return Uint8Array.from({ length }, () => {
    x = Math.imul(x, 1_664_525) + 1_013_904_223;
    return x >>> 24;
  });
}

describe.each([
  { name: 'CRC-32', ...IEEE, crc: crc32 },
  { name: 'CRC-32C', ...CASTAGNOLI, crc: crc32c },
])('$name', ({ polynomial, distances, crc }) => {
  const table = slicingTable(polynomial, 8);
  const folding = (): NonNullable<ReturnType<typeof foldingCrc>> => foldingCrc(polynomial, distances)!;

  test('a byte and its copies at the distances have no remainder', () => {
    const bytes = new Uint8Array(distances.at(-1)! + 1);
    for (const at of [0, ...distances]) bytes[at] = 1;
    expect(remainder(polynomial, bytes)).toBe(0);
    bytes[distances[0]!] = 0;
    expect(remainder(polynomial, bytes)).not.toBe(0);
  });

  test('folding agrees with the definition for every length up to several times its reach, whatever was before', () => {
    const fold = folding();
    for (let length = LEAST_BYTES; length <= 700; length++) {
      const bytes = noise(length, length);
      expect(fold(0, bytes, 0, length), `${length} bytes`).toBe(oracle(polynomial, 0, bytes));
    }
    for (let length = 700; length >= LEAST_BYTES; length -= 3) {
      const bytes = noise(length, length);
      expect(fold(length, bytes, 0, length), `${length} bytes after longer ones`).toBe(
        oracle(polynomial, length, bytes),
      );
    }
  });

  test('folding agrees with the definition for a whole piece', () => {
    const bytes = noise(PIECE_BYTES, 3);
    expect(folding()(0x1234_5678, bytes, 0, PIECE_BYTES)).toBe(oracle(polynomial, 0x1234_5678, bytes));
  });

  test.each([-1, 0, 1, 3, 4, 16, 255, 256, 300])('agrees with the definition %i bytes past two pieces', (more) => {
    const length = 2 * PIECE_BYTES + more;
    const bytes = noise(length + 5, 5);
    expect(crc(0x1234_5678, bytes, 5)).toBe(oracle(polynomial, 0x1234_5678, bytes.subarray(5)));
  });

  test('folding agrees with tables at any place, continuing from anything', () => {
    const fold = folding();
    const bytes = noise(3_000, 7);
    fc.assert(
      fc.property(fc.nat(2_996), fc.nat(3_000), fc.nat(0xffff_ffff), (a, b, start) => {
        const from = Math.min(a, b);
        const to = Math.max(a, b, from + LEAST_BYTES);
        expect(fold(start, bytes, from, to)).toBe(slicedCrc(table, start, bytes, from, to));
      }),
    );
  });

  test('is the same by tables, by folding and in pieces of any length', () => {
    const bytes = noise(5_000, 11);
    const whole = oracle(polynomial, 0, bytes);
    expect(crc(0, bytes)).toBe(whole);
    fc.assert(
      fc.property(fc.array(fc.nat(600), { maxLength: 12 }), (lengths) => {
        let [at, c] = [0, 0];
        for (const length of lengths) {
          const end = Math.min(at + length, bytes.length);
          c = crc(c, bytes, at, end);
          at = end;
        }
        expect(crc(c, bytes, at)).toBe(whole);
      }),
    );
  });

  test.each([
    ['missing', undefined],
    [
      'forbidden',
      {
        Module: () => {
          throw new EvalError('refused by the content security policy');
        },
      },
    ],
  ])('where WebAssembly is %s, tables do all', (_why, present) => {
    const without = longCrc(table, polynomial, distances);
    const bytes = noise(1_000, 13);
    const { WebAssembly: real } = globalThis;
    Object.assign(globalThis, { WebAssembly: present });
    try {
      expect(foldingCrc(polynomial, distances)).toBe(undefined);
      expect(without(5, bytes, 1, 990)).toBe(oracle(polynomial, 5, bytes.subarray(1, 990)));
    } finally {
      Object.assign(globalThis, { WebAssembly: real });
    }
    expect(without(0, bytes, 0, 1_000)).toBe(oracle(polynomial, 0, bytes));
  });
});
