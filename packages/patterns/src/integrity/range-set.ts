/**
 * A sorted set of byte strings of one length that knows, for any range, how many items it holds and the sum of their digests: the storage of range-based
 * set reconciliation (Meyer, "Range-Based Set Reconciliation", SRDS 2023, section 4: a tree over a monoid).
 *
 * A treap (Seidel and Aragon, "Randomized Search Trees", 1996) whose priorities are the items' own digests, so that it needs no randomness.
 * Insert, remove, rank and range sum in expected O(log n). About 80 bytes per item besides the item.
 */
import type { Digest } from './digest.ts';

/** A sum is 256 bits. */
const WORDS = 8;
export const SUM_BYTES: number = WORDS * 4;
const NONE = -1;

export class RangeSet {
  readonly itemBytes: number;
  readonly #digest: Digest<'adversaries'>;
  #root = NONE;
  #nodes = 0;
  #free = NONE;
  #items = new Uint8Array(0);
  #left = new Int32Array(0);
  #right = new Int32Array(0);
  #sizes = new Int32Array(0);
  /** Each item's digest, and the sum over its subtree. */
  #own = new Uint32Array(0);
  #sums = new Uint32Array(0);

  /** `digest` has 32 bytes; two sets are comparable when both use the same. */
  constructor(itemBytes: number, digest: Digest<'adversaries'>) {
    if (!Number.isInteger(itemBytes) || itemBytes < 1)
      throw new RangeError(`itemBytes must be a positive integer, not ${itemBytes}`);
    if (digest.sizeBytes !== SUM_BYTES)
      throw new RangeError(`the digest must have ${SUM_BYTES} bytes, but ${digest.name} has ${digest.sizeBytes}`);
    this.itemBytes = itemBytes;
    this.#digest = digest;
  }

  get size(): number {
    return this.#root === NONE ? 0 : this.#sizes[this.#root]!;
  }

  /** False when it is in already. */
  add(item: Uint8Array): boolean {
    this.#expectLength(item);
    if (this.has(item)) return false;
    this.#root = this.#insert(this.#root, this.#newNode(item));
    return true;
  }

  /** False when it is not in. */
  remove(item: Uint8Array): boolean {
    this.#expectLength(item);
    if (!this.has(item)) return false;
    this.#root = this.#remove(this.#root, item);
    return true;
  }

  has(item: Uint8Array): boolean {
    let at = this.#root;
    while (at !== NONE) {
      const order = this.#compare(at, item);
      if (order === 0) return true;
      at = order > 0 ? this.#left[at]! : this.#right[at]!;
    }
    return false;
  }

  /** How many items are below `bound`, a byte string of any length; undefined stands above all. */
  rank(bound: Uint8Array | undefined): number {
    if (bound === undefined) return this.size;
    let rank = 0;
    for (let at = this.#root; at !== NONE; ) {
      if (this.#compare(at, bound) >= 0) at = this.#left[at]!;
      else {
        rank += this.#sizeOf(this.#left[at]!) + 1;
        at = this.#right[at]!;
      }
    }
    return rank;
  }

  /** The item of that rank, 0 to size − 1. */
  at(rank: number): Uint8Array {
    if (!(rank >= 0 && rank < this.size)) throw new RangeError(`rank must be from 0 to ${this.size - 1}, not ${rank}`);
    let at = this.#root;
    for (let left = rank; ; ) {
      const before = this.#sizeOf(this.#left[at]!);
      if (left < before) at = this.#left[at]!;
      else if (left === before) return this.#items.slice(at * this.itemBytes, (at + 1) * this.itemBytes);
      else {
        left -= before + 1;
        at = this.#right[at]!;
      }
    }
  }

  /** Puts the sum, modulo 2^256 and little-endian, of the digests of the items of ranks [from, to) into `into`. */
  sum(from: number, to: number, into: Uint8Array): void {
    const total = new Uint32Array(WORDS);
    this.#addPrefix(to, total, 1);
    this.#addPrefix(from, total, -1);
    const view = new DataView(into.buffer, into.byteOffset, SUM_BYTES);
    for (let i = 0; i < WORDS; i++) view.setUint32(4 * i, total[i]!, true);
  }

  /** Adds to `total`, or takes from it, the digests of the first `count` items. */
  #addPrefix(count: number, total: Uint32Array, sign: 1 | -1): void {
    let left = count;
    for (let at = this.#root; at !== NONE && left > 0; ) {
      const before = this.#sizeOf(this.#left[at]!);
      if (left <= before) at = this.#left[at]!;
      else {
        if (this.#left[at] !== NONE) accumulate(total, 0, this.#sums, this.#left[at]! * WORDS, sign);
        accumulate(total, 0, this.#own, at * WORDS, sign);
        left -= before + 1;
        at = this.#right[at]!;
      }
    }
  }

  #insert(at: number, node: number): number {
    if (at === NONE) return node;
    if (this.#own[node * WORDS]! > this.#own[at * WORDS]!) {
      this.#split(at, node);
      this.#refresh(node);
      return node;
    }
    const item = this.#items.subarray(node * this.itemBytes, (node + 1) * this.itemBytes);
    if (this.#compare(at, item) > 0) this.#left[at] = this.#insert(this.#left[at]!, node);
    else this.#right[at] = this.#insert(this.#right[at]!, node);
    this.#refresh(at);
    return at;
  }

  /** Divides the subtree `at` by the item of `node` into the subtrees of `node`. */
  #split(at: number, node: number): void {
    const item = this.#items.subarray(node * this.itemBytes, (node + 1) * this.itemBytes);
    const cut = (tree: number): readonly [number, number] => {
      if (tree === NONE) return [NONE, NONE];
      if (this.#compare(tree, item) < 0) {
        const [below, above] = cut(this.#right[tree]!);
        this.#right[tree] = below;
        this.#refresh(tree);
        return [tree, above];
      }
      const [below, above] = cut(this.#left[tree]!);
      this.#left[tree] = above;
      this.#refresh(tree);
      return [below, tree];
    };
    const [below, above] = cut(at);
    this.#left[node] = below;
    this.#right[node] = above;
  }

  #remove(at: number, item: Uint8Array): number {
    const order = this.#compare(at, item);
    if (order === 0) {
      const rest = this.#join(this.#left[at]!, this.#right[at]!);
      this.#left[at] = this.#free;
      this.#free = at;
      return rest;
    }
    if (order > 0) this.#left[at] = this.#remove(this.#left[at]!, item);
    else this.#right[at] = this.#remove(this.#right[at]!, item);
    this.#refresh(at);
    return at;
  }

  /** One tree of two, all of whose items are in order. */
  #join(below: number, above: number): number {
    if (below === NONE) return above;
    if (above === NONE) return below;
    if (this.#own[below * WORDS]! >= this.#own[above * WORDS]!) {
      this.#right[below] = this.#join(this.#right[below]!, above);
      this.#refresh(below);
      return below;
    }
    this.#left[above] = this.#join(below, this.#left[above]!);
    this.#refresh(above);
    return above;
  }

  #refresh(at: number): void {
    const left = this.#left[at]!;
    const right = this.#right[at]!;
    this.#sizes[at] = 1 + this.#sizeOf(left) + this.#sizeOf(right);
    for (let i = 0; i < WORDS; i++) this.#sums[at * WORDS + i] = this.#own[at * WORDS + i]!;
    if (left !== NONE) accumulate(this.#sums, at * WORDS, this.#sums, left * WORDS, 1);
    if (right !== NONE) accumulate(this.#sums, at * WORDS, this.#sums, right * WORDS, 1);
  }

  #sizeOf(at: number): number {
    return at === NONE ? 0 : this.#sizes[at]!;
  }

  /** Negative when the node's item is below `bound`, 0 when it is `bound`; what `bound` is a beginning of is above it. */
  #compare(at: number, bound: Uint8Array): number {
    const start = at * this.itemBytes;
    const length = Math.min(this.itemBytes, bound.length);
    for (let i = 0; i < length; i++) {
      const difference = this.#items[start + i]! - bound[i]!;
      if (difference !== 0) return difference;
    }
    return this.itemBytes - bound.length;
  }

  #newNode(item: Uint8Array): number {
    let node = this.#free;
    if (node !== NONE) this.#free = this.#left[node]!;
    else {
      node = this.#nodes++;
      if (node === this.#left.length) this.#grow();
    }
    this.#items.set(item, node * this.itemBytes);
    const digest = this.#digest.of(item);
    const view = new DataView(digest.buffer, digest.byteOffset, SUM_BYTES);
    for (let i = 0; i < WORDS; i++) this.#own[node * WORDS + i] = view.getUint32(4 * i, true);
    this.#left[node] = NONE;
    this.#right[node] = NONE;
    this.#refresh(node);
    return node;
  }

  #grow(): void {
    const capacity = Math.max(16, this.#left.length * 2);
    const moved = <A extends Uint8Array | Int32Array | Uint32Array>(from: A, to: A): A => {
      to.set(from);
      return to;
    };
    this.#items = moved(this.#items, new Uint8Array(capacity * this.itemBytes));
    this.#left = moved(this.#left, new Int32Array(capacity));
    this.#right = moved(this.#right, new Int32Array(capacity));
    this.#sizes = moved(this.#sizes, new Int32Array(capacity));
    this.#own = moved(this.#own, new Uint32Array(capacity * WORDS));
    this.#sums = moved(this.#sums, new Uint32Array(capacity * WORDS));
  }

  #expectLength(item: Uint8Array): void {
    if (item.length !== this.itemBytes)
      throw new RangeError(`an item must have ${this.itemBytes} bytes, not ${item.length}`);
  }
}

/** total[at…] += sign · words[from…], modulo 2^256. */
function accumulate(total: Uint32Array, at: number, words: Uint32Array, from: number, sign: 1 | -1): void {
  let carry = 0;
  for (let i = 0; i < WORDS; i++) {
    const sum = total[at + i]! + sign * words[from + i]! + carry;
    total[at + i] = sum;
    carry = sum > 0xffff_ffff ? 1 : sum < 0 ? -1 : 0;
  }
}
