import { expect, test } from 'vitest';
import { ConfigurationCache } from './configuration-cache.ts';

const add = (cache: ConfigurationCache, words: readonly number[], hash: number) => {
  cache.record.set(words);
  return cache.add(hash);
};

test('records with the same hash are told apart', () => {
  const cache = new ConfigurationCache(2, 1 << 20);
  for (let i = 0; i < 500; i += 1) expect(add(cache, [i, 7], 42)).toBe('new');
  for (let i = 0; i < 500; i += 1) expect(add(cache, [i, 7], 42)).toBe('known');
  expect(add(cache, [7, 0], 42)).toBe('new');
});

test('nothing is forgotten while it grows', () => {
  const cache = new ConfigurationCache(3, 1 << 28);
  const numbers = Array.from({ length: 100_000 }, (_, i) => i);
  const addAll = () => new Set(numbers.map((i) => add(cache, [i, i, 1], Math.imul(i, 0x9e3779b1))));
  expect([...addAll()]).toEqual(['new']);
  expect([...addAll()]).toEqual(['known']);
  expect(cache.size).toBe(100_000);
});

test('a full cache says so, knows what it has, and stays within its bound', () => {
  const cache = new ConfigurationCache(1, 100_000);
  let i = 0;
  while (add(cache, [i], i) === 'new') i += 1;
  expect(i).toBeGreaterThan(1000);
  expect(cache.bytes).toBeLessThanOrEqual(100_000);
  expect(add(cache, [i], i)).toBe('full');
  expect(add(cache, [0], 0)).toBe('known');
});
