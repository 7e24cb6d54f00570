import { createHash } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CRC32,
  CRC32C,
  crc32,
  type Digest,
  type Hash64,
  hex64,
  MD5,
  platformDigest,
  SHA1,
  SHA256,
  sameBytes,
  sipHash,
  sipKey,
  XXH64,
  xxHash64,
} from './index.ts';
import { stripesKernelOr } from './xxhash64-kernel.ts';
import { lanes, plainStripes, xxHash64Plain } from './xxhash64-plain.ts';

const text = (s: string) => new TextEncoder().encode(s);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const out: Hash64 = { high: 0, low: 0 };
const xxh = (bytes: Uint8Array, seed = 0) => {
  xxHash64(bytes, out, seed);
  return hex64(out);
};

describe('xxHash64 gives the values of the reference implementation’s self-test (xxHash, cli/xsum_sanity_check.c)', () => {
  const PRIME32 = 2654435761;
  /** The buffer that the self-test hashes: the highest bytes of a sequence of products. */
  const buffer = new Uint8Array(222);
  let generator = BigInt(PRIME32);
  for (let i = 0; i < buffer.length; i++) {
    buffer[i] = Number(generator >> 56n);
    generator = BigInt.asUintN(64, generator * 11400714785074694797n);
  }
  test.each([
    [0, 0, 'ef46db3751d8e999'],
    [0, PRIME32, 'ac75fda2929b17ef'],
    [1, 0, 'e934a84adb052768'],
    [1, PRIME32, '5014607643a9b4c3'],
    [4, 0, '9136a0dca57457ee'],
    [14, 0, '8282dcc4994e35c8'],
    [14, PRIME32, 'c3bd6bf63deb6df0'],
    [222, 0, 'b641ae8cb691c174'],
    [222, PRIME32, '20cb8ab7ae10c14a'],
  ])('%i bytes with seed %i', (length, seed, expected) => {
    expect(xxh(buffer.subarray(0, length), seed)).toBe(expected);
  });
  test.each([
    ['a', 'd24ec4f1a98c6e5b'],
    ['abc', '44bc2cf5ad770999'],
    ['message digest', '066ed728fceeb3be'],
    ['abcdefghijklmnopqrstuvwxyz', 'cfe1f278fa89835c'],
  ])('%s (python-xxhash)', (input, expected) => {
    expect(xxh(text(input))).toBe(expected);
  });
});

/** XXH64 straight from its specification, with bigints. */
function xxhOracle(bytes: Uint8Array, seed: bigint): string {
  const mask = (n: bigint) => BigInt.asUintN(64, n);
  const turn = (n: bigint, by: bigint) => mask((n << by) | (n >> (64n - by)));
  const [p1, p2, p3, p4, p5] = [
    11400714785074694791n,
    14029467366897019727n,
    1609587929392839161n,
    9650029242287828579n,
    2870177450012600261n,
  ] as const;
  const read = (at: number, length: number) =>
    bytes.subarray(at, at + length).reduceRight((n, b) => (n << 8n) | BigInt(b), 0n);
  const round = (acc: bigint, lane: bigint) => mask(turn(mask(acc + lane * p2), 31n) * p1);
  let at = 0;
  let h: bigint;
  if (bytes.length >= 32) {
    const v = [mask(seed + p1 + p2), mask(seed + p2), seed, mask(seed - p1)];
    for (; at + 32 <= bytes.length; at += 32) for (let i = 0; i < 4; i++) v[i] = round(v[i]!, read(at + 8 * i, 8));
    h = mask(turn(v[0]!, 1n) + turn(v[1]!, 7n) + turn(v[2]!, 12n) + turn(v[3]!, 18n));
    for (const lane of v) h = mask((h ^ round(0n, lane)) * p1 + p4);
  } else h = mask(seed + p5);
  h = mask(h + BigInt(bytes.length));
  for (; at + 8 <= bytes.length; at += 8) h = mask(turn(h ^ round(0n, read(at, 8)), 27n) * p1 + p4);
  if (at + 4 <= bytes.length) {
    h = mask(turn(h ^ mask(read(at, 4) * p1), 23n) * p2 + p3);
    at += 4;
  }
  for (; at < bytes.length; at++) h = mask(turn(h ^ mask(read(at, 1) * p5), 11n) * p1);
  h = mask((h ^ (h >> 33n)) * p2);
  h = mask((h ^ (h >> 29n)) * p3);
  return (h ^ (h >> 32n)).toString(16).padStart(16, '0');
}

test('xxHash64 agrees with its specification at every length, alignment and seed', () => {
  const seed = fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1), fc.maxSafeNat());
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 140 }), fc.nat(8), seed, (bytes, skip, s) => {
      const from = Math.min(skip, bytes.length);
      xxHash64(bytes, out, s, from);
      expect(hex64(out)).toBe(xxhOracle(bytes.subarray(from), BigInt(s)));
    }),
    { numRuns: 500 },
  );
});

describe('xxHash64 of long inputs', () => {
  const PIECE_BYTES = 32 * 1024;
  const long = Uint8Array.from({ length: 2 * PIECE_BYTES + 200 }, (_, i) => (i * i * 31 + i * 7) >>> 3);

  test('agrees with its specification, whatever was hashed before', () => {
    fc.assert(
      fc.property(fc.nat(600), fc.nat(600), fc.maxSafeNat(), (a, b, seed) => {
        const [from, to] = [Math.min(a, b), Math.max(a, b)];
        const expected = xxhOracle(long.subarray(from, to), BigInt(seed));
        for (const hash of [xxHash64, xxHash64Plain]) {
          hash(long, out, seed, from, to);
          expect(hex64(out)).toBe(expected);
        }
      }),
    );
  });

  test.each([PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 31, PIECE_BYTES + 32, 2 * PIECE_BYTES, 2 * PIECE_BYTES + 61])(
    'agrees with its specification where %i bytes go piece by piece',
    (length) => {
      xxHash64(long, out, 9, 3, 3 + length);
      expect(hex64(out)).toBe(xxhOracle(long.subarray(3, 3 + length), 9n));
    },
  );

  test('are taken in the same way by 32-bit arithmetic, which does it all where WebAssembly is forbidden', () => {
    const own = new Int32Array(10);
    const kernel = stripesKernelOr(() => expect.unreachable('WebAssembly is there'), own);
    const without = stripesKernelOr(plainStripes, lanes);
    const { WebAssembly: real } = globalThis;
    const resultsAfter = (from: number, end: number) => {
      const start = [1, 2, -3, 4, 5, -6, 7, 8];
      own.set(start);
      lanes.set(start);
      without(long, from, end);
      Object.assign(globalThis, { WebAssembly: real });
      kernel(long, from, end);
      return [Array.from(lanes.subarray(8)), Array.from(own.subarray(8))];
    };
    try {
      Object.assign(globalThis, { WebAssembly: undefined });
      for (const stripes of [1, 2, 5, 40, 1_024, 1_025, 2_048]) {
        const [plain, taken] = resultsAfter(5, 5 + 32 * stripes);
        expect(taken, `${stripes} stripes`).toEqual(plain);
      }
    } finally {
      Object.assign(globalThis, { WebAssembly: real });
    }
  });
});

test('SipHash-2-4 gives the values of the paper’s appendix A and of the reference implementation', () => {
  const key = sipKey(Uint8Array.from({ length: 16 }, (_, i) => i));
  const input = Uint8Array.from({ length: 64 }, (_, i) => i);
  const expected: Record<number, string> = {
    0: '726fdb47dd0e0e31',
    1: '74f839c593dc67fd',
    2: '0d6c8009d9a94f5a',
    3: '85676696d7fb7e2d',
    4: 'cf2794e0277187b7',
    5: '18765564cd99a68d',
    6: 'cbc9466e58fee3ce',
    7: 'ab0200f58b01d137',
    8: '93f5f5799a932462',
    15: 'a129ca6149be45e5',
    16: '3f2acc7f57c29bdb',
    31: '32d892fad841c342',
    32: '7127512f72f27cce',
    62: 'e51b38608ef25f57',
    63: '958a324ceb064572',
  };
  for (const [length, hash] of Object.entries(expected)) {
    sipHash(key, input, out, 0, Number(length));
    expect([length, hex64(out)]).toEqual([length, hash]);
  }
  expect(() => sipKey(new Uint8Array(15))).toThrow('a SipHash key must have 16 bytes, not 15');
});

describe('published digests', () => {
  const million = new Uint8Array(1_000_000).fill(0x61);
  const long = text('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq');
  test.each<[string, Digest, Uint8Array, string]>([
    ['the check value of the catalogue of CRCs, CRC-32/ISO-HDLC', CRC32, text('123456789'), 'cbf43926'],
    ['the check value of the catalogue of CRCs, CRC-32/ISCSI', CRC32C, text('123456789'), 'e3069283'],
    ['xxHash64 of nothing', XXH64, text(''), 'ef46db3751d8e999'],
    ['RFC 1321 A.5: nothing', MD5, text(''), 'd41d8cd98f00b204e9800998ecf8427e'],
    ['RFC 1321 A.5: a', MD5, text('a'), '0cc175b9c0f1b6a831c399e269772661'],
    ['RFC 1321 A.5: abc', MD5, text('abc'), '900150983cd24fb0d6963f7d28e17f72'],
    ['RFC 1321 A.5: message digest', MD5, text('message digest'), 'f96b697d7cb7938d525a2f31aaf161d0'],
    ['RFC 1321 A.5: eight times 1234567890', MD5, text('1234567890'.repeat(8)), '57edf4a22be3c955ac49da2e2107b67a'],
    ['RFC 3174 7.3: abc', SHA1, text('abc'), 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['RFC 3174 7.3: two blocks', SHA1, long, '84983e441c3bd26ebaae4aa1f95129e5e54670f1'],
    ['RFC 3174 7.3: a million a', SHA1, million, '34aa973cd4c4daa4f61eeb2bdbad27316534016f'],
    ['RFC 6234 8.5: abc', SHA256, text('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['RFC 6234 8.5: two blocks', SHA256, long, '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1'],
    ['RFC 6234 8.5: a million a', SHA256, million, 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
  ])('%s', (_name, digest, input, expected) => {
    expect(hex(digest.of(input))).toBe(expected);
    expect(digest.sizeBytes).toBe(expected.length / 2);
  });
});

test('every digest agrees with the platform’s at every length up to three blocks, and at any offset into its buffer', () => {
  const buffer = Uint8Array.from({ length: 200 }, (_, i) => (i * 167) & 255);
  for (let length = 0; length <= 195; length++) {
    const bytes = buffer.subarray(length & 3, (length & 3) + length);
    for (const digest of [MD5, SHA1, SHA256])
      expect(hex(digest.of(bytes))).toBe(createHash(digest.name).update(bytes).digest('hex'));
    if (zlibCrc32 !== undefined) expect(crc32(0, bytes)).toBe(zlibCrc32(bytes));
    expect(crc32(crc32(0, bytes.subarray(0, length >> 1)), bytes.subarray(length >> 1))).toBe(crc32(0, bytes));
  }
});

test('only SHA-256 is said to withstand adversaries', () => {
  const guards = [CRC32, CRC32C, XXH64, MD5, SHA1, SHA256].map((d): [string, string] => [d.name, d.guardsAgainst]);
  expect(guards.filter(([, against]) => against === 'adversaries')).toEqual([['sha256', 'adversaries']]);
  // @ts-expect-error: and the compiler knows it.
  const refused: Digest<'adversaries'> = CRC32C;
  expect(refused.guardsAgainst).toBe('errors');
});

test('a platform’s digest is taken when it is the one it is said to be, and refused when it is another', () => {
  const node = (name: string) => (bytes: Uint8Array) => createHash(name).update(bytes).digest();
  const fast = platformDigest(SHA256, node('sha256'));
  expect(fast).toMatchObject({ name: 'sha256', guardsAgainst: 'adversaries', sizeBytes: 32 });
  expect(hex(fast.of(text('abc')))).toBe(hex(SHA256.of(text('abc'))));
  expect(() => platformDigest(SHA256, node('sha3-256'))).toThrow('must be sha256');
});

test('byte strings are the same only when all bytes are', () => {
  expect(sameBytes(text('ab'), text('ab'))).toBe(true);
  expect(sameBytes(text('ab'), text('ac'))).toBe(false);
  expect(sameBytes(text('ab'), text('b'))).toBe(false);
  expect(sameBytes(text(''), text('a'))).toBe(false);
});
