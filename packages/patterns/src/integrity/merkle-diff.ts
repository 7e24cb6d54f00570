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
  /** The nodes above them that differ; at the last, the buckets. The root has none above it, and counts as its own. */
  #differing: readonly number[] = [0];
  #capped = false;

  /** `bucketsMax` bounds what one comparison follows, and so its messages; what is beyond is left for the next one. Default 65,536. */
  constructor(tree: MerkleTree, options: { readonly bucketsMax?: number } = {}) {
    this.#tree = tree;
    this.#bucketsMax = options.bucketsMax ?? 65_536;
    if (!(this.#bucketsMax >= 1)) throw new RangeError(`bucketsMax must be at least 1, not ${this.#bucketsMax}`);
  }

  /** What to ask the other side, or undefined when it is done. */
  get question(): Uint8Array | undefined {
    const parents = this.#differing;
    if (this.#level > this.#tree.levels || parents.length === 0) return undefined;
    const writer = new ByteWriter(16 + parents.length);
    writer.uint(this.#level);
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
    return this.#level > this.#tree.levels ? this.#differing : [];
  }

  /** Whether there were more than `bucketsMax`. */
  get capped(): boolean {
    return this.#capped;
  }

  /** Takes the answer to `question`. Throws `RangeError` when it has not the length that was asked for. */
  accept(answer: Uint8Array): void {
    const perParent = childrenAt(this.#level);
    const expected = this.#differing.length * perParent * MERKLE_HASH_BYTES;
    if (answer.length !== expected)
      throw new RangeError(`an answer of ${expected} bytes was expected, not ${answer.length}`);
    const hashes = new DataView(answer.buffer, answer.byteOffset, answer.length);
    const differing: number[] = [];
    let at = 0;
    for (const parent of this.#differing)
      for (let node = parent * perParent; node < (parent + 1) * perParent; node++, at += MERKLE_HASH_BYTES)
        if (!this.#tree.hasHash(this.#level, node, hashes, at)) differing.push(node);
    this.#capped ||= differing.length > this.#bucketsMax;
    this.#differing = differing.slice(0, this.#bucketsMax);
    this.#level += 1;
  }
}

/** How many nodes of a level have the same one above them. */
function childrenAt(level: number): number {
  return level === 0 ? 1 : FANOUT;
}

/** The answer to a `MerkleDiff`'s question. Throws `BytesError` or `RangeError` when it is not one that fits this tree. */
export function answerMerkle(tree: MerkleTree, question: Uint8Array): Uint8Array {
  const reader = new ByteReader(question);
  const level = reader.uint(tree.levels);
  const count = reader.count();
  const perParent = childrenAt(level);
  const parents = FANOUT ** Math.max(0, level - 1);
  // Node numbers ascend, so that nobody makes this side repeat itself: an answer is at most a whole level.
  if (count > parents) throw new RangeError(`level ${level} has ${parents} parents, but ${count} were asked for`);
  const answer = new Uint8Array(count * perParent * MERKLE_HASH_BYTES);
  let parent = -1;
  for (let i = 0; i < count; i++) {
    parent += reader.uint() + 1;
    if (parent >= parents) throw new RangeError(`level ${level} has ${parents} parents; there is no number ${parent}`);
    tree.writeHashes(level, parent * perParent, perParent, answer, i * perParent * MERKLE_HASH_BYTES);
  }
  reader.expectEnd();
  return answer;
}
