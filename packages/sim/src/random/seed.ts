import { assert } from '@quorate/patterns/base';

/** A run's 64-bit seed: a bigint, or text in decimal or `0x` hex. All randomness of a run follows from it. */
export type SeedInput = bigint | string;

/** A parsed seed: two halves of 32 bits. */
export interface Seed {
  readonly high: number;
  readonly low: number;
}

const LIMIT = 1n << 64n;

/** Throws `RangeError` when `input` is not an integer in [0, 2^64). */
export function parseSeed(input: SeedInput): Seed {
  const value = typeof input === 'bigint' ? input : parseText(input);
  if (value < 0n || value >= LIMIT) throw new RangeError(`a seed must be in [0, 2^64), but was ${value}`);
  return { high: Number(value >> 32n), low: Number(value & 0xffffffffn) };
}

function parseText(text: string): bigint {
  const trimmed = text.trim();
  if (!/^(0x[0-9a-f]+|[0-9]+)$/i.test(trimmed)) {
    throw new RangeError(`a seed must be a decimal or 0x-hex integer, but was ${JSON.stringify(text)}`);
  }
  return BigInt(trimmed);
}

/** The form in which seeds are printed, and which `parseSeed` reads back. */
export function formatSeed(seed: Seed): string {
  return `0x${hex32(seed.high)}${hex32(seed.low)}`;
}

/** Eight hex digits. */
export function hex32(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}

/** The seed of a named part. Parts do not shift each other: a new label leaves all others as they were. */
export function deriveSeed(seed: Seed, label: string): Seed {
  const words = new Uint32Array(4);
  expandSeed(seed, label, words);
  return { high: words[0]!, low: words[1]! };
}

/** Fills four words from seed and label: two multiply-rotate lanes over the label's UTF-16 units, then finalisers. */
export function expandSeed(seed: Seed, label: string, words: Uint32Array): void {
  assert(words.length === 4, 'a stream has four words of state');
  let a = seed.high ^ 0x9e3779b9;
  let b = seed.low ^ 0x85ebca6b;
  for (let i = 0; i < label.length; i++) {
    const unit = label.charCodeAt(i);
    a = Math.imul(rotate(a ^ unit, 13), 0xcc9e2d51) + b;
    b = Math.imul(rotate(b ^ unit, 17), 0x1b873593) + a;
  }
  a ^= label.length;
  for (let i = 0; i < 4; i++) {
    a = finalise(a + 0x9e3779b9);
    b = finalise(b ^ a);
    words[i] = a ^ rotate(b, i * 7 + 1);
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}

/** The 32-bit finaliser of MurmurHash3 (Appleby, public domain): every input bit reaches every output bit. */
function finalise(word: number): number {
  let h = word | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
