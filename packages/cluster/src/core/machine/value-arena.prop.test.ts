import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Slab, type Tenant, ValueArena } from './value-arena.ts';

class Holder implements Tenant {
  slab: Slab;
  start: number;
  readonly length: number;
  dropped = false;
  readonly expected: Uint8Array;
  constructor(arena: ValueArena, value: Uint8Array) {
    this.slab = arena.store(value);
    this.length = value.length;
    this.start = this.slab.used - value.length;
    this.expected = value.slice();
    arena.settle(this);
    // The caller's buffer is its own again.
    value.fill(0xee);
  }
  get value(): Uint8Array {
    return this.slab.bytes.subarray(this.start, this.start + this.length);
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

const action = fc.oneof(
  fc.record({
    kind: fc.constant('store' as const),
    count: fc.integer({ min: 1, max: 60 }),
    size: fc.constantFrom(0, 1, 900, 9000, 16_384, 16_385, 40_000),
  }),
  fc.record({
    kind: fc.constant('drop' as const),
    count: fc.integer({ min: 1, max: 120 }),
    from: fc.nat(1000),
    everyNth: fc.integer({ min: 1, max: 3 }),
  }),
);

test('values stay what they were, wherever they are moved, until they are dropped; and what is allocated stays in proportion', () => {
  fc.assert(
    fc.property(fc.array(action, { minLength: 10, maxLength: 60 }), (actions) => {
      const arena = new ValueArena();
      const live: Holder[] = [];
      let serial = 0;
      for (const a of actions) {
        if (a.kind === 'store') {
          for (let i = 0; i < a.count; i++) {
            serial += 1;
            live.push(new Holder(arena, new Uint8Array(a.size).fill(serial % 251)));
          }
        } else {
          const from = live.length === 0 ? 0 : a.from % live.length;
          for (let i = 0, at = from; i < a.count && at < live.length; i++, at += a.everyNth - 1) {
            const [gone] = live.splice(at, 1);
            gone!.dropped = true;
            arena.drop(gone!);
          }
        }
      }
      expect(live.every((holder) => same(holder.value, holder.expected))).toBe(true);
      const used = live.reduce((sum, holder) => sum + holder.length, 0);
      expect(arena.slabBytes).toBeLessThanOrEqual(4 * used + 2 * 256 * 1024);
    }),
    { numRuns: 60, endOnFailure: true },
  );
});

test('when everything is dropped, nothing but the slab in use stays allocated', () => {
  const arena = new ValueArena();
  const all = Array.from({ length: 5000 }, () => new Holder(arena, new Uint8Array(256)));
  for (const holder of all) {
    holder.dropped = true;
    arena.drop(holder);
  }
  expect(arena.slabBytes).toBe(256 * 1024);
});

test('a few survivors of many slabs end up together in few', () => {
  const arena = new ValueArena();
  const all = Array.from({ length: 20_000 }, (_, i) => new Holder(arena, new Uint8Array(256).fill(i)));
  const slabs = new Set(all.map((holder) => holder.slab));
  for (const [i, holder] of all.entries()) {
    if (i % 100 === 0) continue;
    holder.dropped = true;
    arena.drop(holder);
  }
  const survivors = all.filter((holder) => !holder.dropped);
  expect(slabs.size).toBeGreaterThan(19);
  expect(new Set(survivors.map((holder) => holder.slab)).size).toBeLessThanOrEqual(2);
  expect(survivors.every((holder) => same(holder.value, holder.expected))).toBe(true);
});

test('a lasting value here and there among short-lived ones does not hold a slab each', () => {
  const arena = new ValueArena();
  for (let i = 0; i < 50_000; i++) {
    const holder = new Holder(arena, new Uint8Array(256));
    if (i % 1000 === 0) continue;
    holder.dropped = true;
    arena.drop(holder);
  }
  expect(arena.slabBytes).toBeLessThanOrEqual(2 * 256 * 1024);
});
