import { expect, test } from 'vitest';
import { betweenGroups, bridge, type Cut, isolate, majoritiesRing, oneWay } from './index.ts';

const nodes = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
const hears = (cuts: readonly Cut[], to: string, all: readonly string[]): string =>
  all.filter((from) => !cuts.some((cut) => cut.from === from && cut.to === to)).join('');

test('groups reach only their own, and nodes of no group reach all', () => {
  const cuts = betweenGroups([['a', 'b'], ['c']]);
  expect(nodes.slice(0, 4).map((node) => hears(cuts, node, ['a', 'b', 'c', 'd']))).toEqual([
    'abd',
    'abd',
    'cd',
    'abcd',
  ]);
});

test('an isolated node hears itself alone', () => {
  const cuts = isolate('b', ['a', 'b', 'c']);
  expect(['a', 'b', 'c'].map((node) => hears(cuts, node, ['a', 'b', 'c']))).toEqual(['ac', 'b', 'ac']);
});

test('a bridge is heard by both halves, which do not hear each other', () => {
  const five = nodes.slice(0, 5);
  expect(five.map((node) => hears(bridge('c', five), node, five))).toEqual(['abc', 'abc', 'abcde', 'cde', 'cde']);
});

test('in a ring of majorities every node hears a majority, and no two the same', () => {
  for (let size = 3; size <= 7; size++) {
    const all = nodes.slice(0, size);
    const heard = all.map((node) => hears(majoritiesRing(all), node, all));
    for (const [i, group] of heard.entries()) {
      expect(group.length).toBe(Math.floor(size / 2) + 1);
      expect(group).toContain(all[i]);
    }
    expect(new Set(heard).size).toBe(size);
  }
});

test('a one-way cut leaves the way back', () => {
  expect(oneWay(['a'], ['a', 'b', 'c'])).toEqual([
    { from: 'a', to: 'b' },
    { from: 'a', to: 'c' },
  ]);
});
