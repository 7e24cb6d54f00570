import { expect, test } from 'vitest';
import { seeded } from '../detection/random.fixture.ts';
import { choosePeers } from './index.ts';

const members = Array.from({ length: 40 }, (_, i) => `m${i}`);

test('peers are distinct, never oneself, and as many as there are', () => {
  const random = seeded(1);
  for (const count of [0, 1, 3, 9, 39, 100]) {
    const chosen = choosePeers(random, { self: 'm0', members }, count);
    expect(new Set(chosen).size).toBe(Math.min(count, 39));
    expect(chosen).not.toContain('m0');
  }
});

test('choosing ends also when numbers are not random, or members are named again and again', () => {
  expect(choosePeers(() => 0, { self: 'm0', members }, 2)).toHaveLength(2);
  expect(choosePeers(() => 0.5, { self: 'x', members }, 3)).toHaveLength(3);
  const twins = Array.from({ length: 40 }, () => 'a');
  expect(choosePeers(seeded(2), { self: 'b', members: twins }, 2)).toEqual(['a']);
});
