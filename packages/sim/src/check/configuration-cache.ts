/** Slots at the start; always a power of two, at most half of them used. */
const SLOTS_MIN = 1 << 6;

export type Added = 'new' | 'known' | 'full';

/**
 * The configurations that a search has been in: a set of fixed-length records of 32-bit words, in typed arrays, by open addressing.
 * Exact: hashes only choose the slot. A `Map` would end at 2^24 entries.
 */
export class ConfigurationCache {
  /** The record to be added: the caller writes its words here. */
  readonly record: Uint32Array;
  readonly #bytesMax: number;
  readonly #words: number;
  /** 0: free; otherwise the number of the record + 1. */
  #slots: Uint32Array = new Uint32Array(SLOTS_MIN);
  #hashes: Uint32Array = new Uint32Array(SLOTS_MIN / 2);
  #records: Uint32Array;
  #size = 0;

  constructor(words: number, bytesMax: number) {
    this.record = new Uint32Array(words);
    this.#words = words;
    this.#bytesMax = bytesMax;
    this.#records = new Uint32Array((SLOTS_MIN / 2) * words);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#hashes.byteLength + this.#records.byteLength;
  }

  /** Adds `record`, whose hash is `hash` (any 32 bits), unless it is there. `full`: it is not, and there is no more room. */
  add(hash: number): Added {
    const unsigned = hash >>> 0;
    const mask = this.#slots.length - 1;
    let slot = spread(unsigned) & mask;
    for (let entry = this.#slots[slot] as number; entry !== 0; entry = this.#slots[slot] as number) {
      if (this.#hashes[entry - 1] === unsigned && this.#equals(entry - 1)) return 'known';
      slot = (slot + 1) & mask;
    }
    if (this.#size === this.#hashes.length) {
      if (2 * this.bytes > this.#bytesMax) return 'full';
      this.#grow();
      return this.add(hash);
    }
    this.#records.set(this.record, this.#size * this.#words);
    this.#hashes[this.#size] = unsigned;
    this.#size += 1;
    this.#slots[slot] = this.#size;
    return 'new';
  }

  #equals(entry: number): boolean {
    const base = entry * this.#words;
    for (let i = 0; i < this.#words; i += 1) if (this.#records[base + i] !== this.record[i]) return false;
    return true;
  }

  #grow(): void {
    const slots = new Uint32Array(2 * this.#slots.length);
    const mask = slots.length - 1;
    for (let entry = 0; entry < this.#size; entry += 1) {
      let slot = spread(this.#hashes[entry] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = entry + 1;
    }
    this.#slots = slots;
    this.#hashes = widened(this.#hashes);
    this.#records = widened(this.#records);
  }
}

const widened = (array: Uint32Array): Uint32Array => {
  const wider = new Uint32Array(2 * array.length);
  wider.set(array);
  return wider;
};

/** MurmurHash3's finalizer: all 32 bits of the hash reach the low ones. */
export const spread = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
};
