/**
 * A Bloom filter: a set that may say yes for no, and never no for yes. Bloom, "Space/Time Trade-offs in Hash Coding with Allowable Errors", CACM 1970.
 *
 * Cannot forget, and knows its size in advance: choose it by `bloomSize`. The keys are hashed by `hashKey`.
 */
import { ByteReader, ByteWriter } from '../base/index.ts';
import type { Hash64 } from '../integrity/index.ts';
import { expectShape, position } from './bit-positions.ts';
import { hashKey, type SketchKey } from './key-hash.ts';
import type { BloomSize } from './sizing.ts';

const VERSION = 1;
const hash: Hash64 = { high: 0, low: 0 };

export class BloomFilter {
  readonly bits: number;
  readonly hashes: number;
  readonly #scale: number;
  readonly #bytes: Uint8Array;

  constructor(size: BloomSize) {
    expectShape(size.bits, size.hashes);
    this.bits = size.bits;
    this.hashes = size.hashes;
    this.#scale = size.bits / 2 ** 32;
    this.#bytes = new Uint8Array(Math.ceil(size.bits / 8));
  }

  /** Reads what `encode` wrote. Throws `BytesError` or `RangeError` when it is not that. */
  static decode(bytes: Uint8Array): BloomFilter {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version !== VERSION) throw new RangeError(`version ${VERSION} of a Bloom filter was expected, not ${version}`);
    const hashes = reader.u8();
    const bits = reader.uint(8 * reader.remaining);
    const filter = new BloomFilter({ bits, hashes });
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

  /** False: it was never added. True: it was, or others were that have the same bits. O(hashes). */
  has(key: SketchKey): boolean {
    hashKey(key, hash);
    return this.hasHash(hash.high, hash.low);
  }

  addHash(high: number, low: number): void {
    let x = low;
    let y = high;
    for (let i = 1; i <= this.hashes; i++) {
      const at = position(x, this.#scale);
      this.#bytes[at >>> 3]! |= 1 << (at & 7);
      x = (x + y) | 0;
      y = (y + i) | 0;
    }
  }

  hasHash(high: number, low: number): boolean {
    let x = low;
    let y = high;
    for (let i = 1; i <= this.hashes; i++) {
      const at = position(x, this.#scale);
      if ((this.#bytes[at >>> 3]! & (1 << (at & 7))) === 0) return false;
      x = (x + y) | 0;
      y = (y + i) | 0;
    }
    return true;
  }

  /** Takes in all that `other` has. Throws `RangeError` unless it has the same bits and hashes. O(bits). */
  merge(other: BloomFilter): void {
    if (other.bits !== this.bits || other.hashes !== this.hashes)
      throw new RangeError(
        `a filter of ${this.bits} bits and ${this.hashes} hashes was expected, not of ${other.bits} and ${other.hashes}`,
      );
    for (let i = 0; i < this.#bytes.length; i++) this.#bytes[i]! |= other.#bytes[i]!;
  }

  /** About how many distinct keys are in: −m/k · ln(1 − set/m) (Swamidass and Baldi 2007). Infinity when it is full. O(bits). */
  estimateItems(): number {
    let set = 0;
    for (const byte of this.#bytes) for (let rest = byte; rest !== 0; rest &= rest - 1) set += 1;
    return (-this.bits / this.hashes) * Math.log(1 - set / this.bits);
  }

  encode(): Uint8Array {
    const writer = new ByteWriter(16 + this.#bytes.length);
    writer.u8(VERSION);
    writer.u8(this.hashes);
    writer.uint(this.bits);
    writer.raw(this.#bytes);
    return writer.take();
  }
}
