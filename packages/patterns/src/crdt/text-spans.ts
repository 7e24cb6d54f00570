/**
 * The visible characters of a text in order, as runs of characters that stand side by side in one block: an immutable B+ tree with the number of
 * characters below each node, so that an edit finds its place and copies one path, O(log spans).
 *
 * All leaves are equally deep, and of no node are there more than `ITEMS_MAX` items. A node that has become small joins its neighbour.
 */

import type { Dot } from '../time/index.ts';
import { sameDot } from './text-block.ts';

/** Visible characters of one block that stand side by side. */
export interface TextSpan {
  readonly block: Dot;
  /** Index in the block of the first. */
  readonly from: number;
  readonly text: string;
}

/** One character: its span, and its place there. */
export interface SpanPlace {
  readonly span: TextSpan;
  readonly within: number;
}

interface Leaf {
  readonly isLeaf: true;
  /** Characters. */
  readonly length: number;
  readonly items: readonly TextSpan[];
}
interface Inner {
  readonly isLeaf: false;
  readonly length: number;
  readonly items: readonly Node[];
}
type Node = Leaf | Inner;

const ITEMS_MAX = 32;
/** As many are put into one when a tree is built: there is room for edits. */
const ITEMS_BUILT = 24;
/** Two neighbours that have no more than this become one; well below a half, so that edits at one place do not split and join in turn. */
const ITEMS_FEW = 12;

const EMPTY: Leaf = { isLeaf: true, length: 0, items: [] };

export class TextSpans {
  readonly #root: Node;

  private constructor(root: Node) {
    this.#root = root;
  }

  static of(spans: readonly TextSpan[]): TextSpans {
    let level: Node[] = chunks(spans).map(leafOf);
    while (level.length > 1) level = chunks(level).map(innerOf);
    return new TextSpans(level[0] ?? EMPTY);
  }

  /** Characters. */
  get length(): number {
    return this.#root.length;
  }

  /** Nodes from the root to a span. */
  get depth(): number {
    let depth = 1;
    for (let node = this.#root; !node.isLeaf; node = node.items[0]!) depth += 1;
    return depth;
  }

  /** Where the character at `index` stands; undefined outside of the text. */
  at(index: number): SpanPlace | undefined {
    let node = this.#root;
    if (index < 0 || index >= node.length) return undefined;
    let left = index;
    while (!node.isLeaf) {
      let child = 0;
      for (; left >= node.items[child]!.length; child++) left -= node.items[child]!.length;
      node = node.items[child]!;
    }
    let at = 0;
    for (; left >= node.items[at]!.text.length; at++) left -= node.items[at]!.text.length;
    return { span: node.items[at]!, within: left };
  }

  /** The spans of the characters from `from` to `to`, the first and the last of them cut to these. */
  forEach(visit: (span: TextSpan) => void, from: number = 0, to: number = this.length): void {
    walk(this.#root, from, to, visit);
  }

  /** Without the characters from `from` to `to`, and with `inserted` in their place. */
  splice(from: number, to: number, inserted: TextSpan | undefined): TextSpans {
    const nodes = spliced(this.#root, from, to, inserted);
    let root: Node = nodes.length > 0 ? innerOf(nodes) : EMPTY;
    while (!root.isLeaf && root.items.length === 1) root = root.items[0]!;
    return new TextSpans(root);
  }
}

function chunks<T>(items: readonly T[]): T[][] {
  const all: T[][] = [];
  for (let at = 0; at < items.length; at += ITEMS_BUILT) all.push(items.slice(at, at + ITEMS_BUILT));
  return all;
}

function leafOf(items: readonly TextSpan[]): Leaf {
  let length = 0;
  for (const { text } of items) length += text.length;
  return { isLeaf: true, length, items };
}

function innerOf(items: readonly Node[]): Inner {
  let length = 0;
  for (const node of items) length += node.length;
  return { isLeaf: false, length, items };
}

function walk(node: Node, from: number, to: number, visit: (span: TextSpan) => void): void {
  let start = 0;
  if (node.isLeaf)
    for (const span of node.items) {
      const end = start + span.text.length;
      if (start >= from && end <= to) visit(span);
      else if (end > from && start < to) visit(cut(span, Math.max(start, from) - start, Math.min(end, to) - start));
      start = end;
    }
  else
    for (const child of node.items) {
      const end = start + child.length;
      if (end > from && start < to) walk(child, from - start, to - start, visit);
      start = end;
    }
}

function cut({ block, from, text }: TextSpan, start: number, end?: number): TextSpan {
  return { block, from: from + start, text: text.slice(start, end) };
}

/** The nodes that come to stand for this one: none, or as deep as it. */
function spliced(node: Node, from: number, to: number, inserted: TextSpan | undefined): readonly Node[] {
  return node.isLeaf ? splicedLeaf(node, from, to, inserted) : splicedInner(node, from, to, inserted);
}

function splicedLeaf(leaf: Leaf, from: number, to: number, inserted: TextSpan | undefined): readonly Node[] {
  const { items } = leaf;
  let next = 0;
  let start = 0;
  for (; next < items.length && start + items[next]!.text.length <= from; next++) start += items[next]!.text.length;
  /** What stands in place of the touched ones and the one before them, in which the inserted may go on. */
  const first = Math.max(0, next - 1);
  const changed = items.slice(first, next);
  if (start < from) changed.push(cut(items[next]!, 0, from - start));
  if (inserted !== undefined) append(changed, inserted);
  for (; next < items.length && start + items[next]!.text.length <= to; next++) start += items[next]!.text.length;
  if (start < to) changed.push(cut(items[next++]!, to - start));
  const after = items.toSpliced(first, next - first, ...changed);
  if (after.length > ITEMS_MAX) return halves(after).map(leafOf);
  return after.length === 0 ? [] : [{ isLeaf: true, length: leaf.length + growth(from, to, inserted), items: after }];
}

/** To the last span, if it goes on in the same block. */
function append(spans: TextSpan[], span: TextSpan): void {
  const last = spans[spans.length - 1];
  if (last === undefined || !sameDot(last.block, span.block) || last.from + last.text.length !== span.from)
    spans.push(span);
  else spans[spans.length - 1] = { block: last.block, from: last.from, text: last.text + span.text };
}

function splicedInner(inner: Inner, from: number, to: number, inserted: TextSpan | undefined): readonly Node[] {
  const { items } = inner;
  let next = 0;
  let start = 0;
  // It is inserted at the end of one rather than at the start of the next: there stands what it may go on in.
  for (; start + items[next]!.length < from; next++) start += items[next]!.length;
  /** What stands in place of the touched ones and their neighbours, which they may join: of no others are two small side by side. */
  const first = Math.max(0, next - 1);
  const changed = items.slice(first, next);
  let left = inserted;
  do {
    const node = items[next++]!;
    for (const part of spliced(node, Math.max(0, from - start), Math.min(node.length, to - start), left))
      add(changed, part);
    left = undefined;
    start += node.length;
  } while (start < to);
  if (next < items.length) add(changed, items[next++]!);
  const after = items.toSpliced(first, next - first, ...changed);
  if (after.length > ITEMS_MAX) return halves(after).map(innerOf);
  return after.length === 0 ? [] : [{ isLeaf: false, length: inner.length + growth(from, to, inserted), items: after }];
}

/** As one with the last, if both are small. */
function add(nodes: Node[], node: Node): void {
  const last = nodes[nodes.length - 1];
  if (last === undefined || last.items.length + node.items.length > ITEMS_FEW) nodes.push(node);
  else nodes[nodes.length - 1] = joined(last, node);
}

function joined(a: Node, b: Node): Node {
  return a.isLeaf ? leafOf([...a.items, ...(b as Leaf).items]) : innerOf([...a.items, ...(b as Inner).items]);
}

/** What an edit adds to the length. To sum the items up again would mean to look at each. */
function growth(from: number, to: number, inserted: TextSpan | undefined): number {
  return (inserted?.text.length ?? 0) - (to - from);
}

function halves<T>(items: readonly T[]): (readonly T[])[] {
  const middle = Math.floor(items.length / 2);
  return [items.slice(0, middle), items.slice(middle)];
}
