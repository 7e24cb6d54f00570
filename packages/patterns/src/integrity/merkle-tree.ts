/**
 * A hash tree over a fixed number of buckets, for replicas that compare large key spaces: Merkle, "A Digital Signature Based on a Conventional
 * Encryption Function", 1987; as anti-entropy in DeCandia et al., "Dynamo", SOSP 2007, section 4.7.
 *
 * A key belongs to the bucket its hash says. A bucket holds the sum, modulo 2^128, of the fingerprints of the items in it: so that an item comes and
 * goes in O(1) and nothing else in the bucket is read. A node above holds the digest of its sixteen children, and is computed when it is asked for.
 *
 *   level 0            root
 *   level 1      0  1  …  15               16^level nodes
 *   …
 *   level L   the 16^L buckets
 *
 * Two trees of the same shape are compared from the root down, only where they differ: see `MerkleDiff`. What is compared is hashes of buckets,
 * so a difference ends in a list of buckets whose items both sides then list (n / 16^L of them each: choose L by `levelsFor`).
 *
 * Sums can be forged by who may choose many items at will; against such, give fingerprints that are keyed (`sipHash`, or an HMAC of both sides' secret).
 */
import type { Digest } from './digest.ts';

const FANOUT = 16;
const LEVELS_MAX = 6;
/** What a node's hash has in words and bytes. */
const WORDS = 4;
export const MERKLE_HASH_BYTES: number = WORDS * 4;

export interface MerkleTreeOptions {
  /** 1 to 6: 16^levels buckets. Memory: about 17 bytes per bucket. */
  readonly levels: number;
  /** Makes a node's hash out of its children's. At least 16 bytes; the first 16 are taken. */
  readonly digest: Digest<'adversaries'>;
}

/** How many levels give about one to sixteen items per bucket, when there are `items`. */
export function levelsFor(items: number): number {
  let levels = 1;
  while (levels < LEVELS_MAX && FANOUT ** (levels + 1) <= items) levels += 1;
  return levels;
}

export class MerkleTree {
  readonly levels: number;
  readonly #digest: Digest<'adversaries'>;
  /** Per level, four words for each node. */
  readonly #hashes: readonly Int32Array[];
  /** Per level but the last, 1 for a node below which something has changed since its hash was computed. */
  readonly #stale: readonly Uint8Array[];
  readonly #children: Uint8Array = new Uint8Array(FANOUT * MERKLE_HASH_BYTES);

  constructor(options: MerkleTreeOptions) {
    const { levels, digest } = options;
    if (!Number.isInteger(levels) || levels < 1 || levels > LEVELS_MAX)
      throw new RangeError(`levels must be an integer from 1 to ${LEVELS_MAX}, not ${levels}`);
    if (digest.sizeBytes < MERKLE_HASH_BYTES)
      throw new RangeError(
        `the digest must have at least ${MERKLE_HASH_BYTES} bytes, but ${digest.name} has ${digest.sizeBytes}`,
      );
    this.levels = levels;
    this.#digest = digest;
    this.#hashes = Array.from({ length: levels + 1 }, (_, level) => new Int32Array(FANOUT ** level * WORDS));
    this.#stale = Array.from({ length: levels }, (_, level) => new Uint8Array(FANOUT ** level).fill(1));
  }

  get buckets(): number {
    return FANOUT ** this.levels;
  }

  /** The bucket of a key with this hash, an unsigned 32-bit integer: its highest bits. */
  bucketOf(keyHash: number): number {
    return (keyHash >>> 0) >>> (32 - 4 * this.levels);
  }

  /** An item with this fingerprint (16 bytes) has come. O(levels), and less when its neighbours have changed too. */
  add(bucket: number, fingerprint: Uint8Array): void {
    this.#change(bucket, fingerprint, 1);
  }

  /** An item with this fingerprint has gone. It must have been added. An item that changes goes as it was and comes as it is. */
  remove(bucket: number, fingerprint: Uint8Array): void {
    this.#change(bucket, fingerprint, -1);
  }

  /** The hash of a node. O(16 · stale nodes below it). */
  hash(level: number, index: number): Uint8Array {
    const bytes = new Uint8Array(MERKLE_HASH_BYTES);
    this.writeHash(level, index, bytes, 0);
    return bytes;
  }

  /** Puts the hash of a node at `offset` of `into`. */
  writeHash(level: number, index: number, into: Uint8Array, offset: number): void {
    this.#refresh(level, index);
    const words = this.#hashes[level]!;
    for (let i = 0; i < WORDS; i++) {
      const word = words[index * WORDS + i]!;
      const at = offset + 4 * i;
      into[at] = word;
      into[at + 1] = word >> 8;
      into[at + 2] = word >> 16;
      into[at + 3] = word >> 24;
    }
  }

  /** Whether the hash of a node is the sixteen bytes at `offset` of `bytes`. */
  hasHash(level: number, index: number, bytes: Uint8Array, offset: number): boolean {
    this.#refresh(level, index);
    const words = this.#hashes[level]!;
    for (let i = 0; i < WORDS; i++) if (words[index * WORDS + i] !== wordAt(bytes, offset + 4 * i)) return false;
    return true;
  }

  #change(bucket: number, fingerprint: Uint8Array, sign: 1 | -1): void {
    if (!(bucket >= 0 && bucket < this.buckets))
      throw new RangeError(`bucket must be from 0 to ${this.buckets - 1}, not ${bucket}`);
    if (fingerprint.length !== MERKLE_HASH_BYTES)
      throw new RangeError(`a fingerprint must have ${MERKLE_HASH_BYTES} bytes, not ${fingerprint.length}`);
    const sums = this.#hashes[this.levels]!;
    let carry = 0;
    for (let i = 0; i < WORDS; i++) {
      const word = wordAt(fingerprint, 4 * i) >>> 0;
      const sum = (sums[bucket * WORDS + i]! >>> 0) + sign * word + carry;
      sums[bucket * WORDS + i] = sum | 0;
      carry = Math.floor(sum / 0x1_0000_0000);
    }
    // A node that is stale has only stale ones above it.
    for (let level = this.levels - 1, at = bucket >>> 4; level >= 0; level--, at >>>= 4) {
      if (this.#stale[level]![at] === 1) return;
      this.#stale[level]![at] = 1;
    }
  }

  #refresh(level: number, index: number): void {
    if (level === this.levels || this.#stale[level]![index] === 0) return;
    for (let child = index * FANOUT; child < (index + 1) * FANOUT; child++) this.#refresh(level + 1, child);
    for (let i = 0; i < FANOUT; i++)
      this.writeHash(level + 1, index * FANOUT + i, this.#children, i * MERKLE_HASH_BYTES);
    const digest = this.#digest.of(this.#children);
    const words = this.#hashes[level]!;
    for (let i = 0; i < WORDS; i++) words[index * WORDS + i] = wordAt(digest, 4 * i);
    this.#stale[level]![index] = 0;
  }
}

/** Four bytes, low byte first. */
function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
