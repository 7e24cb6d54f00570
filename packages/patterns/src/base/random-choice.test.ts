import { expect, test } from 'vitest';
import { InvariantError } from './index.ts';
import { randomBelow, randomSample } from './random-choice.ts';

/** All ways in which chance can decide: every number of `parts` equal parts, at every draw. */
function every<T>(draws: number, parts: number, choose: (random: () => number) => T): T[] {
  return Array.from({ length: parts ** draws }, (_, way) => {
    let rest = way;
    return choose(() => {
      const part = rest % parts;
      rest = Math.floor(rest / parts);
      return (part + 0.5) / parts;
    });
  });
}

const counted = (all: readonly (readonly string[])[]): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const each of all) counts.set(each.join(''), (counts.get(each.join('')) ?? 0) + 1);
  return counts;
};

test('each number below the bound is as likely as any other, and none is beyond', () => {
  const counts = counted(every(1, 12, (random) => [String(randomBelow(random, 4))]));
  expect([...counts].sort()).toEqual(['0', '1', '2', '3'].map((number) => [number, 3]));
  expect(randomBelow(() => 0, 1)).toBe(0);
  expect(randomBelow(() => 1 - 2 ** -53, 7)).toBe(6);
  expect(() => randomBelow(() => 0, 0)).toThrow(InvariantError);
});

test('each ordered choice of two of four is as likely as any other', () => {
  const items = ['a', 'b', 'c', 'd'] as const;
  // Four can be first, three second: twelve parts divide into both.
  const counts = counted(every(2, 12, (random) => randomSample(random, items, 2)));
  expect(counts.size).toBe(12);
  expect(new Set(counts.values())).toEqual(new Set([12]));
  expect(items).toEqual(['a', 'b', 'c', 'd']);
});

test('a sample has no item twice, and no more than there are', () => {
  for (const sample of every(3, 6, (random) => randomSample(random, ['a', 'b', 'c'], 9))) {
    expect([...sample].sort()).toEqual(['a', 'b', 'c']);
  }
  expect(randomSample(() => 0, ['a'], 0)).toEqual([]);
  expect(randomSample(() => 0, [], 2)).toEqual([]);
});
