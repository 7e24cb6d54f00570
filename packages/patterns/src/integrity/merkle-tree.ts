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
/** What a node's hash has. */
export const MERKLE_HASH_BYTES: number = 16;

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
  /** Per level, one node's hash after the other's. Those of a node's children are next to each other. */
  readonly #hashes: readonly DataView<ArrayBuffer>[];
  /** Per level but the last, 1 for a node below which something has changed since its hash was computed. */
  readonly #stale: readonly Uint8Array[];

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
    this.#hashes = Array.from(
      { length: levels + 1 },
      (_, level) => new DataView(new ArrayBuffer(FANOUT ** level * MERKLE_HASH_BYTES)),
    );
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
    return this.#fresh(level, index, 1).slice();
  }

  /** Puts the hashes of `count` nodes from `first` on at `offset` of `into`. */
  writeHashes(level: number, first: number, count: number, into: Uint8Array, offset: number): void {
    into.set(this.#fresh(level, first, count), offset);
  }

  /** Whether the hash of a node is the sixteen bytes at `offset` of `bytes`. */
  hasHash(level: number, index: number, bytes: DataView, offset: number): boolean {
    this.#refresh(level, index);
    const hashes = this.#hashes[level]!;
    const at = index * MERKLE_HASH_BYTES;
    for (let i = 0; i < MERKLE_HASH_BYTES; i += 4)
      if (hashes.getInt32(at + i, true) !== bytes.getInt32(offset + i, true)) return false;
    return true;
  }

  /** The very bytes, not a copy. */
  #fresh(level: number, first: number, count: number): Uint8Array {
    for (let i = first; i < first + count; i++) this.#refresh(level, i);
    return this.#stored(level, first, count);
  }

  #stored(level: number, first: number, count: number): Uint8Array {
    return new Uint8Array(this.#hashes[level]!.buffer, first * MERKLE_HASH_BYTES, count * MERKLE_HASH_BYTES);
  }

  #change(bucket: number, fingerprint: Uint8Array, sign: 1 | -1): void {
    if (!(Number.isInteger(bucket) && bucket >= 0 && bucket < this.buckets))
      throw new RangeError(`bucket must be from 0 to ${this.buckets - 1}, not ${bucket}`);
    if (fingerprint.length !== MERKLE_HASH_BYTES)
      throw new RangeError(`a fingerprint must have ${MERKLE_HASH_BYTES} bytes, not ${fingerprint.length}`);
    const sums = this.#hashes[this.levels]!;
    let carry = 0;
    for (let i = 0; i < MERKLE_HASH_BYTES; i += 4) {
      const at = bucket * MERKLE_HASH_BYTES + i;
      const sum = sums.getUint32(at, true) + sign * (wordAt(fingerprint, i) >>> 0) + carry;
      sums.setInt32(at, sum | 0, true);
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
    const digest = this.#digest.of(this.#fresh(level + 1, index * FANOUT, FANOUT));
    this.#stored(level, index, 1).set(digest.subarray(0, MERKLE_HASH_BYTES));
    this.#stale[level]![index] = 0;
  }
}

/** Four bytes, low byte first. */
function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
