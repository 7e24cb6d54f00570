/**
 * An immutable map from text to values: setting a key copies one path, O(log₃₂ n), and shares all else with the map before it. What lets the
 * CRDTs here be immutable values and still take a million updates a second.
 *
 * Bagwell, "Ideal Hash Trees", 2001 (hash array mapped trie). Keys of equal hash share a bucket, in which look-up is linear: the hash is not secret, so
 * whoever may choose keys can make a bucket long; bound the number of keys where strangers write.
 *
 * Iteration is by hash, in a bucket by key: the same for equal maps, however they came about.
 */
import { assert } from '../base/index.ts';

interface Leaf<V> {
  readonly kind: 0;
  readonly hash: number;
  readonly key: string;
  readonly value: V;
}
interface Branch<V> {
  readonly kind: 1;
  /** One bit per occupied slot, of 32. */
  readonly bitmap: number;
  readonly slots: readonly Node<V>[];
}
interface Bucket<V> {
  readonly kind: 2;
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}
type Node<V> = Leaf<V> | Branch<V> | Bucket<V>;

const BITS = 5;
const MASK = 31;
const HASH_BITS = 32;

export class PersistentMap<V> {
  static readonly #EMPTY: PersistentMap<never> = new PersistentMap<never>(undefined, 0);

  readonly #root: Node<V> | undefined;
  readonly size: number;

  private constructor(root: Node<V> | undefined, size: number) {
    this.#root = root;
    this.size = size;
  }

  static empty<V>(): PersistentMap<V> {
    return PersistentMap.#EMPTY;
  }

  /** A map of these entries, built at once: several times faster than setting each. Throws when a key comes twice. O(n). */
  static of<V>(entries: Iterable<readonly [key: string, value: V]>): PersistentMap<V> {
    const leaves: Leaf<V>[] = [];
    for (const [key, value] of entries) leaves.push({ kind: 0, hash: hashOf(key), key, value });
    return leaves.length === 0 ? PersistentMap.empty() : new PersistentMap<V>(build(leaves, 0), leaves.length);
  }

  get(key: string): V | undefined {
    let node = this.#root;
    const hash = hashOf(key);
    for (let shift = 0; node !== undefined; shift += BITS) {
      if (node.kind === 0) return node.key === key ? node.value : undefined;
      if (node.kind === 2) return node.hash === hash ? node.leaves.find((leaf) => leaf.key === key)?.value : undefined;
      const bit = 1 << ((hash >>> shift) & MASK);
      if ((node.bitmap & bit) === 0) return undefined;
      node = node.slots[countBits(node.bitmap & (bit - 1))];
    }
    return undefined;
  }

  has(key: string): boolean {
    return this.get(key) !== undefined;
  }

  /** The map with the key at this value, which must not be undefined; the same map when it was there already (by `===`). */
  set(key: string, value: V): PersistentMap<V> {
    const leaf: Leaf<V> = { kind: 0, hash: hashOf(key), key, value };
    if (this.#root === undefined) return new PersistentMap<V>(leaf, 1);
    grew = false;
    const root = insert(this.#root, 0, leaf);
    return root === this.#root ? this : new PersistentMap<V>(root, this.size + (grew ? 1 : 0));
  }

  /** The map without the key; the same map when it was not there. */
  delete(key: string): PersistentMap<V> {
    if (this.#root === undefined) return this;
    const root = remove(this.#root, 0, hashOf(key), key);
    if (root === this.#root) return this;
    return root === undefined ? PersistentMap.empty() : new PersistentMap<V>(root, this.size - 1);
  }

  forEach(visit: (value: V, key: string) => void): void {
    if (this.#root !== undefined) walk(this.#root, visit);
  }

  *entries(): IterableIterator<[key: string, value: V]> {
    if (this.#root !== undefined) yield* entriesOf(this.#root);
  }

  keys(): string[] {
    const keys: string[] = [];
    this.forEach((_value, key) => {
      keys.push(key);
    });
    return keys;
  }

  /** Whether both hold the same keys, with values that `same` accepts. Shared parts are not looked at. */
  equals(other: PersistentMap<V>, same: (a: V, b: V) => boolean): boolean {
    if (this.#root === other.#root) return true;
    if (this.size !== other.size) return false;
    for (const [key, value] of this.entries()) {
      const theirs = other.get(key);
      if (theirs === undefined || (theirs !== value && !same(value, theirs))) return false;
    }
    return true;
  }
}

/** Set by `insert`: whether the key is new. Insertions never nest, and a return value of two fields would allocate. */
let grew = false;

function insert<V>(node: Node<V>, shift: number, leaf: Leaf<V>): Node<V> {
  if (node.kind === 1) {
    const bit = 1 << ((leaf.hash >>> shift) & MASK);
    const at = countBits(node.bitmap & (bit - 1));
    if ((node.bitmap & bit) === 0) {
      grew = true;
      return { kind: 1, bitmap: node.bitmap | bit, slots: inserted(node.slots, at, leaf) };
    }
    const before = node.slots[at]!;
    const after = insert(before, shift + BITS, leaf);
    return before === after ? node : { kind: 1, bitmap: node.bitmap, slots: replaced(node.slots, at, after) };
  }
  if (node.hash !== leaf.hash) {
    grew = true;
    return branchOf(node, leaf, shift);
  }
  if (node.kind === 0) {
    if (node.key !== leaf.key) {
      grew = true;
      return { kind: 2, hash: leaf.hash, leaves: [node, leaf].sort(byKey) };
    }
    return node.value === leaf.value ? node : leaf;
  }
  const at = node.leaves.findIndex(({ key }) => key === leaf.key);
  if (at < 0) {
    grew = true;
    return { kind: 2, hash: node.hash, leaves: [...node.leaves, leaf].sort(byKey) };
  }
  return node.leaves[at]!.value === leaf.value ? node : { ...node, leaves: replaced(node.leaves, at, leaf) };
}

/** A branch that tells apart two nodes of different hash. */
function branchOf<V>(a: Leaf<V> | Bucket<V>, b: Leaf<V>, shift: number): Branch<V> {
  const slotA = (a.hash >>> shift) & MASK;
  const slotB = (b.hash >>> shift) & MASK;
  if (slotA === slotB) return { kind: 1, bitmap: 1 << slotA, slots: [branchOf(a, b, shift + BITS)] };
  return { kind: 1, bitmap: (1 << slotA) | (1 << slotB), slots: slotA < slotB ? [a, b] : [b, a] };
}

/** Fewer leaves than this are inserted one by one. */
const FEW = 12;

/** The node of these leaves, which agree in the bits below `shift`. */
function build<V>(leaves: readonly Leaf<V>[], shift: number): Node<V> {
  if (leaves.length < FEW || shift >= HASH_BITS) return buildFew(leaves, shift);
  const groups = Array.from({ length: MASK + 1 }, (): Leaf<V>[] => []);
  for (const leaf of leaves) groups[(leaf.hash >>> shift) & MASK]!.push(leaf);
  const slots: Node<V>[] = [];
  let bitmap = 0;
  for (const [slot, group] of groups.entries()) {
    if (group.length === 0) continue;
    bitmap |= 1 << slot;
    slots.push(build(group, shift + BITS));
  }
  // As insertion does: a bucket stands where its hash first differs from others.
  return slots.length === 1 && slots[0]!.kind === 2 ? slots[0]! : { kind: 1, bitmap, slots };
}

function buildFew<V>(leaves: readonly Leaf<V>[], shift: number): Node<V> {
  let node: Node<V> = leaves[0]!;
  for (let at = 1; at < leaves.length; at++) {
    grew = false;
    node = insert(node, shift, leaves[at]!);
    assert(grew, `key ${leaves[at]!.key} must come once`);
  }
  return node;
}

function remove<V>(node: Node<V>, shift: number, hash: number, key: string): Node<V> | undefined {
  if (node.kind === 0) return node.key === key ? undefined : node;
  if (node.kind === 2) {
    const leaves = node.leaves.filter((leaf) => leaf.key !== key);
    if (leaves.length === node.leaves.length) return node;
    return leaves.length === 1 ? leaves[0]! : { kind: 2, hash: node.hash, leaves };
  }
  const bit = 1 << ((hash >>> shift) & MASK);
  if ((node.bitmap & bit) === 0) return node;
  const at = countBits(node.bitmap & (bit - 1));
  const before = node.slots[at]!;
  const after = remove(before, shift + BITS, hash, key);
  if (after === before) return node;
  if (after !== undefined && (node.slots.length > 1 || after.kind === 1))
    return { kind: 1, bitmap: node.bitmap, slots: replaced(node.slots, at, after) };
  // A branch with a single leaf is that leaf, so that equal maps have equal shapes.
  if (after !== undefined) return after;
  if (node.slots.length === 1) return undefined;
  const slots = node.slots.filter((_, other) => other !== at);
  return slots.length === 1 && slots[0]!.kind !== 1 ? slots[0]! : { kind: 1, bitmap: node.bitmap ^ bit, slots };
}

function walk<V>(node: Node<V>, visit: (value: V, key: string) => void): void {
  if (node.kind === 0) visit(node.value, node.key);
  else if (node.kind === 1) for (const slot of node.slots) walk(slot, visit);
  else for (const { key, value } of node.leaves) visit(value, key);
}

function* entriesOf<V>(node: Node<V>): IterableIterator<[string, V]> {
  if (node.kind === 0) yield [node.key, node.value];
  else if (node.kind === 1) for (const slot of node.slots) yield* entriesOf(slot);
  else for (const { key, value } of node.leaves) yield [key, value];
}

function replaced<T>(items: readonly T[], at: number, item: T): T[] {
  const other = items.slice();
  other[at] = item;
  return other;
}

/** Of exactly the right length: `splice` would leave room to grow in every branch. */
function inserted<T>(items: readonly T[], at: number, item: T): T[] {
  const { length } = items;
  const longer = new Array<T>(length + 1);
  for (let i = 0; i < at; i++) longer[i] = items[i]!;
  longer[at] = item;
  for (let i = at; i < length; i++) longer[i + 1] = items[i]!;
  return longer;
}

function byKey<V>(a: Leaf<V>, b: Leaf<V>): number {
  return a.key < b.key ? -1 : 1;
}

function countBits(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >>> 2) & 0x3333_3333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24;
}

/** FNV-1a over UTF-16 units, then mixed, because the trie takes the low bits first. */
function hashOf(key: string): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  // Signed, so that it is a small integer to the engine and takes no memory of its own.
  return hash ^ (hash >>> 13);
}
