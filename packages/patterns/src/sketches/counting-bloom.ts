/**
 * A Bloom filter that can forget: counters of four bits instead of bits. Fan, Cao, Almeida and Broder, "Summary Cache", SIGCOMM 1998, section 5.
 *
 * A counter that has reached 15 stays there, since nobody knows any more how many it stands for: so that there is never a no for a yes. Only what
 * was added may be removed: removing another key takes away from those that share its counters, and no filter can notice.
 */
import { ByteReader, ByteWriter } from '../base/index.ts';
import type { Hash64 } from '../integrity/index.ts';
import { expectShape, position } from './bit-positions.ts';
import { hashKey, type SketchKey } from './key-hash.ts';
import type { BloomSize } from './sizing.ts';

const VERSION = 1;
const STUCK = 15;
const hash: Hash64 = { high: 0, low: 0 };

export class CountingBloomFilter {
  readonly counters: number;
  readonly hashes: number;
  readonly #scale: number;
  /** Two counters to a byte. */
  readonly #bytes: Uint8Array;

  /** `bits` of the size are counters here: four times the memory of the plain filter. */
  constructor(size: BloomSize) {
    expectShape(size.bits, size.hashes);
    this.counters = size.bits;
    this.hashes = size.hashes;
    this.#scale = size.bits / 2 ** 32;
    this.#bytes = new Uint8Array(Math.ceil(size.bits / 2));
  }

  /** Reads what `encode` wrote. Throws `BytesError` or `RangeError` when it is not that. */
  static decode(bytes: Uint8Array): CountingBloomFilter {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version !== VERSION)
      throw new RangeError(`version ${VERSION} of a counting filter was expected, not ${version}`);
    const hashes = reader.u8();
    const bits = reader.uint(2 * reader.remaining);
    const filter = new CountingBloomFilter({ bits, hashes });
    filter.#bytes.set(reader.raw(filter.#bytes.length));
    reader.expectEnd();
    return filter;
  }

  get sizeBytes(): number {
    return this.#bytes.length;
  }

  /** O(hashes). */
  add(key: SketchKey): void {
    hashKey(key, hash);
    this.addHash(hash.high, hash.low);
  }

  /** Takes back one `add` of this key. False, and nothing is changed, when it certainly was not added. O(hashes). */
  remove(key: SketchKey): boolean {
    hashKey(key, hash);
    return this.removeHash(hash.high, hash.low);
  }

  /** False: it is not in. True: it is, or others are that have the same counters. O(hashes). */
  has(key: SketchKey): boolean {
    hashKey(key, hash);
    return this.hasHash(hash.high, hash.low);
  }

  addHash(high: number, low: number): void {
    this.#change(high, low, 1, this.hashes);
  }

  removeHash(high: number, low: number): boolean {
    if (!this.hasHash(high, low)) return false;
    // Where a position comes twice for a key, a counter of 1 says that it was not added.
    const taken = this.#change(high, low, -1, this.hashes);
    if (taken < this.hashes) this.#change(high, low, 1, taken);
    return taken === this.hashes;
  }

  hasHash(high: number, low: number): boolean {
    let x = low;
    let y = high;
    for (let i = 1; i <= this.hashes; i++) {
      if (this.#counter(position(x, this.#scale)) === 0) return false;
      x = (x + y) | 0;
      y = (y + i) | 0;
    }
    return true;
  }

  /** How often a key is in, at most. O(hashes). */
  countOf(key: SketchKey): number {
    hashKey(key, hash);
    let x = hash.low;
    let y = hash.high;
    let least = STUCK;
    for (let i = 1; i <= this.hashes; i++) {
      least = Math.min(least, this.#counter(position(x, this.#scale)));
      x = (x + y) | 0;
      y = (y + i) | 0;
    }
    return least === STUCK ? Number.POSITIVE_INFINITY : least;
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(16 + this.#bytes.length);
    writer.u8(VERSION);
    writer.u8(this.hashes);
    writer.uint(this.counters);
    writer.raw(this.#bytes);
    return writer.take();
  }

  #counter(at: number): number {
    return (this.#bytes[at >>> 1]! >> (4 * (at & 1))) & STUCK;
  }

  /** A position that comes twice for a key counts twice, both ways. How many of the `positions` were changed: it ends before a counter is below 0. */
  #change(high: number, low: number, by: 1 | -1, positions: number): number {
    let x = low;
    let y = high;
    for (let i = 1; i <= positions; i++) {
      const at = position(x, this.#scale);
      const count = this.#counter(at);
      if (count + by < 0) return i - 1;
      if (count !== STUCK) this.#bytes[at >>> 1]! += by << (4 * (at & 1));
      x = (x + y) | 0;
      y = (y + i) | 0;
    }
    return positions;
  }
}
