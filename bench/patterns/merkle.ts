/**
 * Hash trees over a key space, as replicas use them. `merkletreejs` is a binary tree over a list of leaves and has no comparison of two trees; its side of
 * that row walks down its layers, as a user would write it. Both hash with the platform's SHA-256.
 */
import { deepStrictEqual } from 'node:assert';
import { createHash } from 'node:crypto';
import { answerMerkle, levelsFor, MerkleDiff, MerkleTree, platformDigest, SHA256 } from '@quorate/patterns/integrity';
import { MerkleTree as TheirTree } from 'merkletreejs';
import type { Row, Rows } from './row.ts';

const ITEMS = 4_096;
const CHANGES = 10;

const sha256 = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();
const digest = platformDigest(SHA256, sha256);

/** Item i in version v, as its hash. */
const leaf = (i: number, version = 0): Buffer => sha256(Buffer.from(`key:${i}=value:${version}`));
const leaves = Array.from({ length: ITEMS }, (_, i) => leaf(i));
const fingerprints = leaves.map((hash) => hash.subarray(0, 16));
const changed = Array.from({ length: CHANGES }, (_, i) => (i * 397) % ITEMS);
const bucketOf = (tree: MerkleTree, i: number): number => tree.bucketOf(leaves[i]!.readUInt32BE(16));

function ownTree(): MerkleTree {
  const tree = new MerkleTree({ levels: levelsFor(ITEMS), digest });
  for (let i = 0; i < ITEMS; i++) tree.add(bucketOf(tree, i), fingerprints[i]!);
  return tree;
}
const theirTree = (): TheirTree => new TheirTree(leaves.slice(), sha256);

function change(tree: MerkleTree, i: number, from: number, to: number): void {
  const bucket = bucketOf(tree, i);
  tree.remove(bucket, leaf(i, from).subarray(0, 16));
  tree.add(bucket, leaf(i, to).subarray(0, 16));
}

const builds = (): Row => ({
  measures: 'time',
  what: `Merkle tree of ${ITEMS} items: build, and its root`,
  ops: 1,
  sides: [
    { name: 'MerkleTree', run: () => ownTree().hash(0, 0).length > 0 },
    { name: 'merkletreejs', run: () => theirTree().getRoot().length > 0 },
  ],
});

const updates = (): Row => {
  const own = ownTree();
  const theirs = theirTree();
  let [ownVersion, theirVersion] = [0, 0];
  return {
    measures: 'time',
    what: `Merkle tree of ${ITEMS} items: an item changes, and its root`,
    ops: CHANGES,
    sides: [
      {
        name: 'MerkleTree',
        run: () => {
          for (const i of changed) {
            change(own, i, ownVersion, ownVersion + 1);
            own.hash(0, 0);
          }
          ownVersion += 1;
        },
      },
      {
        name: 'merkletreejs',
        run: () => {
          theirVersion += 1;
          for (const i of changed) {
            theirs.updateLeaf(i, leaf(i, theirVersion));
            theirs.getRoot();
          }
        },
      },
    ],
    verify: () => {
      // A tree that items were changed in is the one that is built from them.
      const again = ownTree();
      for (const i of changed) change(again, i, 0, 1);
      for (const i of changed) change(again, i, 1, 0);
      deepStrictEqual(again.hash(0, 0), ownTree().hash(0, 0));
      const theirAgain = theirTree();
      for (const i of changed) theirAgain.updateLeaf(i, leaf(i, 1));
      for (const i of changed) theirAgain.updateLeaf(i, leaf(i));
      deepStrictEqual(theirAgain.getRoot(), theirTree().getRoot());
    },
  };
};

/** Leaves in which the layers of two trees of one shape differ, from the root down. */
function differing(a: Buffer[][], b: Buffer[][]): number[] {
  let nodes = [0];
  for (let layer = a.length - 1; layer >= 0; layer--) {
    nodes = nodes.filter((node) => !a[layer]![node]!.equals(b[layer]![node]!));
    if (layer > 0) nodes = nodes.flatMap((node) => [2 * node, 2 * node + 1]);
  }
  return nodes;
}

const diffs = (): Row => {
  const [here, there] = [ownTree(), ownTree()];
  for (const i of changed) change(there, i, 0, 1);
  const [theirHere, theirThere] = [theirTree(), theirTree()];
  for (const i of changed) theirThere.updateLeaf(i, leaf(i, 1));
  const expected = [...new Set(changed.map((i) => bucketOf(here, i)))].sort((a, b) => a - b);
  const ask = (): readonly number[] => {
    const diff = new MerkleDiff(here);
    for (let question = diff.question; question !== undefined; question = diff.question)
      diff.accept(answerMerkle(there, question));
    return diff.buckets;
  };
  const walk = (): number[] => differing(theirHere.getLayers(), theirThere.getLayers());
  return {
    measures: 'time',
    what: `two trees of ${ITEMS} items compared, ${CHANGES} differ (ours with its messages)`,
    ops: 1,
    sides: [
      { name: 'MerkleDiff', run: ask },
      { name: 'merkletreejs, walked', run: walk },
    ],
    verify: () => {
      deepStrictEqual(ask(), expected);
      deepStrictEqual(
        walk(),
        changed.slice().sort((a, b) => a - b),
      );
    },
  };
};

const COPIES = 10;
const several = (make: () => unknown) => (): unknown[] => Array.from({ length: COPIES }, make);
/** With the hashes of its nodes. */
const rooted = (): MerkleTree => {
  const tree = ownTree();
  tree.hash(0, 0);
  return tree;
};

const memory = (): Row => ({
  measures: 'memory',
  what: `Merkle tree of ${ITEMS} items: memory besides the items`,
  sides: [
    { name: 'MerkleTree', copies: COPIES, hold: several(rooted) },
    { name: 'merkletreejs', copies: COPIES, hold: several(theirTree) },
  ],
});

export const rows: Rows = [builds, updates, diffs, memory];
