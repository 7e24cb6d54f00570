/**
 * Rateless set reconciliation: Yang, Gilad and Alizadeh, "Practical Rateless Set Reconciliation", SIGCOMM 2024, sections 3 to 5.
 *
 * One side streams coded symbols of its set, without knowing the other's; the other subtracts its own and has the difference of both sets as soon as it has
 * about 1.35 symbols per differing item (1.7 at worst on average, for some ten of them), whatever the size of the sets. One direction, no rounds.
 *
 *   sender:   RatelessEncoder.add(item) …  produce(k) --->  …  until told to stop
 *   receiver: RatelessDecoder.add(item) …  receive(bytes): 'more' | 'done'
 *
 * Items are distinct and of one length: an id, a digest, or a small record. Both sides share a key: who does not know it cannot choose items that collide.
 */
import { ByteReader, ByteWriter } from '../base/index.ts';
import type { Hash64 } from './hash64.ts';
import { RatelessCells } from './rateless-cells.ts';
import type { SipKey } from './siphash.ts';

export interface RatelessOptions {
  /** Length of every item: 1 to 4,096. */
  readonly itemBytes: number;
  readonly key: SipKey;
  /** The decoder gives up beyond as many symbols. Default 2^20: differences of about 775,000. */
  readonly symbolsMax?: number;
}

const HASH_BYTES = 8;
const hash: Hash64 = { high: 0, low: 0 };

/** How many of `items` a cell holds on average: what it really holds is sent as the difference from that, which is small. */
function expectedCount(items: number, cell: number): number {
  return Math.round(items / (1 + cell / 2));
}

export class RatelessEncoder {
  readonly #cells: RatelessCells;
  #produced = 0;

  constructor(options: RatelessOptions) {
    this.#cells = new RatelessCells(options.itemBytes, options.key);
  }

  /** Symbols handed out. */
  get produced(): number {
    return this.#produced;
  }

  /** Adds an item that is not in yet. Throws when symbols have been produced: they would be of another set. */
  add(item: Uint8Array): void {
    if (this.#produced > 0) throw new Error('the set is fixed once symbols of it were produced; start another encoder');
    this.#cells.add(item, 1);
  }

  /** The next `count` symbols: itemBytes + 8 bytes each, and one or two for the number. */
  produce(count: number): Uint8Array {
    const cells = this.#cells;
    cells.extend(this.#produced + count);
    const writer = new ByteWriter(24 + count * (cells.itemBytes + HASH_BYTES + 2));
    writer.uint(this.#produced);
    writer.uint(count);
    writer.uint(cells.items);
    const sum = new Uint8Array(cells.itemBytes);
    for (const end = this.#produced + count; this.#produced < end; this.#produced++) {
      const cell = this.#produced;
      cells.sum(cell, sum);
      writer.raw(sum);
      cells.hash(cell, hash);
      writer.u32(hash.high);
      writer.u32(hash.low);
      writer.int(cells.count(cell) - expectedCount(cells.items, cell));
    }
    return writer.take();
  }
}

export class RatelessDecoder {
  /** What was received less what is known: cells not received yet hold only the latter. */
  readonly #cells: RatelessCells;
  readonly #symbolsMax: number;
  readonly #missing: Uint8Array[] = [];
  readonly #surplus: Uint8Array[] = [];
  #received = 0;

  constructor(options: RatelessOptions) {
    this.#cells = new RatelessCells(options.itemBytes, options.key);
    this.#symbolsMax = options.symbolsMax ?? 2 ** 20;
  }

  /** Symbols taken. */
  get received(): number {
    return this.#received;
  }

  /** Items found so far that the sender has and this side has not. All of them once `receive` said done. */
  get missing(): readonly Uint8Array[] {
    return this.#missing;
  }

  /** Items found so far that this side has and the sender has not. */
  get surplus(): readonly Uint8Array[] {
    return this.#surplus;
  }

  /** Adds an item of this side that is not in yet, before the first symbol. */
  add(item: Uint8Array): void {
    if (this.#received > 0) throw new Error('the set is fixed once symbols were received; start another decoder');
    this.#cells.add(item, -1);
  }

  /**
   * Takes what the encoder produced next. `done`: the difference is known, send no more. Throws `BytesError` or `RangeError` when the bytes are
   * not symbols, do not follow those before, lead to nothing that a set could have produced, or are more than `symbolsMax`: start anew then.
   */
  receive(bytes: Uint8Array): 'more' | 'done' {
    const reader = new ByteReader(bytes);
    const first = reader.uint();
    if (first !== this.#received) throw new RangeError(`symbol ${this.#received} was expected, not ${first}`);
    const count = reader.count(this.#cells.itemBytes + HASH_BYTES + 1);
    if (first + count > this.#symbolsMax)
      throw new RangeError(`more than ${this.#symbolsMax} symbols: the sets differ too much`);
    const items = reader.uint();
    this.#cells.extend(first + count);
    const pure: number[] = [];
    for (let cell = first; cell < first + count; cell++) {
      const sum = reader.raw(this.#cells.itemBytes);
      const high = reader.u32();
      const low = reader.u32();
      this.#cells.combine(cell, sum, high, low, reader.int() + expectedCount(items, cell));
      pure.push(cell);
    }
    reader.expectEnd();
    this.#received = first + count;
    this.#peel(pure);
    // Every item is in cell 0.
    return this.#received > 0 && this.#cells.isEmpty(0) ? 'done' : 'more';
  }

  /** A cell with a single item gives it away; taken out of its other cells, it may leave some of them with a single one. */
  #peel(candidates: number[]): void {
    const item = new Uint8Array(this.#cells.itemBytes);
    const touch = (cell: number): void => {
      if (cell < this.#received) candidates.push(cell);
    };
    for (let cell = candidates.pop(); cell !== undefined; cell = candidates.pop()) {
      const sign = this.#cells.only(cell, item);
      if (sign === 0) continue;
      // A cell gives away one item at most, so more items than cells come only from symbols that no set has.
      if (this.#missing.length + this.#surplus.length >= this.#received)
        throw new RangeError('these symbols are not of a set, or of one with another key');
      const found = item.slice();
      (sign === 1 ? this.#missing : this.#surplus).push(found);
      this.#cells.add(found, sign === 1 ? -1 : 1, touch);
    }
  }
}
