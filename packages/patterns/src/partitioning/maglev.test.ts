/** Vectors: Envoy, test/extensions/load_balancing_policies/maglev (Basic, BasicWithHostName, Weighted, LocalityWeighted…). */
import { describe, expect, test } from 'vitest';
import { Maglev, type PlacementNode } from './index.ts';

const tableOf = (maglev: Maglev): number[] =>
  Array.from({ length: maglev.tableSize }, (_, i) => maglev.nodes.findIndex(({ id }) => id === maglev.ownerOfHash(i)));
const named = (count: number): PlacementNode[] => Array.from({ length: count }, (_, i) => ({ id: `n${i}` }));
const weighted = (...weights: number[]): PlacementNode[] =>
  weights.map((weight, i) => ({ id: `127.0.0.1:9${i}`, weight }));

describe('maglev', () => {
  test('builds the tables that Envoy builds', () => {
    const addresses = [0, 1, 2, 3, 4, 5].map((i) => ({ id: `127.0.0.1:9${i}` }));
    expect(tableOf(Maglev.of(addresses, { tableSize: 7 }))).toEqual([2, 4, 0, 1, 5, 0, 3]);
    const names = [0, 1, 2, 3, 4, 5].map((i) => ({ id: `9${i}` }));
    expect(tableOf(Maglev.of(names, { tableSize: 7 }))).toEqual([2, 5, 0, 3, 4, 1, 0]);
  });

  test('builds the weighted tables that Envoy builds', () => {
    const table = (...weights: number[]): number[] => tableOf(Maglev.of(weighted(...weights), { tableSize: 17 }));
    expect(table(1, 2)).toEqual([1, 0, 0, 1, 0, 1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 0, 1]);
    expect(table(1, 1)).toEqual([1, 0, 0, 1, 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 1]);
    expect(table(8, 2)).toEqual([1, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 0]);
  });

  test('gives nodes of the same weight the same number of places, within one', () => {
    const counts = [...Maglev.of(named(30), { tableSize: 1009 }).shares().values()].map((share) =>
      Math.round(share * 1009),
    );
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1009);
  });

  test('moves little else when a node comes or goes', () => {
    const before = Maglev.of(named(20), { tableSize: 10_007 });
    const after = before.without('n3');
    let unnecessary = 0;
    for (let i = 0; i < 10_007; i++)
      if (before.ownerOfHash(i) !== 'n3' && before.ownerOfHash(i) !== after.ownerOfHash(i)) unnecessary += 1;
    expect(unnecessary / 10_007).toBeLessThan(0.03);
    expect(unnecessary).toBeGreaterThan(0);
    expect(tableOf(after.with({ id: 'n3' }))).toEqual(tableOf(before));
    expect(before.without('nobody')).toBe(before);
  });

  test('refuses tables that no node can fill', () => {
    for (const tableSize of [8, 1, 0, 3, 9.5, 5_000_039])
      expect(() => Maglev.of(named(5), { tableSize })).toThrow(/prime/);
    expect(tableOf(Maglev.of(named(1), { tableSize: 2 }))).toEqual([0, 0]);
  });
});

test('a hash that came as a signed integer is taken for the unsigned one', () => {
  const maglev = Maglev.of([{ id: 'a' }, { id: 'b' }, { id: 'c' }]);
  for (let i = 0; i < 50; i++) {
    const hash = Math.imul(i, 0x9e3779b1);
    expect(maglev.ownerOfHash(hash)).toBe(maglev.ownerOfHash(hash >>> 0));
  }
});
