import { expect, test } from 'vitest';
import { Trail } from './trail.ts';

const KIB = 1024;

test('while everything fits, all is kept', () => {
  const trail = new Trail(1024 * KIB);
  for (let index = 1; index <= 100; index++) trail.add(index, KIB);
  expect(trail.keepFrom).toBe(0);
});

test('what is kept holds about as many bytes as may be kept', () => {
  const trail = new Trail(1024 * KIB);
  for (let index = 1; index <= 100_000; index++) trail.add(index, KIB);
  const kept = 100_000 - trail.keepFrom + 1;
  expect(kept).toBeLessThanOrEqual(1024);
  expect(kept).toBeGreaterThan(1024 - 2 * 64);
});

test('an entry larger than all that may be kept leaves itself alone', () => {
  const trail = new Trail(1024 * KIB);
  for (let index = 1; index <= 10; index++) trail.add(index, 4096 * KIB);
  expect(trail.keepFrom).toBe(10);
});
