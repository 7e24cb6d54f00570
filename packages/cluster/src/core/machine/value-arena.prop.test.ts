import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { placeOf, type Slab, type Tenant, ValueArena } from './value-arena.ts';

class Holder implements Tenant {
  slab: Slab;
  start: number;
  readonly length: number;
  dropped = false;
  readonly expected: Uint8Array;
  constructor(arena: ValueArena, value: Uint8Array) {
    this.expected = value.slice();
    this.slab = arena.store(placeOf(value));
    this.length = value.length;
    this.start = arena.placedAt;
    arena.settle(this);
  }
  get value(): Uint8Array {
    return this.slab.bytes.subarray(this.start, this.start + this.length);
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** Values as they come in an entry: each behind some other bytes. */
function* entry(count: number, size: number, gap: number): Generator<Uint8Array> {
  const bytes = new Uint8Array(count * (size + gap));
  for (let i = 0; i < count; i++) yield bytes.subarray(i * (size + gap) + gap, (i + 1) * (size + gap));
}

const action = fc.oneof(
  fc.record({
    kind: fc.constant('entry' as const),
    count: fc.integer({ min: 1, max: 200 }),
    size: fc.constantFrom(0, 60, 127, 128, 900, 5000),
    gap: fc.constantFrom(0, 20, 140, 4000),
  }),
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
        } else if (a.kind === 'entry') {
          for (const value of entry(a.count, a.size, a.gap)) {
            serial += 1;
            live.push(new Holder(arena, value.fill(serial % 251)));
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
      // The slab that takes copies, and the largest entry.
      expect(arena.slabBytes).toBeLessThanOrEqual(4 * used + 2 * 256 * 1024 + 200 * 9000);
    }),
    { numRuns: 100, endOnFailure: true },
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

describe('the values of a large entry', () => {
  const store = (arena: ValueArena, values: Iterable<Uint8Array>): Holder[] =>
    Array.from(values, (value) => new Holder(arena, value));

  test('stay where they came, while they are most of it', () => {
    const arena = new ValueArena();
    const values = [...entry(100, 256, 40)];
    const holders = store(arena, values);
    store(arena, entry(100, 256, 40));
    expect(holders.map(({ value }) => [value.buffer, value.byteOffset])).toEqual(
      values.map((value) => [value.buffer, value.byteOffset]),
    );
    expect(arena.slabBytes).toBe(2 * 100 * 296);
  });

  test('are copied out when the next one comes, if they are less than half of it', () => {
    const arena = new ValueArena();
    const values = [...entry(50, 200, 201)];
    const holders = store(arena, values);
    expect(holders[0]!.value.buffer).toBe(values[0]!.buffer);
    store(arena, entry(100, 256, 40));
    expect(holders.every(({ value }) => value.buffer !== values[0]!.buffer)).toBe(true);
    expect(holders.every((holder) => same(holder.value, holder.expected))).toBe(true);
    expect(arena.slabBytes).toBe(100 * 296 + 256 * 1024);
  });

  test('are copied when they are small, or the entry is', () => {
    for (const [count, size] of [
      [1000, 127],
      [63, 256],
    ] as const) {
      const arena = new ValueArena();
      const values = [...entry(count, size, 0)];
      expect(store(arena, values).some(({ value }) => value.buffer === values[0]!.buffer)).toBe(false);
      expect(arena.slabBytes).toBe(256 * 1024);
    }
    const arena = new ValueArena();
    const values = [...entry(64, 256, 0)];
    expect(store(arena, values).every(({ value }) => value.buffer === values[0]!.buffer)).toBe(true);
  });

  test('let it go when most of them are dropped', () => {
    const arena = new ValueArena();
    const holders = store(arena, entry(100, 256, 40));
    store(arena, entry(100, 256, 40));
    for (const holder of holders) {
      holder.dropped = true;
      arena.drop(holder);
    }
    // The last ones had been moved by then, into a slab that takes copies.
    expect(arena.slabBytes).toBe(100 * 296 + 256 * 1024);
  });
});
