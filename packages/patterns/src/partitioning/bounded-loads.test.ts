/** Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", SODA 2018. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { BoundedLoads, HashRing } from './index.ts';

const ring = HashRing.of([{ id: 'a' }, { id: 'b' }, { id: 'c', weight: 2 }], { pointsPerWeight: 16 });

describe('bounded loads', () => {
  test('no node ever has more than ⌈(1 + ε) · total · share⌉ when something is placed on it', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ key: fc.integer({ min: 0, max: 3 }) }),
            fc.record({ release: fc.constantFrom('a', 'b', 'c') }),
          ),
          { maxLength: 60 },
        ),
        fc.constantFrom(0.01, 0.25, 1),
        (script, epsilon) => {
          const loads = new BoundedLoads({ ring, epsilon });
          for (const action of script) {
            if ('key' in action) {
              const id = loads.acquire(`hot ${action.key}`);
              expect(loads.loadOf(id)).toBeLessThanOrEqual(loads.capacityOf(id));
            } else if (loads.loadOf(action.release) > 0) loads.release(action.release);
          }
          expect(loads.loadOf('a') + loads.loadOf('b') + loads.loadOf('c')).toBe(loads.total);
        },
      ),
      { numRuns: 300, seed: 42 },
    );
  });

  test('a key goes to its owner while there is room, then to the next on the ring', () => {
    const loads = new BoundedLoads({ ring, epsilon: 0.25 });
    const order = [...ring.walk(123_456)];
    expect(loads.acquireHash(123_456)).toBe(order[0]);
    const placed = Array.from({ length: 40 }, () => loads.acquireHash(123_456));
    expect(new Set(placed)).toEqual(new Set(order));
    expect(placed.indexOf(order[1]!)).toBeLessThan(placed.indexOf(order[2]!));
  });

  test('shares out by weight', () => {
    const loads = new BoundedLoads({ ring, epsilon: 0.25 });
    expect([loads.capacityOf('a', 100), loads.capacityOf('c', 100), loads.capacityOf('gone', 100)]).toEqual([
      32, 63, 0,
    ]);
  });

  test('a node that left keeps its load until that is released, and gets no more', () => {
    const loads = new BoundedLoads({ ring });
    for (let i = 0; i < 100; i++) loads.acquire(`key ${i}`);
    const left = loads.loadOf('c');
    loads.moveTo(ring.without('c'));
    for (let i = 0; i < 50; i++) expect(loads.acquire(`key ${i}`)).not.toBe('c');
    expect(loads.loadOf('c')).toBe(left);
    for (let i = 0; i < left; i++) loads.release('c');
    expect(() => loads.release('c')).toThrow(/has no load/);
    expect(loads.total).toBe(150 - left);
  });

  test('refuses an ε that bounds nothing', () => {
    for (const epsilon of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => new BoundedLoads({ ring, epsilon })).toThrow(/epsilon/);
  });
});
