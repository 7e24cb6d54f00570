/**
 * Finds the buckets in which two Merkle trees differ, level by level: one round per level, and sixteen hashes per node that differs. So a
 * single difference costs O(log n) bytes and rounds, and none costs one hash.
 *
 *   asker: MerkleDiff                                  answerer: answerMerkle(tree, question)
 *     question {level, parents}  ------------------->
 *                                <-------------------  the hashes of the parents' children, in order
 *     accept(answer): the children that differ are the next parents, or, at the last level, the result
 *
 * Pure. Both trees must have as many levels and the same digest; the tree may change meanwhile: then buckets are missed or named for nothing, which
 * the next comparison puts right.
 */
import { ByteReader, ByteWriter } from '../base/index.ts';
import { MERKLE_HASH_BYTES, type MerkleTree } from './merkle-tree.ts';

const FANOUT = 16;

export class MerkleDiff {
  readonly #tree: MerkleTree;
  readonly #bucketsMax: number;
  /** The level whose nodes the next answer holds. */
  #level = 0;
  #nodes: number[] = [0];
  #capped = false;

  /** `bucketsMax` bounds what one comparison follows, and so its messages; what is beyond is left for the next one. Default 65,536. */
  constructor(tree: MerkleTree, options: { readonly bucketsMax?: number } = {}) {
    this.#tree = tree;
    this.#bucketsMax = options.bucketsMax ?? 65_536;
  }

  /** What to ask the other side, or undefined when it is done. */
  get question(): Uint8Array | undefined {
    if (this.#level > this.#tree.levels || this.#nodes.length === 0) return undefined;
    const writer = new ByteWriter(16 + this.#nodes.length);
    writer.uint(this.#level);
    const parents =
      this.#level === 0 ? this.#nodes : this.#nodes.filter((_, i) => i % FANOUT === 0).map((n) => n / FANOUT);
    writer.uint(parents.length);
    let last = -1;
    for (const parent of parents) {
      writer.uint(parent - last - 1);
      last = parent;
    }
    return writer.take();
  }

  /** The buckets that differ, ascending; complete when `question` is undefined. */
  get buckets(): readonly number[] {
    return this.#level > this.#tree.levels ? this.#nodes : [];
  }

  /** Whether there were more than `bucketsMax`. */
  get capped(): boolean {
    return this.#capped;
  }

  /** Takes the answer to `question`. Throws `RangeError` when it has not the length that was asked for. */
  accept(answer: Uint8Array): void {
    const expected = this.#nodes.length * MERKLE_HASH_BYTES;
    if (answer.length !== expected)
      throw new RangeError(`an answer of ${expected} bytes was expected, not ${answer.length}`);
    const tree = this.#tree;
    let differing: number[] = [];
    for (const [i, node] of this.#nodes.entries())
      if (!tree.hasHash(this.#level, node, answer, i * MERKLE_HASH_BYTES)) differing.push(node);
    if (differing.length > this.#bucketsMax) {
      differing = differing.slice(0, this.#bucketsMax);
      this.#capped = true;
    }
    this.#level += 1;
    this.#nodes = this.#level > tree.levels ? differing : childrenOf(differing);
  }
}

function childrenOf(nodes: readonly number[]): number[] {
  const children: number[] = [];
  for (const node of nodes) for (let i = 0; i < FANOUT; i++) children.push(node * FANOUT + i);
  return children;
}

/** The answer to a `MerkleDiff`'s question. Throws `BytesError` or `RangeError` when it is not one that fits this tree. */
export function answerMerkle(tree: MerkleTree, question: Uint8Array): Uint8Array {
  const reader = new ByteReader(question);
  const level = reader.uint(tree.levels);
  const count = reader.count();
  const perParent = level === 0 ? 1 : FANOUT;
  const parents = FANOUT ** Math.max(0, level - 1);
  // Node numbers ascend, so that nobody makes this side repeat itself: an answer is at most a whole level.
  if (count > parents) throw new RangeError(`level ${level} has ${parents} parents, but ${count} were asked for`);
  const answer = new Uint8Array(count * perParent * MERKLE_HASH_BYTES);
  let at = 0;
  let parent = -1;
  for (let i = 0; i < count; i++) {
    parent += reader.uint() + 1;
    if (parent >= parents) throw new RangeError(`level ${level} has ${parents} parents; there is no number ${parent}`);
    for (let child = parent * perParent; child < (parent + 1) * perParent; child++, at += MERKLE_HASH_BYTES)
      tree.writeHash(level, child, answer, at);
  }
  reader.expectEnd();
  return answer;
}
