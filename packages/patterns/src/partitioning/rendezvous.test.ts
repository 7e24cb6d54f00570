import { describe, expect, test } from 'vitest';
import { type PlacementNode, Rendezvous } from './index.ts';

const named = (count: number): PlacementNode[] => Array.from({ length: count }, (_, i) => ({ id: `n${i}` }));
const keys = Array.from({ length: 40_000 }, (_, i) => `key ${i}`);

function loadsOf(placement: Rendezvous): Map<string, number> {
  const loads = new Map<string, number>();
  for (const key of keys) loads.set(placement.ownerOf(key), (loads.get(placement.ownerOf(key)) ?? 0) + 1);
  return loads;
}

describe('rendezvous hashing', () => {
  test('balances as well as chance does', () => {
    const loads = [...loadsOf(Rendezvous.of(named(10))).values()];
    const chiSquared = loads.reduce((sum, load) => sum + (load - 4000) ** 2 / 4000, 0);
    // Nine degrees of freedom: 27.9 is exceeded once in a thousand times.
    expect(chiSquared).toBeLessThan(27.9);
  });

  test('gives each node its weight’s share', () => {
    const loads = loadsOf(
      Rendezvous.of([
        { id: 'a', weight: 1 },
        { id: 'b', weight: 2 },
        { id: 'c', weight: 5 },
      ]),
    );
    expect(loads.get('a')! / keys.length).toBeCloseTo(1 / 8, 2);
    expect(loads.get('b')! / keys.length).toBeCloseTo(2 / 8, 2);
    expect(loads.get('c')! / keys.length).toBeCloseTo(5 / 8, 2);
  });

  test('equal weights, however large, and none at all give the same owners', () => {
    const plain = Rendezvous.of(named(5));
    const heavy = Rendezvous.of(named(5).map((node) => ({ ...node, weight: 7 })));
    for (const key of keys.slice(0, 2000)) expect(heavy.ownerOf(key)).toBe(plain.ownerOf(key));
  });

  test('a weight that hardly differs changes hardly an owner, so that the logarithm keeps the order of the scores', () => {
    const plain = Rendezvous.of(named(5));
    const nearly = Rendezvous.of(named(5).map((node, i) => ({ ...node, weight: 1 + i * 1e-9 })));
    for (const key of keys) expect(nearly.ownerOf(key)).toBe(plain.ownerOf(key));
  });

  test('moves keys only to a node that comes or grows heavier', () => {
    const before = Rendezvous.of([...named(4), { id: 'x', weight: 2 }]);
    const after = before.with({ id: 'x', weight: 3 }).with({ id: 'y', weight: 2 });
    let moved = 0;
    for (const key of keys) {
      if (before.ownerOf(key) === after.ownerOf(key)) continue;
      expect(['x', 'y']).toContain(after.ownerOf(key));
      moved += 1;
    }
    expect(moved).toBeGreaterThan(0);
    expect(before.without('nobody')).toBe(before);
  });

  test('the next in the list takes over from an owner that goes', () => {
    for (const placement of [Rendezvous.of(named(6)), Rendezvous.of([...named(5), { id: 'z', weight: 2.5 }])])
      for (const key of keys.slice(0, 500)) {
        const [owner, next] = placement.preferenceList(key, 3);
        expect(owner).toBe(placement.ownerOf(key));
        expect(placement.without(owner!).ownerOf(key)).toBe(next);
      }
  });

  test('spreads replicas over zones', () => {
    const placement = Rendezvous.of(named(6).map((node, i) => ({ ...node, zone: i < 4 ? 'large' : 'small' })));
    for (const key of keys.slice(0, 300)) {
      const list = placement.preferenceList(key, 2);
      expect(list.filter((id) => id === 'n4' || id === 'n5')).toHaveLength(1);
    }
  });
});

test('weights whose sums or shares no number holds are refused by every placement', () => {
  for (const weight of [1e308, 5e-324, Number.POSITIVE_INFINITY, 0, -1, Number.NaN])
    expect(() => Rendezvous.of([{ id: 'a', weight }])).toThrow(/the weight of "a" must be greater than 0/);
});
