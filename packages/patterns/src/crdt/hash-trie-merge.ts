/**
 * Two tries become one, slot by slot. What both share, by identity, is passed over: replicas that have merged with each other before share most.
 */
import { BITS, type Bucket, bitOf, branch, type Leaf, leavesOf, type Maybe, type Node, ofLeaves, sizeOf, slotAt, withSlot } from './hash-trie.ts'; // biome-ignore format: one import

/** What comes of a key's values when two maps become one: a value, or undefined for none. */
export interface MergeRule<V> {
  /** Both maps have the key, with values that are not the same; of values that are (by `===`) it would have to be that value. */
  both(mine: V, theirs: V): V | undefined;
  theirs(theirs: V): V | undefined;
  /** Left out: what only this map has stays as it is, and is not looked at. */
  mine?(mine: V): V | undefined;
}

export function mergeNodes<V>(a: Maybe<V>, b: Maybe<V>, shift: number, rule: MergeRule<V>): Maybe<V> {
  if (a === b) return a;
  if (b === undefined) return rule.mine === undefined ? a : sift(a!, rule.mine);
  if (a === undefined) return sift(b, rule.theirs);
  if (a.kind !== 'branch' && b.kind !== 'branch' && a.hash === b.hash) return mergeLeaves(a, b, rule);
  if (a.kind === 'branch' && b.kind !== 'branch' && rule.mine === undefined) {
    const bit = bitOf(b.hash, shift);
    const before = slotAt(a, bit);
    return withSlot(a, bit, before, mergeNodes(before, b, shift + BITS, rule));
  }
  const slots: Node<V>[] = [];
  let bitmap = 0;
  let size = 0;
  let same = true;
  const bitsA = bitsOf(a, shift);
  for (let rest = bitsA | bitsOf(b, shift); rest !== 0; rest &= rest - 1) {
    const bit = rest & -rest;
    const mine = childAt(a, bit, shift);
    const child = mergeNodes(mine, childAt(b, bit, shift), shift + BITS, rule);
    same &&= child === mine;
    if (child === undefined) continue;
    slots.push(child);
    bitmap |= bit;
    size += sizeOf(child);
  }
  return same ? a : branch(bitmap, slots.slice(), size);
}

/** The slots of a node as if it were a branch: a leaf or bucket would be in one. */
function bitsOf<V>(node: Node<V>, shift: number): number {
  return node.kind === 'branch' ? node.bitmap : bitOf(node.hash, shift);
}

function childAt<V>(node: Node<V>, bit: number, shift: number): Maybe<V> {
  if (node.kind === 'branch') return slotAt(node, bit);
  return bitOf(node.hash, shift) === bit ? node : undefined;
}

/** Of leaves and buckets of equal hash. */
function mergeLeaves<V>(a: Leaf<V> | Bucket<V>, b: Leaf<V> | Bucket<V>, rule: MergeRule<V>): Maybe<V> {
  if (a.kind === undefined && b.kind === undefined && a.key === b.key) return mergeLeaf(a, b, rule);
  const [mine, theirs] = [leavesOf(a), leavesOf(b)];
  const merged: Leaf<V>[] = [];
  let kept = 0;
  for (let i = 0, j = 0; i < mine.length || j < theirs.length; ) {
    const [x, y] = [mine[i], theirs[j]];
    const isMine = y === undefined || (x !== undefined && x.key <= y.key);
    const isTheirs = x === undefined || (y !== undefined && y.key <= x.key);
    const leaf = mergeLeaf(isMine ? x : undefined, isTheirs ? y : undefined, rule);
    if (isMine) i += 1;
    if (isTheirs) j += 1;
    if (leaf === undefined) continue;
    merged.push(leaf);
    if (leaf === x) kept += 1;
  }
  return kept === mine.length && merged.length === kept ? a : ofLeaves(merged);
}

/** Of leaves of equal key, at least one. */
function mergeLeaf<V>(a: Leaf<V> | undefined, b: Leaf<V> | undefined, rule: MergeRule<V>): Leaf<V> | undefined {
  if (b === undefined) return rule.mine === undefined ? a : withValue(a!, rule.mine(a!.value));
  if (a === undefined) return withValue(b, rule.theirs(b.value));
  if (a.value === b.value) return a;
  const value = rule.both(a.value, b.value);
  return value === a.value ? a : withValue(b, value);
}

function withValue<V>(leaf: Leaf<V>, value: V | undefined): Leaf<V> | undefined {
  if (value === leaf.value) return leaf;
  return value === undefined ? undefined : { hash: leaf.hash, key: leaf.key, value };
}

/** The leaves whose value `keep` gives a value for, with that. */
function sift<V>(node: Node<V>, keep: (value: V) => V | undefined): Maybe<V> {
  if (node.kind === undefined) return withValue(node, keep(node.value));
  if (node.kind === 'bucket') return siftBucket(node, keep);
  const { slots } = node;
  const kept: Node<V>[] = [];
  let bitmap = 0;
  let size = 0;
  let same = true;
  for (let rest = node.bitmap, at = 0; rest !== 0; rest &= rest - 1, at++) {
    const child = sift(slots[at]!, keep);
    same &&= child === slots[at];
    if (child === undefined) continue;
    kept.push(child);
    bitmap |= rest & -rest;
    size += sizeOf(child);
  }
  return same ? node : branch(bitmap, kept.slice(), size);
}

function siftBucket<V>(bucket: Bucket<V>, keep: (value: V) => V | undefined): Maybe<V> {
  const { leaves } = bucket;
  const kept = leaves.flatMap((leaf) => withValue(leaf, keep(leaf.value)) ?? []);
  return kept.length === leaves.length && kept.every((leaf, at) => leaf === leaves[at]) ? bucket : ofLeaves(kept);
}
