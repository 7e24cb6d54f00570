/**
 * The cells of a rateless invertible Bloom lookup table: Yang, Gilad and Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024, section 4.
 *
 * Cell i holds the sum (XOR) of the items mapped to it, the XOR of their hashes and their number. An item is in cell 0, and in cell i with
 * probability 1 / (1 + i/2), independently of all else: its cells are drawn from its own hash by jumping from one to the next (section 4.2),
 *
 *   gap = ⌈(i + 3/2) · (1/√r − 1)⌉, r uniform in (0, 1),
 *
 * so that it is in about 2 ln(i) of the first i cells. The sequence of cells has no end; only as many are computed as were asked for, in growing steps, so that
 * the mean cost of a cell is O(n/i · log): no heap of next cells is needed.
 */
import { assert } from '../base/index.ts';
import type { Hash64 } from './hash64.ts';
import { type SipKey, sipHash } from './siphash.ts';

const CELLS_FIRST = 32;
const hash: Hash64 = { high: 0, low: 0 };

export class RatelessCells {
  readonly itemBytes: number;
  readonly #key: SipKey;
  readonly #words: number;

  // Items: bytes as words, hash (high, low), the next cell that it has not been put into, the state of its jumps, and +1 or −1.
  #items = 0;
  #itemWords = new Int32Array(0);
  #itemHashes = new Int32Array(0);
  #nextCell = new Float64Array(0);
  #jumpState = new Int32Array(0);
  #signs = new Int8Array(0);

  // Cells: sum, hash (high, low), number.
  #cells = 0;
  #sums = new Int32Array(0);
  #hashes = new Int32Array(0);
  #counts = new Int32Array(0);

  constructor(itemBytes: number, key: SipKey) {
    if (!Number.isInteger(itemBytes) || itemBytes < 1 || itemBytes > 4096)
      throw new RangeError(`itemBytes must be an integer from 1 to 4,096, not ${itemBytes}`);
    this.itemBytes = itemBytes;
    this.#key = key;
    this.#words = Math.ceil(itemBytes / 4);
  }

  get items(): number {
    return this.#items;
  }

  /** Cells from 0 up to here have been computed. */
  get computed(): number {
    return this.#cells;
  }

  /**
   * Puts an item into all its cells, `sign` times. `touch` hears of each cell computed already that has changed.
   * Expected O(log cells).
   */
  add(item: Uint8Array, sign: 1 | -1, touch?: (cell: number) => void): void {
    if (item.length !== this.itemBytes)
      throw new RangeError(`an item must have ${this.itemBytes} bytes, not ${item.length}`);
    const at = this.#items;
    this.#reserveItem();
    for (let i = 0; i < item.length; i++) this.#itemWords[at * this.#words + (i >> 2)]! |= item[i]! << (8 * (i & 3));
    sipHash(this.#key, item, hash);
    this.#itemHashes[2 * at] = hash.high;
    this.#itemHashes[2 * at + 1] = hash.low;
    this.#jumpState[at] = hash.low;
    this.#signs[at] = sign;
    this.#items += 1;
    this.#advance(at, this.#cells, touch);
  }

  /** Computes the cells below `cells`, and some more. */
  extend(cells: number): void {
    if (cells <= this.#cells) return;
    const grown = Math.max(cells, CELLS_FIRST, Math.ceil(this.#cells * 1.5));
    this.#sums = enlarged(this.#sums, grown * this.#words);
    this.#hashes = enlarged(this.#hashes, grown * 2);
    this.#counts = enlarged(this.#counts, grown);
    this.#cells = grown;
    for (let item = 0; item < this.#items; item++) this.#advance(item, grown, undefined);
  }

  /** Adds to a cell what the other side says of it. `sum` has `itemBytes` bytes. */
  combine(cell: number, sum: Uint8Array, high: number, low: number, count: number): void {
    assert(cell < this.#cells, 'a cell must be computed before something is added to it');
    for (let i = 0; i < this.itemBytes; i++) this.#sums[cell * this.#words + (i >> 2)]! ^= sum[i]! << (8 * (i & 3));
    this.#hashes[2 * cell]! ^= high;
    this.#hashes[2 * cell + 1]! ^= low;
    this.#counts[cell]! += count;
  }

  count(cell: number): number {
    return this.#counts[cell]!;
  }

  /** Puts the cell's hash into `out`. */
  hash(cell: number, out: Hash64): void {
    out.high = this.#hashes[2 * cell]! >>> 0;
    out.low = this.#hashes[2 * cell + 1]! >>> 0;
  }

  /** Puts the cell's sum into `into`. */
  sum(cell: number, into: Uint8Array): void {
    for (let i = 0; i < this.itemBytes; i++) into[i] = this.#sums[cell * this.#words + (i >> 2)]! >> (8 * (i & 3));
  }

  isEmpty(cell: number): boolean {
    if (this.#counts[cell] !== 0 || this.#hashes[2 * cell] !== 0 || this.#hashes[2 * cell + 1] !== 0) return false;
    for (let i = 0; i < this.#words; i++) if (this.#sums[cell * this.#words + i] !== 0) return false;
    return true;
  }

  /** The one item that the cell holds, with its sign, into `into`; 0 when it holds none or several. */
  only(cell: number, into: Uint8Array): 1 | -1 | 0 {
    const count = this.#counts[cell]!;
    if (count !== 1 && count !== -1) return 0;
    this.sum(cell, into);
    sipHash(this.#key, into, hash);
    return this.#hashes[2 * cell] === (hash.high | 0) && this.#hashes[2 * cell + 1] === (hash.low | 0) ? count : 0;
  }

  /** Puts an item into its cells below `limit`. */
  #advance(item: number, limit: number, touch: ((cell: number) => void) | undefined): void {
    const words = this.#words;
    const high = this.#itemHashes[2 * item]!;
    const low = this.#itemHashes[2 * item + 1]!;
    const sign = this.#signs[item]!;
    let cell = this.#nextCell[item]!;
    while (cell < limit) {
      for (let i = 0; i < words; i++) this.#sums[cell * words + i]! ^= this.#itemWords[item * words + i]!;
      this.#hashes[2 * cell]! ^= high;
      this.#hashes[2 * cell + 1]! ^= low;
      this.#counts[cell]! += sign;
      touch?.(cell);
      const state = (this.#jumpState[item]! + 0x9e3779b9) | 0;
      this.#jumpState[item] = state;
      const uniform = ((mixed(mixed(state) ^ high) >>> 0) + 0.5) / 0x1_0000_0000;
      cell += Math.ceil((cell + 1.5) * (1 / Math.sqrt(uniform) - 1));
    }
    this.#nextCell[item] = cell;
  }

  #reserveItem(): void {
    if (this.#items < this.#signs.length) return;
    const grown = Math.max(16, this.#items * 2);
    this.#itemWords = enlarged(this.#itemWords, grown * this.#words);
    this.#itemHashes = enlarged(this.#itemHashes, grown * 2);
    this.#nextCell = enlarged(this.#nextCell, grown);
    this.#jumpState = enlarged(this.#jumpState, grown);
    this.#signs = enlarged(this.#signs, grown);
  }
}

function enlarged<A extends Int32Array | Float64Array | Int8Array>(old: A, length: number): A {
  const grown = new (old.constructor as new (length: number) => A)(length);
  grown.set(old);
  return grown;
}

/** A permutation of 32 bits in which every bit depends on every other: the finalizer of MurmurHash3 (Appleby, 2011). */
function mixed(value: number): number {
  let x = value ^ (value >>> 16);
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
