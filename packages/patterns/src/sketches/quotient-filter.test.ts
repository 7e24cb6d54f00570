import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { QUOTIENT_LOAD_MAX, QuotientFilter, type QuotientFilterOptions, quotientRate, quotientSize } from './index.ts';

/** A multiset of fingerprints, as lists: what the filter stands for. `bits` is q + r. */
class Oracle {
  readonly held = new Map<number, number>();
  add(fingerprint: number): void {
    this.held.set(fingerprint, (this.held.get(fingerprint) ?? 0) + 1);
  }
}

const small: QuotientFilterOptions = { quotientBits: 3, remainderBits: 4, copiesMax: 3 };
/** A hash whose first seven bits, all that the small filter sees, are `fingerprint`. */
const high = (fingerprint: number) => (fingerprint << 25) >>> 0;

const all = Array.from({ length: 128 }, (_, f) => f);

const step = fc.record({ kind: fc.constantFrom('add', 'add', 'remove', 'grow' as const), fingerprint: fc.nat(127) });

describe('after any sequence of adding, removing and growing', () => {
  test('it says what the multiset of fingerprints says, and so never no for yes', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const filter = new QuotientFilter(small);
        const oracle = new Oracle();
        /** Those that have once had `copiesMax` copies. */
        const stuck = new Set<number>();
        for (const { kind, fingerprint } of steps) {
          const held = oracle.held.get(fingerprint) ?? 0;
          if (kind === 'grow') {
            if (filter.remainderBits > 1) filter.grow();
          } else if (kind === 'add') {
            if (filter.remainderBits === 1 && filter.size >= 2 ** filter.quotientBits * QUOTIENT_LOAD_MAX) continue;
            filter.addHash(high(fingerprint), 0);
            oracle.add(fingerprint);
            if (held + 1 >= 3) stuck.add(fingerprint);
          } else if (held > 0) {
            expect(filter.removeHash(high(fingerprint), 0)).toBe(true);
            oracle.held.set(fingerprint, held - 1);
          } else if (!stuck.has(fingerprint)) expect(filter.removeHash(high(fingerprint), 0)).toBe(false);
          const wrong = all.filter(
            (f) => filter.hasHash(high(f), 0) !== (stuck.has(f) || (oracle.held.get(f) ?? 0) > 0),
          );
          expect(wrong).toEqual([]);
        }
        const copy = QuotientFilter.decode(filter.encode());
        expect(copy.size).toBe(filter.size);
        expect(all.filter((f) => copy.hasHash(high(f), 0) !== filter.hasHash(high(f), 0))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
  test('two that are merged say what both said, whatever their sizes', () => {
    const adds = fc.array(fc.nat(127), { maxLength: 30 });
    fc.assert(
      fc.property(adds, adds, fc.nat(2), fc.nat(2), (a, b, growA, growB) => {
        const make = (fingerprints: readonly number[], grow: number) => {
          const filter = new QuotientFilter(small);
          for (let i = 0; i < grow; i++) filter.grow();
          for (const f of fingerprints) filter.addHash(high(f), 0);
          return filter;
        };
        const [left, right] = [make(a, growA), make(b, growB)];
        left.merge(right);
        expect(all.filter((f) => left.hasHash(high(f), 0) !== (a.includes(f) || b.includes(f)))).toEqual([]);
        // And what was added to either can be removed from both together.
        for (const f of [...a, ...b]) expect(left.removeHash(high(f), 0)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

describe('growth', () => {
  test('doubles at 80 % until one bit of remainder is left, then refuses, and nothing is lost on the way', () => {
    const filter = new QuotientFilter({ quotientBits: 3, remainderBits: 3 });
    const keys: string[] = [];
    expect(() => {
      for (let i = 0; i < 100; i++) {
        filter.add(`k${i}`);
        keys.push(`k${i}`);
      }
    }).toThrow('cannot have 2^6 slots; start with more bits of remainder');
    expect(filter).toMatchObject({ quotientBits: 5, remainderBits: 1 });
    expect(keys.every((key) => filter.has(key))).toBe(true);
  });
  test('a filter can be merged with itself, and those of other fingerprints or copies are refused', () => {
    const filter = new QuotientFilter(small);
    filter.add('a');
    filter.merge(filter);
    expect([filter.remove('a'), filter.remove('a'), filter.remove('a')]).toEqual([true, true, false]);
    expect(() => filter.merge(new QuotientFilter({ quotientBits: 3, remainderBits: 5, copiesMax: 3 }))).toThrow(
      'of 7 bits were expected, not of 8',
    );
    expect(() => filter.merge(new QuotientFilter({ quotientBits: 3, remainderBits: 4 }))).toThrow(
      'copiesMax of 3 was expected, not of 15',
    );
  });
  test('a key that comes very often takes a bounded number of slots, and then stays', () => {
    const filter = new QuotientFilter({ quotientBits: 8, remainderBits: 10 });
    for (let i = 0; i < 1000; i++) filter.add('often');
    expect(filter.size).toBe(15);
    for (let i = 0; i < 1000; i++) filter.remove('often');
    expect(filter.has('often')).toBe(true);
  });
});

test('many keys, at any width of slot, added, half of them removed, grown: all that remain are found', () => {
  for (const remainderBits of [5, 12, 13, 20, 29]) {
    const filter = new QuotientFilter({ quotientBits: 6, remainderBits: Math.max(remainderBits, 8) });
    const keys = Array.from({ length: 1500 }, (_, i) => `${remainderBits}-${i}`);
    for (const key of keys) filter.add(key);
    for (const [i, key] of keys.entries()) if (i % 2 === 0) expect(filter.remove(key)).toBe(true);
    expect(filter.size).toBe(750);
    for (const [i, key] of keys.entries()) if (i % 2 === 1) expect(filter.has(key)).toBe(true);
    for (const [i, key] of keys.entries()) if (i % 2 === 1) expect(filter.remove(key)).toBe(true);
    expect(filter.size).toBe(0);
    expect(keys.some((key) => filter.has(key))).toBe(false);
  }
});

test('the rate of false positives is that of the theory', () => {
  const n = 20_000;
  for (const remainderBits of [4, 6]) {
    const size = { quotientBits: 15, remainderBits };
    const filter = new QuotientFilter(size);
    for (let i = 0; i < n; i++) filter.add(`key-${i}`);
    let wrong = 0;
    for (let i = n; i < 6 * n; i++) if (filter.has(`key-${i}`)) wrong += 1;
    expect(Math.abs(wrong / (5 * n) / quotientRate(size, n) - 1)).toBeLessThan(0.12);
    expect(filter.falsePositiveRate).toBeCloseTo(quotientRate(size, n), 3);
  }
});

test('slots of one, two and four bytes hold remainders of up to 5, 13 and 29 bits, to the last bit', () => {
  const bytes = [1, 5, 6, 13, 14, 29].map((remainderBits) => {
    const filter = new QuotientFilter({ quotientBits: 8, remainderBits });
    const keys = Array.from({ length: 200 }, (_, i) => `k${i}`);
    for (const key of keys) filter.add(key);
    expect(keys.filter((key) => !filter.has(key))).toEqual([]);
    expect(keys.filter((key) => !filter.remove(key))).toEqual([]);
    expect(filter.size).toBe(0);
    return filter.sizeBytes / 256;
  });
  expect(bytes).toEqual([1, 1, 2, 2, 4, 4]);
});

test('a size is the smallest slots that keep to the rate at 80 %, with all the bits they have', () => {
  expect(quotientSize(800, 0.05)).toEqual({ quotientBits: 10, remainderBits: 5 });
  expect(quotientSize(820, 0.05)).toEqual({ quotientBits: 11, remainderBits: 5 });
  expect(quotientSize(800, 0.01)).toEqual({ quotientBits: 10, remainderBits: 13 });
  expect(quotientSize(800, 1e-8)).toEqual({ quotientBits: 10, remainderBits: 29 });
  expect(() => quotientSize(800, 1e-12)).toThrow('more than 29 bits');
  for (const rate of [0.1, 0.01, 1e-6]) {
    const size = quotientSize(5000, rate);
    expect(quotientRate(size, 5000)).toBeLessThanOrEqual(rate);
    const filter = new QuotientFilter(size);
    for (let i = 0; i < 5000; i++) filter.add(`k${i}`);
    expect(filter).toMatchObject(size);
  }
});

test('nonsense is refused', () => {
  expect(() => new QuotientFilter({ quotientBits: 2, remainderBits: 4 })).toThrow('quotientBits must be');
  expect(() => new QuotientFilter({ quotientBits: 3, remainderBits: 30 })).toThrow('remainderBits must be');
  expect(() => new QuotientFilter({ ...small, copiesMax: 1 })).toThrow('copiesMax must be');
  expect(() => QuotientFilter.decode(Uint8Array.of(2))).toThrow('version 1');
  expect(() => QuotientFilter.decode(Uint8Array.of(1, 3, 4, 3, 20, ...new Uint8Array(40)))).toThrow(
    '20 entries are more',
  );
  expect(() => QuotientFilter.decode(Uint8Array.of(1, 3, 4, 3, 1, 9, 0))).toThrow('there is no slot 9');
  expect(() => QuotientFilter.decode(Uint8Array.of(1, 3, 4, 3, 1, 0, 16))).toThrow('16 exceeds the bound of 15');
});
