/**
 * A set with false positives that can forget, grow and be merged without the keys. Bender et al., "Don't Thrash: How to Cache Your Hash on Flash",
 * VLDB 2012, section 3.
 *
 * A key's fingerprint of q + r bits is divided: the quotient (q bits) says in which slot it would like to be, the remainder (r bits) is what is
 * stored. Remainders of one quotient form a run, in order; runs that push one another on form a cluster. Three bits per slot tell them apart:
 *
 *   occupied      some remainder belongs to the quotient of this slot's number
 *   continuation  the remainder here belongs to the same run as the one before
 *   shifted       the remainder here is not in its own slot
 *
 * A fingerprint is stored once for each time it was added, up to `copiesMax`; a fingerprint that has reached that stays for good, because nobody knows any
 * more how often it was added. So whatever is added and removed again in whatever order, there is never a no for a yes, as long as only what
 * was added is removed. Growing takes a bit from the remainder and so doubles the rate, until `remainderBits` is 1.
 */
import { ByteReader, ByteWriter } from '../base/index.ts';
import type { Hash64 } from '../integrity/index.ts';
import { hashKey, type SketchKey } from './key-hash.ts';
import { QUOTIENT_LOAD_MAX, type QuotientSize, quotientRate } from './sizing.ts';

const VERSION = 1;
const OCCUPIED = 1;
const CONTINUATION = 2;
const SHIFTED = 4;
const STATE = 7;
/** The default of `copiesMax`. */
const COPIES_MAX = 15;
const hash: Hash64 = { high: 0, low: 0 };

export interface QuotientFilterOptions extends QuotientSize {
  /** 3 to 28: 2^q slots. */
  readonly quotientBits: number;
  /** 1 to 29. A slot takes 1, 2 or 4 bytes: up to 5, up to 13, beyond. */
  readonly remainderBits: number;
  /** At least 2. Default 15. */
  readonly copiesMax?: number;
}

export class QuotientFilter {
  readonly copiesMax: number;
  #quotientBits: number;
  #remainderBits: number;
  #slots: Uint8Array | Uint16Array | Uint32Array;
  #size = 0;

  constructor(options: QuotientFilterOptions) {
    const { quotientBits: q, remainderBits: r, copiesMax = COPIES_MAX } = options;
    if (!Number.isInteger(q) || q < 3 || q > 28)
      throw new RangeError(`quotientBits must be an integer from 3 to 28, not ${q}`);
    if (!Number.isInteger(r) || r < 1 || r > 29)
      throw new RangeError(`remainderBits must be an integer from 1 to 29, not ${r}`);
    if (!Number.isInteger(copiesMax) || copiesMax < 2)
      throw new RangeError(`copiesMax must be an integer from 2, not ${copiesMax}`);
    this.#quotientBits = q;
    this.#remainderBits = r;
    this.copiesMax = copiesMax;
    this.#slots = slotsFor(q, r);
  }

  /** Reads what `encode` wrote. Throws `BytesError` or `RangeError` when it is not that. */
  static decode(bytes: Uint8Array): QuotientFilter {
    const reader = new ByteReader(bytes);
    const version = reader.u8();
    if (version !== VERSION)
      throw new RangeError(`version ${VERSION} of a quotient filter was expected, not ${version}`);
    const [quotientBits, remainderBits, copiesMax] = [reader.u8(), reader.u8(), reader.uint()];
    const entries = reader.count(2);
    if (entries > 2 ** quotientBits * QUOTIENT_LOAD_MAX + 1)
      throw new RangeError(`${entries} entries are more than 2^${quotientBits} slots take`);
    const filter = new QuotientFilter({ quotientBits, remainderBits, copiesMax });
    let quotient = 0;
    for (let i = 0; i < entries; i++) {
      quotient += reader.int();
      if (quotient < 0 || quotient >= filter.#slots.length) throw new RangeError(`there is no slot ${quotient}`);
      filter.#insert(quotient, reader.uint(2 ** remainderBits - 1));
    }
    reader.expectEnd();
    return filter;
  }

  /** Fingerprints stored. */
  get size(): number {
    return this.#size;
  }

  get quotientBits(): number {
    return this.#quotientBits;
  }

  get remainderBits(): number {
    return this.#remainderBits;
  }

  get sizeBytes(): number {
    return this.#slots.byteLength;
  }

  /** How often it says yes for no, as it is filled now. */
  get falsePositiveRate(): number {
    return quotientRate({ quotientBits: this.#quotientBits, remainderBits: this.#remainderBits }, this.#size);
  }

  /** Adds a key; doubles the filter when it is 80 % full. Throws `RangeError` when it cannot grow any more: then the key is not in. Expected O(1). */
  add(key: SketchKey): void {
    hashKey(key, hash);
    this.addHash(hash.high, hash.low);
  }

  /** False: it is not in. Expected O(1). */
  has(key: SketchKey): boolean {
    hashKey(key, hash);
    return this.hasHash(hash.high, hash.low);
  }

  /** Takes back one `add` of this key, which must have been added. False when it certainly was not. Expected O(1). */
  remove(key: SketchKey): boolean {
    hashKey(key, hash);
    return this.removeHash(hash.high, hash.low);
  }

  addHash(high: number, low: number): void {
    if (this.#size >= this.#slots.length * QUOTIENT_LOAD_MAX) this.grow();
    this.#insert(this.#quotientOf(high), this.#remainderOf(high, low));
  }

  hasHash(high: number, low: number): boolean {
    return this.#find(this.#quotientOf(high), this.#remainderOf(high, low)) >= 0;
  }

  removeHash(high: number, low: number): boolean {
    const quotient = this.#quotientOf(high);
    const remainder = this.#remainderOf(high, low);
    const at = this.#find(quotient, remainder);
    if (at < 0) return false;
    if (this.#copies(at) < this.copiesMax) this.#removeAt(at, quotient);
    return true;
  }

  /** Doubles the slots and takes one bit from the remainders. Throws `RangeError` when there is only one. O(slots). */
  grow(): void {
    this.#rebuild(this.#quotientBits + 1);
  }

  /**
   * Takes in all that `other` has, and grows as needed. Throws `RangeError`, and changes nothing, unless fingerprints are as long and `copiesMax` the same
   * in both, and there is room. O(slots of both).
   */
  merge(other: QuotientFilter): void {
    const mine = this.#quotientBits + this.#remainderBits;
    const theirs = other.#quotientBits + other.#remainderBits;
    if (mine !== theirs) throw new RangeError(`fingerprints of ${mine} bits were expected, not of ${theirs}`);
    // Else what stays for good there could be removed here.
    if (other.copiesMax !== this.copiesMax)
      throw new RangeError(`copiesMax of ${this.copiesMax} was expected, not of ${other.copiesMax}`);
    let bits = Math.max(this.#quotientBits, other.#quotientBits);
    while (this.#size + other.#size > 2 ** bits * QUOTIENT_LOAD_MAX) bits += 1;
    // Its own first, in case `other` is this very filter.
    const added = other === this ? other.#copy() : other;
    if (bits > this.#quotientBits) this.#rebuild(bits);
    added.#forEach((quotient, remainder) => {
      this.#insertFrom(added.#quotientBits, quotient, remainder);
    });
  }

  /** The fingerprints in order: about 1 + remainderBits / 7 bytes each. O(slots). */
  encode(): Uint8Array {
    const writer = new ByteWriter(16 + this.#size * 4);
    writer.u8(VERSION);
    writer.u8(this.#quotientBits);
    writer.u8(this.#remainderBits);
    writer.uint(this.copiesMax);
    writer.uint(this.#size);
    let last = 0;
    this.#forEach((quotient, remainder) => {
      writer.int(quotient - last);
      writer.uint(remainder);
      last = quotient;
    });
    return writer.take();
  }

  #copy(): QuotientFilter {
    const copy = new QuotientFilter({
      quotientBits: this.#quotientBits,
      remainderBits: this.#remainderBits,
      copiesMax: this.copiesMax,
    });
    copy.#slots = this.#slots.slice();
    copy.#size = this.#size;
    return copy;
  }

  #rebuild(quotientBits: number): void {
    const remainderBits = this.#remainderBits - (quotientBits - this.#quotientBits);
    if (remainderBits < 1 || quotientBits > 28)
      throw new RangeError(
        `the filter cannot have 2^${quotientBits} slots; start with more bits of remainder or make a larger one of the keys`,
      );
    const old = this.#copy();
    this.#quotientBits = quotientBits;
    this.#remainderBits = remainderBits;
    this.#slots = slotsFor(quotientBits, remainderBits);
    this.#size = 0;
    old.#forEach((quotient, remainder) => {
      this.#insertFrom(old.#quotientBits, quotient, remainder);
    });
  }

  /** Inserts a fingerprint that was divided after `quotientBits`, which are not more than here. */
  #insertFrom(quotientBits: number, quotient: number, remainder: number): void {
    const moved = this.#quotientBits - quotientBits;
    const rest = this.#remainderBits;
    this.#insert(((quotient << moved) | (remainder >>> rest)) >>> 0, remainder & ((1 << rest) - 1));
  }

  #quotientOf(high: number): number {
    return high >>> (32 - this.#quotientBits);
  }

  /** The r bits of the hash behind the first q. */
  #remainderOf(high: number, low: number): number {
    const q = this.#quotientBits;
    return ((high << q) | (low >>> (32 - q))) >>> (32 - this.#remainderBits);
  }

  /** Where the run of an occupied quotient starts; of one that has just become so, where it has to. */
  #runStart(quotient: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let run = quotient;
    while ((slots[run]! & SHIFTED) !== 0) run = (run - 1) & mask;
    let at = run;
    while (run !== quotient) {
      do at = (at + 1) & mask;
      while ((slots[at]! & CONTINUATION) !== 0);
      do run = (run + 1) & mask;
      while ((slots[run]! & OCCUPIED) === 0);
    }
    return at;
  }

  /** The first slot with that fingerprint, or −1. */
  #find(quotient: number, remainder: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    if ((slots[quotient]! & OCCUPIED) === 0) return -1;
    let at = this.#runStart(quotient);
    do {
      const here = slots[at]! >>> 3;
      if (here >= remainder) return here === remainder ? at : -1;
      at = (at + 1) & mask;
    } while ((slots[at]! & CONTINUATION) !== 0);
    return -1;
  }

  /** How many slots from `at` on hold the same fingerprint. */
  #copies(at: number): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const remainder = slots[at]! >>> 3;
    let copies = 1;
    for (let i = (at + 1) & mask; (slots[i]! & CONTINUATION) !== 0 && slots[i]! >>> 3 === remainder; i = (i + 1) & mask)
      copies += 1;
    return copies;
  }

  #insert(quotient: number, remainder: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    const there = slots[quotient]!;
    if ((there & STATE) === 0) {
      slots[quotient] = (remainder << 3) | OCCUPIED;
      this.#size += 1;
      return;
    }
    const known = (there & OCCUPIED) !== 0;
    slots[quotient] = there | OCCUPIED;
    const start = this.#runStart(quotient);
    let at = start;
    let state = 0;
    if (known) {
      do {
        if (slots[at]! >>> 3 >= remainder) break;
        at = (at + 1) & mask;
      } while ((slots[at]! & CONTINUATION) !== 0);
      // Copies are next to each other, the first one here.
      const inRun = at === start || (slots[at]! & CONTINUATION) !== 0;
      if (inRun && slots[at]! >>> 3 === remainder && this.#copies(at) >= this.copiesMax) return;
      if (at === start) slots[start]! |= CONTINUATION;
      else state = CONTINUATION;
    }
    if (at !== quotient) state |= SHIFTED;
    this.#shiftIn(at, (remainder << 3) | state);
    this.#size += 1;
  }

  /** Puts an entry at `at` and moves what was there, and all behind it, on by one up to the next free slot. */
  #shiftIn(at: number, entry: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let moving = entry;
    for (let i = at; ; i = (i + 1) & mask) {
      const there = slots[i]!;
      // Whether a slot is occupied is said of its number, and does not move.
      slots[i] = moving | (there & OCCUPIED);
      if ((there & STATE) === 0) return;
      moving = (there & ~OCCUPIED) | SHIFTED;
    }
  }

  /** Takes an entry out and writes the cluster around it anew. */
  #removeAt(at: number, quotient: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let start = quotient;
    while ((slots[start]! & SHIFTED) !== 0) start = (start - 1) & mask;
    const quotients: number[] = [];
    const remainders: number[] = [];
    const length = this.#readCluster(start, (offset, remainder, i) => {
      if (((start + i) & mask) === at) return;
      quotients.push(offset);
      remainders.push(remainder);
    });
    for (let i = 0; i < length; i++) slots[(start + i) & mask] = 0;
    let place = -1;
    for (let i = 0; i < quotients.length; i++) {
      const offset = quotients[i]!;
      const follows = i > 0 && quotients[i - 1] === offset;
      place = Math.max(place + 1, offset);
      const state = (follows ? CONTINUATION : 0) | (place === offset ? 0 : SHIFTED);
      slots[(start + place) & mask] = (remainders[i]! << 3) | state | (slots[(start + place) & mask]! & OCCUPIED);
      slots[(start + offset) & mask]! |= OCCUPIED;
    }
    this.#size -= 1;
  }

  /** Calls back for each entry of the cluster that starts there, with its quotient as offset from there. Returns the cluster's length. */
  #readCluster(start: number, each: (offset: number, remainder: number, i: number) => void): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let offset = -1;
    for (let i = 0; ; i++) {
      const slot = slots[(start + i) & mask]!;
      if ((slot & STATE) === 0 || (i > 0 && (slot & (CONTINUATION | SHIFTED)) === 0)) return i;
      if ((slot & CONTINUATION) === 0) {
        do offset += 1;
        while ((slots[(start + offset) & mask]! & OCCUPIED) === 0);
      }
      each(offset, slot >>> 3, i);
    }
  }

  #forEach(each: (quotient: number, remainder: number) => void): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let start = 0; start < slots.length; start++) {
      const state = slots[start]! & STATE;
      // Only a remainder in its own slot, not shifted, starts a cluster.
      if (state !== OCCUPIED) continue;
      this.#readCluster(start, (offset, remainder) => each((start + offset) & mask, remainder));
    }
  }
}

function slotsFor(quotientBits: number, remainderBits: number): Uint8Array | Uint16Array | Uint32Array {
  const slots = 2 ** quotientBits;
  if (remainderBits <= 5) return new Uint8Array(slots);
  return remainderBits <= 13 ? new Uint16Array(slots) : new Uint32Array(slots);
}
