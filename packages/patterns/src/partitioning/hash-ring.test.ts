import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HashRing, hashKey, type PlacementNode } from './index.ts';

const named = (count: number): PlacementNode[] => Array.from({ length: count }, (_, i) => ({ id: `n${i}` }));
const keys = Array.from({ length: 20_000 }, (_, i) => `key ${i}`);

/** Published results of MurmurHash3_x86_32 (SMHasher and its ports), for inputs of an even number of bytes: two bytes are one code unit. */
describe('the hash of a key', () => {
  const ofBytes = (bytes: readonly number[], seed: number): number =>
    hashKey(
      String.fromCharCode(
        ...Array.from({ length: bytes.length / 2 }, (_, i) => bytes[2 * i]! | (bytes[2 * i + 1]! << 8)),
      ),
      seed,
    );
  const ascii = (text: string): number[] => [...text].map((char) => char.charCodeAt(0));

  test('is MurmurHash3 of its code units', () => {
    expect([hashKey('', 0), hashKey('', 1), hashKey('', 0xffffffff)]).toEqual([0, 0x514e28b7, 0x81f16f39]);
    expect(ofBytes([0x21, 0x43, 0x65, 0x87], 0)).toBe(0xf55b516b);
    expect(ofBytes([0x21, 0x43, 0x65, 0x87], 0x5082edee)).toBe(0x2362f9de);
    expect(ofBytes([0x21, 0x43], 0)).toBe(0xa0f7b07a);
    expect(ofBytes([0, 0, 0, 0], 0)).toBe(0x2362f9de);
    expect(ofBytes(ascii('aaaa'), 0x9747b28c)).toBe(0x5a97808a);
    expect(ofBytes(ascii('abcd'), 0x9747b28c)).toBe(0xf0478627);
    expect(ofBytes(ascii('aa'), 0x9747b28c)).toBe(0x5d211726);
    expect(ofBytes(ascii('ab'), 0x9747b28c)).toBe(0x74875592);
  });
});

describe('a hash ring', () => {
  test('does not depend on the order in which its nodes were learned', () => {
    const nodes = named(7);
    const ring = HashRing.of(nodes);
    const other = HashRing.of([...nodes].reverse());
    for (const key of keys.slice(0, 1000)) expect(other.ownerOf(key)).toBe(ring.ownerOf(key));
  });

  test('gives the owner that a walk over all points gives, at every edge', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(0xffffffff),
        (count, points, hash) => {
          const ring = HashRing.of(named(count), { pointsPerWeight: points });
          for (const at of [hash, 0, 0xffffffff]) expect([...ring.walk(at)][0]).toBe(ring.ownerOfHash(at));
        },
      ),
      { numRuns: 300, seed: 42 },
    );
  });

  test('owns what its shares say', () => {
    const ring = HashRing.of([{ id: 'a' }, { id: 'b', weight: 2 }], { pointsPerWeight: 3 });
    const shares = ring.shares();
    expect((shares.get('a') ?? 0) + (shares.get('b') ?? 0)).toBeCloseTo(1, 12);
    let owned = 0;
    const steps = 1 << 16;
    for (let i = 0; i < steps; i++) if (ring.ownerOfHash(i * 65_536 + 32_768) === 'a') owned += 1;
    expect(owned / steps).toBeCloseTo(shares.get('a')!, 3);
    expect(ring.pointCount).toBe(9);
  });

  test('balances within about 1/√points, and by weight', () => {
    const shares = [...HashRing.of(named(20)).shares().values()];
    const deviation = Math.sqrt(shares.reduce((sum, share) => sum + (share * 20 - 1) ** 2, 0) / 20);
    expect(deviation).toBeLessThan(2 / Math.sqrt(256));
    expect(deviation).toBeGreaterThan(0.2 / Math.sqrt(256));
    const heavy = HashRing.of([...named(9), { id: 'heavy', weight: 3 }]).shares();
    expect(heavy.get('heavy')).toBeCloseTo(3 / 12, 1);
  });

  test('moves keys only to a node that comes, and only from a node that goes', () => {
    const ring = HashRing.of(named(10));
    const grown = ring.with({ id: 'new' });
    let moved = 0;
    for (const key of keys) {
      if (grown.ownerOf(key) === ring.ownerOf(key)) continue;
      expect(grown.ownerOf(key)).toBe('new');
      moved += 1;
    }
    expect(moved / keys.length).toBeGreaterThan(0.06);
    expect(moved / keys.length).toBeLessThan(0.12);
    const back = grown.without('new');
    for (const key of keys) expect(back.ownerOf(key)).toBe(ring.ownerOf(key));
    expect(ring.without('nobody')).toBe(ring);
  });

  test('gives a node that grows heavier only keys, and takes none from it', () => {
    const ring = HashRing.of(named(5));
    const heavier = ring.with({ id: 'n2', weight: 1.5 });
    let gained = 0;
    for (const key of keys) {
      if (heavier.ownerOf(key) === ring.ownerOf(key)) continue;
      expect(heavier.ownerOf(key)).toBe('n2');
      gained += 1;
    }
    expect(gained).toBeGreaterThan(0);
  });

  test('lists distinct nodes, the owner first, and drops a node that goes without disturbing the rest', () => {
    const ring = HashRing.of(named(8));
    for (const key of keys.slice(0, 500)) {
      const list = ring.preferenceList(key, 3);
      expect(list[0]).toBe(ring.ownerOf(key));
      expect(new Set(list).size).toBe(3);
      const gone = ring.without(list[1]!).preferenceList(key, 3);
      expect(gone.slice(0, 2)).toEqual([list[0], list[2]]);
    }
    expect(ring.preferenceList('key', 20)).toHaveLength(8);
  });

  test('puts the replicas of a key into as many zones as there are', () => {
    const zoned = named(9).map((node, i) => ({ ...node, zone: `z${i % 3}` }));
    const zoneOf = new Map(zoned.map(({ id, zone }) => [id, zone]));
    const ring = HashRing.of(zoned);
    for (const key of keys.slice(0, 500)) {
      const zonesOf = (count: number): number[] => {
        const perZone = new Map<string, number>();
        for (const id of ring.preferenceList(key, count))
          perZone.set(zoneOf.get(id)!, (perZone.get(zoneOf.get(id)!) ?? 0) + 1);
        return [...perZone.values()].sort();
      };
      expect(zonesOf(3)).toEqual([1, 1, 1]);
      expect(zonesOf(5)).toEqual([1, 2, 2]);
      expect(zonesOf(9)).toEqual([3, 3, 3]);
    }
  });

  test('fills up from a zone that has more when the others have no more nodes', () => {
    const ring = HashRing.of([
      { id: 'a', zone: 'x' },
      { id: 'b', zone: 'x' },
      { id: 'c', zone: 'x' },
      { id: 'd', zone: 'y' },
    ]);
    for (const key of keys.slice(0, 100)) expect(ring.preferenceList(key, 3)).toContain('d');
    expect(ring.preferenceList('key', 4).sort()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('refuses nodes that are none', () => {
    expect(() => HashRing.of([])).toThrow(/1 to 65535 nodes/);
    expect(() => HashRing.of([{ id: 'a' }, { id: 'a' }])).toThrow(/"a" twice/);
    for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => HashRing.of([{ id: 'a', weight }])).toThrow(/weight of "a"/);
    expect(() => HashRing.of(named(1), { pointsPerWeight: 0 })).toThrow(/pointsPerWeight/);
    expect(() => HashRing.of([{ id: 'a', weight: 1e6 }])).toThrow(/at most 16777216 points/);
    expect(() => HashRing.of([{ id: 'a' }]).without('a')).toThrow(RangeError);
  });
});

test('a hash that came as a signed integer is taken for the unsigned one', () => {
  const ring = HashRing.of(Array.from({ length: 20 }, (_, i) => ({ id: `n${i}` })));
  for (let i = 0; i < 500; i++) {
    const hash = Math.imul(i, 0x9e3779b1);
    expect(ring.ownerOfHash(hash)).toBe(ring.ownerOfHash(hash >>> 0));
  }
});
