import { parseSeed, SeededStream } from '@quorate/sim/random';
import { expect, test } from 'vitest';
import { drawShape } from '../shape.ts';
import { Values } from './values.ts';

function drawn(largeValueShare: number, largeValueBytesMax: number, writes: number): string[] {
  let heard = 0;
  const random = new SeededStream(parseSeed('7'), 'values');
  const values = new Values(random, { largeValueShare, largeValueBytesMax }, () => {
    heard += 1;
  });
  const names = Array.from({ length: writes }, (_, mark) => values.next(mark));
  expect(heard).toBe(names.filter(isLarge).length);
  return names;
}

const isLarge = (name: string): boolean => name.includes('*');
const sizeOf = (name: string): number => Number(name.split('*')[1]);

test('about that share of the writes gets a large value', () => {
  const large = drawn(0.1, Number.POSITIVE_INFINITY, 2000).filter(isLarge);
  expect(large.length).toBeGreaterThan(140);
  expect(large.length).toBeLessThan(260);
  expect(drawn(0, Number.POSITIVE_INFINITY, 2000).filter(isLarge)).toEqual([]);
});

test('sizes lie on both sides of what the cluster treats otherwise', () => {
  const sizes = drawn(1, Number.POSITIVE_INFINITY, 400).map(sizeOf);
  // What stays in the log's buffers at all, the least such buffer, a chunk of the network.
  for (const threshold of [128, 16 * 1024, 64 * 1024]) {
    expect(sizes.filter((size) => size < threshold).length).toBeGreaterThan(20);
    expect(sizes.filter((size) => size > threshold).length).toBeGreaterThan(20);
  }
});

test('all of a run together are bounded', () => {
  const sizes = drawn(1, 300_000, 400).filter(isLarge).map(sizeOf);
  const sum = sizes.reduce((a, b) => a + b, 0);
  expect(sum).toBeLessThanOrEqual(300_000);
  expect(sum).toBeGreaterThan(200_000);
});

test('some runs have many, some few, most none', () => {
  const shares = Array.from({ length: 400 }, (_, seed) => drawShape(String(seed), 3).largeValueShare);
  const counts = [0, 0.03, 0.15].map((share) => shares.filter((drawnShare) => drawnShare === share).length);
  expect(counts[0]).toBeGreaterThan(280);
  expect(counts[1]).toBeGreaterThan(20);
  expect(counts[2]).toBeGreaterThan(10);
});
