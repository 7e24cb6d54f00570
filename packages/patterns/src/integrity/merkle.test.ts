import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  answerMerkle,
  CRC32C,
  type Digest,
  levelsFor,
  MERKLE_HASH_BYTES,
  MerkleDiff,
  MerkleTree,
  SHA256,
} from './index.ts';

const counted = () => {
  const digest = {
    ...SHA256,
    calls: 0,
    of: (bytes: Uint8Array) => {
      digest.calls += 1;
      return SHA256.of(bytes);
    },
  };
  return digest;
};
const item = (key: number, version: number) =>
  SHA256.of(Uint8Array.of(key, key >> 8, version)).subarray(0, MERKLE_HASH_BYTES);
const bucketOf = (tree: MerkleTree, key: number) => tree.bucketOf(Math.imul(key, 0x9e3779b1));

/** Runs a comparison to its end; a round is a question and its answer. */
function compare(asker: MerkleTree, answerer: MerkleTree, bucketsMax?: number) {
  const diff = new MerkleDiff(asker, bucketsMax === undefined ? {} : { bucketsMax });
  let rounds = 0;
  let bytes = 0;
  for (let question = diff.question; question !== undefined; question = diff.question) {
    const answer = answerMerkle(answerer, question);
    rounds += 1;
    bytes += question.length + answer.length;
    expect(diff.buckets).toEqual([]);
    diff.accept(answer);
  }
  return { buckets: diff.buckets, capped: diff.capped, rounds, bytes };
}

const treeOf = (levels: number, items: Iterable<readonly [number, number]>, digest: Digest<'adversaries'> = SHA256) => {
  const tree = new MerkleTree({ levels, digest });
  for (const [key, version] of items) tree.add(bucketOf(tree, key), item(key, version));
  return tree;
};

const versions = fc.array(fc.tuple(fc.nat(40), fc.nat(2)), { maxLength: 30 }).map((pairs) => new Map(pairs));

test('names exactly the buckets in which something differs', () => {
  fc.assert(
    fc.property(versions, versions, fc.integer({ min: 1, max: 3 }), (a, b, levels) => {
      const [left, right] = [treeOf(levels, a), treeOf(levels, b)];
      const keys = [...new Set([...a.keys(), ...b.keys()])].filter((key) => a.get(key) !== b.get(key));
      const expected = [...new Set(keys.map((key) => bucketOf(left, key)))].sort((x, y) => x - y);
      expect(compare(left, right).buckets).toEqual(expected);
      expect(compare(right, left).buckets).toEqual(expected);
    }),
  );
});

test('what came and went leaves no trace, in whatever order, and however often the root was looked at', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(2), fc.boolean())), (changes) => {
      const tree = new MerkleTree({ levels: 2, digest: SHA256 });
      const held = new Map<number, number>();
      for (const [key, version, look] of changes) {
        const before = held.get(key);
        if (before !== undefined) tree.remove(bucketOf(tree, key), item(key, before));
        if (before === version) held.delete(key);
        else {
          tree.add(bucketOf(tree, key), item(key, version));
          held.set(key, version);
        }
        if (look) tree.hash(0, 0);
      }
      expect(tree.hash(0, 0)).toEqual(treeOf(2, held).hash(0, 0));
    }),
  );
});

test('every byte of a fingerprint counts', () => {
  const rootOf = (fingerprint: Uint8Array) => {
    const tree = new MerkleTree({ levels: 1, digest: SHA256 });
    tree.add(3, fingerprint);
    return Buffer.from(tree.hash(0, 0)).toString('hex');
  };
  const one = Uint8Array.from({ length: 16 }, (_, i) => i + 1);
  const roots = new Set(Array.from(one, (_, at) => rootOf(one.map((byte, i) => (i === at ? byte ^ 0x80 : byte)))));
  expect(roots.add(rootOf(one)).size).toBe(17);
});

describe('cost', () => {
  const items = Array.from({ length: 20_000 }, (_, key): [number, number] => [key, 0]);
  test('equal trees take one round and one hash', () => {
    expect(compare(treeOf(3, items), treeOf(3, items))).toEqual({
      buckets: [],
      capped: false,
      rounds: 1,
      bytes: 2 + 1 + 16,
    });
  });
  test('one difference takes a round per level, and sixteen hashes in each but the first', () => {
    const { buckets, rounds, bytes } = compare(treeOf(3, items), treeOf(3, items.slice(1)));
    expect({ buckets: buckets.length, rounds }).toEqual({ buckets: 1, rounds: 4 });
    expect(bytes).toBeLessThan(16 + 3 * 16 * 16 + 4 * 6);
  });
  test('an update computes one hash per level anew, when it is looked at', () => {
    const digest = counted();
    const tree = treeOf(3, items, digest);
    tree.hash(0, 0);
    expect(digest.calls).toBe(1 + 16 + 256);
    digest.calls = 0;
    tree.remove(bucketOf(tree, 7), item(7, 0));
    tree.add(bucketOf(tree, 7), item(7, 1));
    expect(digest.calls).toBe(0);
    tree.hash(0, 0);
    tree.hash(0, 0);
    expect(digest.calls).toBe(3);
  });
  test('levels follow the number of items: 1 to 16 in a bucket', () => {
    expect([0, 255, 256, 4095, 4096, 1e6, 1e9].map(levelsFor)).toEqual([1, 1, 2, 2, 3, 4, 6]);
  });
});

test('a comparison follows at most as many buckets as it is told, and says when there were more', () => {
  const items = Array.from({ length: 200 }, (_, key): [number, number] => [key, 0]);
  const [left, right] = [treeOf(2, items), treeOf(2, [])];
  const all = compare(left, right);
  expect(all.capped).toBe(false);
  expect(compare(left, right, 5)).toMatchObject({ buckets: all.buckets.slice(0, 5), capped: true });
});

test('nonsense is refused: questions of another shape, answers of another length, digests that are too short', () => {
  const tree = treeOf(1, [[1, 1]]);
  expect(() => answerMerkle(tree, Uint8Array.of(2, 0))).toThrow('2 exceeds the bound of 1');
  expect(() => answerMerkle(tree, Uint8Array.of(1, 2, 0, 0))).toThrow('level 1 has 1 parents, but 2 were asked for');
  expect(() => answerMerkle(tree, Uint8Array.of(1, 1, 1))).toThrow('there is no number 1');
  expect(() => answerMerkle(tree, Uint8Array.of(0, 1, 0, 9))).toThrow('too many');
  expect(() => new MerkleDiff(tree).accept(new Uint8Array(15))).toThrow('16 bytes was expected, not 15');
  expect(() => new MerkleTree({ levels: 7, digest: SHA256 })).toThrow('from 1 to 6, not 7');
  expect(() => new MerkleTree({ levels: 1, digest: CRC32C as never })).toThrow('crc32c has 4');
  expect(() => tree.add(16, item(1, 1))).toThrow('bucket must be from 0 to 15, not 16');
  expect(() => tree.add(0, new Uint8Array(8))).toThrow('16 bytes, not 8');
});

test('a bucket between two buckets and a bound that is none are refused', () => {
  const tree = new MerkleTree({ levels: 1, digest: SHA256 });
  expect(() => tree.add(1.5, item(1, 1))).toThrow(/bucket must be from 0 to 15, not 1.5/);
  for (const bucketsMax of [0, Number.NaN])
    expect(() => new MerkleDiff(tree, { bucketsMax })).toThrow(/bucketsMax must be at least 1/);
});
