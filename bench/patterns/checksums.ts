/** Checksums and hashes of short keys, of records and of blocks. Most peers are WebAssembly or native code: there the aim is to be near, not ahead. */
import { createHash } from 'node:crypto';
import * as native from '@node-rs/crc32';
import { SHA256 as nodeSha256 } from '@quorate/env/node';
import { crc32, crc32c, type Digest, type Hash64, SHA256, xxHash64 } from '@quorate/patterns/integrity';
import { hashKey } from '@quorate/patterns/sketches';
import table from 'crc-32';
import tableC from 'crc-32/crc32c.js';
import { createSHA256, createXXHash64 } from 'hash-wasm';
import createXxhash from 'xxhash-wasm';
import type { Row, Rows, TimedSide } from './row.ts';

const SIZES = [
  { name: '16 bytes', bytes: 16, count: 4_000 },
  { name: '1 KiB', bytes: 1024, count: 500 },
  { name: '64 KiB', bytes: 65_536, count: 10 },
] as const;
type Size = (typeof SIZES)[number];

const inputs = ({ bytes, count }: Size): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => Uint8Array.from({ length: bytes }, (_, at) => (at * 31 + i * 17) & 255));

/** Xor of unsigned 32-bit results. */
const words = (name: string, of: (bytes: Uint8Array) => number, kind?: TimedSide['kind']) => ({ name, of, kind });

function wordRow(what: string, size: Size, sides: readonly ReturnType<typeof words>[]): Row {
  const all = inputs(size);
  return {
    measures: 'time',
    what: `${what}, ${size.name}`,
    ops: size.count,
    sides: sides.map(({ name, of, kind }) => ({
      name,
      ...(kind && { kind }),
      run: () => {
        let sum = 0;
        for (const bytes of all) sum ^= of(bytes);
        return sum;
      },
    })),
  };
}

const crc32s = (size: Size): Row =>
  wordRow('CRC-32', size, [
    words('crc32', (bytes) => crc32(0, bytes)),
    words('crc-32', (bytes) => table.buf(bytes)),
    words('@node-rs/crc32', (bytes) => native.crc32(bytes), 'native'),
  ]);

const crc32cs = (size: Size): Row =>
  wordRow('CRC-32C', size, [
    words('crc32c', (bytes) => crc32c(0, bytes)),
    words('crc-32', (bytes) => tableC.buf(bytes)),
    words('@node-rs/crc32', (bytes) => native.crc32c(bytes), 'native'),
  ]);

const hash: Hash64 = { high: 0, low: 0 };

const xxhashes = async (size: Size): Promise<Row> => {
  const { h64Raw } = await createXxhash();
  const hasher = await createXXHash64();
  return wordRow('xxHash64', size, [
    words('xxHash64', (bytes) => {
      xxHash64(bytes, hash);
      return hash.low;
    }),
    words('xxhash-wasm', (bytes) => Number(h64Raw(bytes) & 0xffff_ffffn), 'WebAssembly'),
    words('hash-wasm', (bytes) => lowWord(hasher.init().update(bytes).digest('binary')), 'WebAssembly'),
  ]);
};

const lowWord = (digest: Uint8Array): number =>
  (digest[4]! << 24) | (digest[5]! << 16) | (digest[6]! << 8) | digest[7]!;
const firstWord = (digest: Uint8Array): number =>
  (digest[0]! << 24) | (digest[1]! << 16) | (digest[2]! << 8) | digest[3]!;

const keys = async (): Promise<Row> => {
  const { h64 } = await createXxhash();
  const texts = Array.from({ length: 4_000 }, (_, i) => `user:${i}:session`);
  return {
    measures: 'time',
    what: 'xxHash64 of a key, text of 15 characters',
    ops: texts.length,
    sides: [
      {
        name: 'hashKey',
        run: () => {
          let sum = 0;
          for (const text of texts) {
            hashKey(text, hash);
            sum ^= hash.low;
          }
          return sum;
        },
      },
      {
        name: 'xxhash-wasm',
        kind: 'WebAssembly',
        run: () => {
          let sum = 0;
          for (const text of texts) sum ^= Number(h64(text) & 0xffff_ffffn);
          return sum;
        },
      },
    ],
  };
};

/** Once with ours, once with what `env/node` puts in its place. */
const sha256s = async (what: string, own: Digest, size: Size): Promise<Row> => {
  const hasher = await createSHA256();
  return wordRow(what, size, [
    words('SHA256', (bytes) => firstWord(own.of(bytes))),
    words('hash-wasm', (bytes) => firstWord(hasher.init().update(bytes).digest('binary')), 'WebAssembly'),
    words('node:crypto', (bytes) => firstWord(createHash('sha256').update(bytes).digest()), 'native'),
  ]);
};

export const rows: Rows = [
  ...SIZES.map((size) => () => crc32s(size)),
  ...SIZES.map((size) => () => crc32cs(size)),
  keys,
  ...SIZES.map((size) => () => xxhashes(size)),
  ...SIZES.map((size) => () => sha256s('SHA-256', SHA256, size)),
  ...SIZES.map((size) => () => sha256s('SHA-256 of `env/node`', nodeSha256, size)),
];
