import fc from 'fast-check';
import { expect, test } from 'vitest';
import { build, compareLeaves, equalNodes, hashOf, leafOf, type Maybe, remove } from './hash-trie.ts';
import { type MergeRule, mergeNodes } from './hash-trie-merge.ts';

/** Their hashes are their last 32 bits: here are some that agree in 5 bits, in 30, and in all. */
const KEYS = [0, 1, 31].flatMap((low) => [0, 32, 2 ** 30, 2 ** 31, 2 ** 32, 2 ** 33].map((high) => high + low));
const keys = fc.subarray(KEYS);

/** Of each key with itself as its value. */
function built(of: readonly number[]): Maybe<number> {
  const leaves = of.map((key) => leafOf(key, key)).sort(compareLeaves);
  return leaves.length === 0 ? undefined : build(leaves, 0, leaves.length, 0);
}

const UNION: MergeRule<number> = { both: (mine) => mine, theirs: (theirs) => theirs };
/** What both have comes as another value from the other side, so that the rule is asked. */
const negative = (node: Maybe<number>): Maybe<number> =>
  mergeNodes(undefined, node, 0, { ...UNION, theirs: (theirs) => -1 - theirs });

test('equal maps are equal nodes, whether they were built, merged or left over', () => {
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const one = built(a);
      const onlyHere = a.filter((key) => !b.includes(key));
      const onlyThere = b.filter((key) => !a.includes(key));
      const inBoth = a.filter((key) => b.includes(key));
      const merged = (rule: MergeRule<number>): Maybe<number> => mergeNodes(one, negative(built(b)), 0, rule);

      expect(a.reduce<Maybe<number>>((node, key) => mergeNodes(node, leafOf(key, key), 0, UNION), undefined)).toEqual(
        one,
      );
      expect(b.reduce((node, key) => remove(node, 0, hashOf(key), key), one)).toEqual(built(onlyHere));
      expect(merged({ both: (mine) => mine, theirs: () => undefined, mine: () => undefined })).toEqual(built(inBoth));
      expect(merged({ both: () => undefined, theirs: () => undefined })).toEqual(built(onlyHere));
      expect(merged({ both: () => undefined, theirs: (theirs) => -1 - theirs, mine: () => undefined })).toEqual(
        built(onlyThere),
      );
      expect(merged({ both: (mine) => mine, theirs: (theirs) => -1 - theirs })).toEqual(built([...onlyThere, ...a]));
    }),
    { numRuns: 200 },
  );
});

test('a merge or removal that changes nothing gives the node that was there', () => {
  const keeping: MergeRule<number> = { both: (mine) => mine, theirs: () => undefined, mine: (mine) => mine };
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const one = built(a);
      expect(mergeNodes(one, negative(built(b)), 0, keeping)).toBe(one);
      expect(mergeNodes(one, undefined, 0, keeping)).toBe(one);
      for (const key of b.filter((other) => !a.includes(other))) expect(remove(one, 0, hashOf(key), key)).toBe(one);
      expect(mergeNodes(undefined, one, 0, UNION)).toBe(one);
      expect(mergeNodes(one, built(a.filter((key) => b.includes(key))), 0, UNION)).toBe(one);
    }),
    { numRuns: 200 },
  );
});

test('nodes are equal when their keys are, and their values by the judge, who is not asked of those that both share', () => {
  const asked: number[] = [];
  const judge = (x: number, y: number): boolean => {
    asked.push(x);
    return x === -1 - y;
  };
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      const isSame = a.length === b.length && a.every((key) => b.includes(key));
      expect(equalNodes(built(a), built(b), judge)).toBe(isSame);
      expect(asked).toEqual([]);
      expect(equalNodes(built(a), negative(built(b)), judge)).toBe(isSame);
      asked.length = 0;
    }),
    { numRuns: 200 },
  );
  expect(equalNodes(built(KEYS), built(KEYS), judge)).toBe(true);
  const [branch, bucket] = [built([0, 1]), built([0, 2 ** 32])];
  expect([branch!.kind, bucket!.kind]).toEqual(['branch', 'bucket']);
  expect([equalNodes(branch, bucket, judge), equalNodes(bucket, branch, judge)]).toEqual([false, false]);
});

test('leaves are in order by the slots from the root down, five bits of the hash at each step, then by key', () => {
  const inOrder = [0, 32, 1, 1 + 2 ** 32, 1 + 2 ** 30, 1 + 2 ** 31, 1 + 3 * 2 ** 30, 33, 31, -1];
  const leaves = inOrder.map((key) => leafOf(key, key));
  for (const [i, a] of leaves.entries())
    for (const [j, b] of leaves.entries()) expect(Math.sign(compareLeaves(a, b))).toBe(Math.sign(i - j));
});

test('the hash of text is the same for ever, in all its bits', () => {
  expect(['', 'a', 'milk', 'node-1', 'é', '漢字', '🙂', 'a longer key of some words'].map(hashOf)).toEqual([
    447806413, 187517516, -950182595, 1325096294, -605937203, -746702510, -1707861942, -1991529282,
  ]);
});
