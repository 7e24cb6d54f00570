import { expect, test } from 'vitest';
import { minimise } from './index.ts';

const numbers = Array.from({ length: 64 }, (_, i) => i);

test('finds the two items that it takes, out of many, in few runs', async () => {
  let runs = 0;
  const found = await minimise(numbers, async (items) => {
    runs += 1;
    return items.includes(5) && items.includes(41);
  });
  expect(found).toEqual([5, 41]);
  expect(runs).toBeLessThan(100);
});

test('gives nothing when it fails without any, and one when one is enough', async () => {
  expect(await minimise(numbers, async () => true)).toEqual([]);
  expect(await minimise(numbers, async (items) => items.includes(63))).toEqual([63]);
});

test('no single item of the result can be left out', async () => {
  const needs = (items: readonly number[]): boolean => items.filter((item) => item % 9 === 0).length >= 4;
  const found = await minimise(numbers, async (items) => needs(items));
  expect(needs(found)).toBe(true);
  for (const item of found) expect(needs(found.filter((other) => other !== item))).toBe(false);
});

test('stops when the budget is spent, with a list that still fails', async () => {
  const found = await minimise(numbers, async (items) => items.includes(5) && items.includes(41), { budget: 12 });
  expect(found).toContain(5);
  expect(found).toContain(41);
  expect(found.length).toBeLessThan(64);
});
