/**
 * The nodes of a `PersistentMap`: a hash array mapped trie (Bagwell, "Ideal Hash Trees", 2001), of which nothing is ever changed.
 *
 * Invariant: equal maps have equal shapes, however they came about. A branch with a single leaf or bucket is that leaf or bucket, and a bucket is
 * sorted by key. So the order of iteration is the same for equal maps, and two maps can be compared node by node.
 */
import { assert } from '../base/index.ts';

export type Key = string | number;

export interface Leaf<V> {
  /** Left out: there are many. */
  readonly kind?: undefined;
  readonly hash: number;
  readonly key: Key;
  readonly value: V;
}
export interface Branch<V> {
  readonly kind: 'branch';
  /** One bit per occupied slot, of 32. */
  readonly bitmap: number;
  readonly slots: readonly Node<V>[];
  /** Keys below. */
  readonly size: number;
}
export interface Bucket<V> {
  readonly kind: 'bucket';
  readonly hash: number;
  readonly leaves: readonly Leaf<V>[];
}
export type Node<V> = Leaf<V> | Branch<V> | Bucket<V>;
/** A node below which there is nothing is no node. */
export type Maybe<V> = Node<V> | undefined;

export const BITS = 5;
const MASK = 31;

export function leafOf<V>(key: Key, value: V): Leaf<V> {
  return { hash: hashOf(key), key, value };
}

export function sizeOf<V>(node: Maybe<V>): number {
  if (node === undefined) return 0;
  return node.kind === undefined ? 1 : node.kind === 'branch' ? node.size : node.leaves.length;
}

/** Of the two bits that are left at the end, 2 and 3 come as 30 and 31, with the sign: in the same order. */
function slotOf(hash: number, shift: number): number {
  return (hash >> shift) & MASK;
}

export function bitOf(hash: number, shift: number): number {
  return 1 << slotOf(hash, shift);
}

export function slotAt<V>({ bitmap, slots }: Branch<V>, bit: number): Maybe<V> {
  return (bitmap & bit) === 0 ? undefined : slots[countBits(bitmap & (bit - 1))];
}

export function remove<V>(node: Maybe<V>, shift: number, hash: number, key: Key): Maybe<V> {
  if (node === undefined) return undefined;
  if (node.kind === undefined) return node.key === key ? undefined : node;
  if (node.kind === 'bucket') {
    const left = node.leaves.filter((leaf) => leaf.key !== key);
    return left.length === node.leaves.length ? node : ofLeaves(left);
  }
  const bit = bitOf(hash, shift);
  const before = slotAt(node, bit);
  return withSlot(node, bit, before, remove(before, shift + BITS, hash, key));
}

/** The branch with `after` in place of `before`. */
export function withSlot<V>(node: Branch<V>, bit: number, before: Maybe<V>, after: Maybe<V>): Maybe<V> {
  if (before === after) return node;
  const { bitmap, slots } = node;
  const at = countBits(bitmap & (bit - 1));
  const size = node.size - sizeOf(before) + sizeOf(after);
  if (after === undefined) return branch(bitmap ^ bit, without(slots, at), size);
  return before === undefined
    ? branch(bitmap | bit, inserted(slots, at, after), size)
    : branch(bitmap, replaced(slots, at, after), size);
}

/** The node of these slots: none, the only one unless it is a branch, or a branch. */
export function branch<V>(bitmap: number, slots: readonly Node<V>[], size: number): Maybe<V> {
  if (slots.length === 1 && slots[0]!.kind !== 'branch') return slots[0];
  return slots.length === 0 ? undefined : { kind: 'branch', bitmap, slots, size };
}

/** Ascending by the slots from the root down, then by key: the order of iteration. */
export function compareLeaves<V>(a: Leaf<V>, b: Leaf<V>): number {
  const differing = a.hash ^ b.hash;
  if (differing === 0) return a.key < b.key ? -1 : a.key > b.key ? 1 : 0;
  const lowest = MASK - Math.clz32(differing & -differing);
  const shift = lowest - (lowest % BITS);
  return slotOf(a.hash, shift) - slotOf(b.hash, shift);
}

/** The node of the leaves from `from` to `to`, at least one, which are sorted and agree in the bits below `shift`. */
export function build<V>(leaves: readonly Leaf<V>[], from: number, to: number, shift: number): Node<V> {
  const first = leaves[from]!;
  if (to - from === 1) return first;
  if (first.hash === leaves[to - 1]!.hash) return bucketOf(leaves.slice(from, to));
  let bitmap = 0;
  for (let at = from; at < to; at++) bitmap |= bitOf(leaves[at]!.hash, shift);
  const slots = new Array<Node<V>>(countBits(bitmap));
  for (let at = from, slot = 0; at < to; slot++) {
    const bit = bitOf(leaves[at]!.hash, shift);
    let end = at + 1;
    while (end < to && bitOf(leaves[end]!.hash, shift) === bit) end += 1;
    slots[slot] = build(leaves, at, end, shift + BITS);
    at = end;
  }
  return { kind: 'branch', bitmap, slots, size: to - from };
}

function bucketOf<V>(leaves: readonly Leaf<V>[]): Bucket<V> {
  for (let at = 1; at < leaves.length; at++)
    assert(leaves[at - 1]!.key !== leaves[at]!.key, `key ${leaves[at]!.key} must come once`);
  return { kind: 'bucket', hash: leaves[0]!.hash, leaves };
}

/** Of leaves of equal hash, sorted by key. */
export function ofLeaves<V>(leaves: readonly Leaf<V>[]): Maybe<V> {
  return leaves.length < 2 ? leaves[0] : { kind: 'bucket', hash: leaves[0]!.hash, leaves };
}

export function leavesOf<V>(node: Leaf<V> | Bucket<V>): readonly Leaf<V>[] {
  return node.kind === undefined ? [node] : node.leaves;
}

export function equalNodes<V>(a: Maybe<V>, b: Maybe<V>, same: (a: V, b: V) => boolean): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined || sizeOf(a) !== sizeOf(b)) return false;
  if (a.kind === 'branch' && b.kind === 'branch')
    return a.bitmap === b.bitmap && a.slots.every((slot, at) => equalNodes(slot, b.slots[at], same));
  if (a.kind === 'branch' || b.kind === 'branch') return false;
  const theirs = leavesOf(b);
  return leavesOf(a).every(({ key, value }, at) => {
    const other = theirs[at]!;
    return key === other.key && (value === other.value || same(value, other.value));
  });
}

export function walk<V>(node: Node<V>, visit: (value: V, key: Key) => void): void {
  if (node.kind === undefined) visit(node.value, node.key);
  else if (node.kind === 'branch') for (const slot of node.slots) walk(slot, visit);
  else for (const { key, value } of node.leaves) visit(value, key);
}

export function* entriesOf<V>(node: Node<V>): IterableIterator<[Key, V]> {
  if (node.kind === undefined) yield [node.key, node.value];
  else if (node.kind === 'branch') for (const slot of node.slots) yield* entriesOf(slot);
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

function without<T>(items: readonly T[], at: number): T[] {
  return items.filter((_, other) => other !== at);
}

function countBits(bits: number): number {
  // Shifted with the sign, which the masks take away.
  let n = bits - ((bits >> 1) & 0x5555_5555);
  n = (n & 0x3333_3333) + ((n >> 2) & 0x3333_3333);
  return Math.imul((n + (n >> 4)) & 0x0f0f_0f0f, 0x0101_0101) >> 24;
}

/** Numbers as they are: those that come one after the other, as they mostly do, go to a slot each. Text by FNV-1a over its UTF-16 units. */
export function hashOf(key: Key): number {
  if (typeof key === 'number') return key | 0;
  let hash = 0x811c_9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193);
  // Mixed, because the trie takes the low bits first.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b_3c6d);
  // Signed, so that it is a small integer to the engine and takes no memory of its own.
  return hash ^ (hash >>> 13);
}
