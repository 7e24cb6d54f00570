/**
 * One interface for every checksum, hash and digest, that says in its type what it is good for:
 *
 *   'errors'       what disks, memory and cables do by chance; anybody can make two inputs that agree.
 *   'adversaries'  also what somebody does on purpose: nobody can make two inputs that agree.
 *
 * What compares data with somebody it does not trust asks for `Digest<'adversaries'>`, and the compiler refuses a CRC.
 */
import { crc32 } from './crc32.ts';
import { crc32c } from './crc32c.ts';
import type { Hash64 } from './hash64.ts';
import { md5 } from './md5.ts';
import { type Compression, digestBlocks } from './merkle-damgard.ts';
import { sha1 } from './sha1.ts';
import { sha256 } from './sha256.ts';
import { xxHash64 } from './xxhash64.ts';

export type Threat = 'errors' | 'adversaries';

export interface Digest<Guards extends Threat = Threat> {
  readonly name: string;
  readonly guardsAgainst: Guards;
  /** Length of what `of` returns. */
  readonly sizeBytes: number;
  /** The digest of `bytes`, most significant byte first. O(bytes). */
  of(bytes: Uint8Array): Uint8Array;
}

function digest<Guards extends Threat>(
  name: string,
  guardsAgainst: Guards,
  sizeBytes: number,
  of: (bytes: Uint8Array) => Uint8Array,
): Digest<Guards> {
  return { name, guardsAgainst, sizeBytes, of };
}

function bigEndian(...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 4);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => {
    view.setUint32(4 * i, word);
  });
  return bytes;
}

const blocks = (compression: Compression) => (bytes: Uint8Array) => digestBlocks(compression, bytes);
const scratch: Hash64 = { high: 0, low: 0 };

export const CRC32: Digest<'errors'> = /* @__PURE__ */ digest('crc32', 'errors', 4, (bytes) =>
  bigEndian(crc32(0, bytes)),
);
export const CRC32C: Digest<'errors'> = /* @__PURE__ */ digest('crc32c', 'errors', 4, (bytes) =>
  bigEndian(crc32c(0, bytes)),
);
export const XXH64: Digest<'errors'> = /* @__PURE__ */ digest('xxh64', 'errors', 8, (bytes) => {
  xxHash64(bytes, scratch);
  return bigEndian(scratch.high, scratch.low);
});
export const MD5: Digest<'errors'> = /* @__PURE__ */ digest('md5', 'errors', 16, /* @__PURE__ */ blocks(md5));
export const SHA1: Digest<'errors'> = /* @__PURE__ */ digest('sha1', 'errors', 20, /* @__PURE__ */ blocks(sha1));
export const SHA256: Digest<'adversaries'> = /* @__PURE__ */ digest(
  'sha256',
  'adversaries',
  32,
  /* @__PURE__ */ blocks(sha256),
);

/**
 * The same digest, computed by the platform (for Node.js, `@quorate/env/node` has done this). It is tried on one input first: `RangeError` when it does
 * not agree.
 */
export function platformDigest<Guards extends Threat>(
  like: Digest<Guards>,
  of: (bytes: Uint8Array) => Uint8Array,
): Digest<Guards> {
  const probe = Uint8Array.from({ length: 131 }, (_, i) => i);
  if (!sameBytes(like.of(probe), of(probe)))
    throw new RangeError(`the platform's digest must be ${like.name}, but gives another result`);
  return digest(like.name, like.guardsAgainst, like.sizeBytes, of);
}

/** Whether two byte strings are the same. Takes as long wherever they differ. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ b[i]!;
  return difference === 0;
}
