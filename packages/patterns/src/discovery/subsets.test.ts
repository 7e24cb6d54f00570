import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deterministicAperture, deterministicSubset, rendezvousSubset } from './index.ts';
import { backendsOf, churnOf, SUBSET_RULES, spreadOf, subsetFigures } from './subset-figures.fixture.ts';

const setting = fc.record({
  clients: fc.integer({ min: 1, max: 12 }),
  backends: fc.integer({ min: 1, max: 12 }),
  size: fc.integer({ min: 1, max: 13 }),
});

test.each(Object.entries(SUBSET_RULES))(
  '%s: at least so many as asked for, none twice, the same in whatever order they are known',
  (_name, rule) => {
    fc.assert(
      fc.property(setting, ({ clients, backends, size }) => {
        const ids = backendsOf(backends);
        for (let client = 0; client < clients; client++) {
          const subset = rule(client, clients, ids, size);
          expect(new Set(subset.map(({ id }) => id)).size).toBe(subset.length);
          expect(subset.length).toBeGreaterThanOrEqual(Math.min(size, backends));
          expect(rule(client, clients, ids.toReversed(), size)).toEqual(subset);
          for (const { weight } of subset) expect(weight > 0 && weight <= 1).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  },
);

describe('deterministic subsetting', () => {
  test('deals all backends out once in each round', () => {
    const ids = backendsOf(12);
    for (const round of [0, 1, 2]) {
      const dealt = [0, 1, 2, 3].flatMap((nth) => deterministicSubset(ids, round * 4 + nth, 3));
      expect(dealt.sort()).toEqual([...ids].sort());
    }
    expect(deterministicSubset(ids, 0, 3)).not.toEqual(deterministicSubset(ids, 4, 3));
  });

  test('gives those that are left over to some subsets, so that nobody is left out', () => {
    const subsets = [0, 1, 2].map((client) => deterministicSubset(backendsOf(11), client, 3));
    expect(subsets.map((subset) => subset.length)).toEqual([3, 4, 4]);
    expect(new Set(subsets.flat()).size).toBe(11);
  });

  test('gives no backend more than one connection more than another', () => {
    fc.assert(
      fc.property(setting, (of) => {
        const { fewest, most } = spreadOf(SUBSET_RULES['deterministic']!, of);
        expect(most - fewest).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });

  test('gives 300 clients and 300 backends, ten each, the book’s even distribution', () => {
    const spread = spreadOf(SUBSET_RULES['deterministic']!, { clients: 300, backends: 300, size: 10 });
    expect(spread).toMatchObject({ fewest: 10, most: 10 });
  });

  test('moves little when a backend comes, unless the number of subsets changes', () => {
    const rule = SUBSET_RULES['deterministic']!;
    const from = { clients: 40, backends: 95, size: 10 };
    expect(churnOf(rule, from, { ...from, backends: 96 })).toBeLessThan(1);
    expect(churnOf(rule, { ...from, backends: 99 }, { ...from, backends: 100 })).toBeGreaterThan(5);
  });

  test('refuses clients without a number', () => {
    for (const client of [-1, 0.5, Number.NaN])
      expect(() => deterministicSubset(backendsOf(5), client, 2)).toThrow(RangeError);
    expect(() => deterministicSubset(backendsOf(5), 0, 0)).toThrow(RangeError);
  });
});

describe('rendezvous subsetting', () => {
  test('changes at most one connection of a client when a backend comes or goes', () => {
    fc.assert(
      fc.property(setting, ({ backends, size }) => {
        const ids = backendsOf(backends + 1);
        const [few, many] = [ids.slice(0, -1), ids].map((known) => new Set(rendezvousSubset(known, 'a', size)));
        expect([...many!].filter((id) => !few!.has(id)).length).toBeLessThanOrEqual(1);
        expect([...few!].filter((id) => !many!.has(id)).length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 200 },
    );
  });

  test('contains every smaller subset of the same client', () => {
    const ids = backendsOf(20);
    for (let size = 1; size < 20; size++)
      expect(rendezvousSubset(ids, 'a', size + 1)).toEqual(expect.arrayContaining(rendezvousSubset(ids, 'a', size)));
  });

  test('spreads as by chance: of 300 backends with 90 connections each, some have a fifth less, some a fifth more', () => {
    const { fewest, most } = spreadOf(SUBSET_RULES['rendezvous']!, { clients: 300, backends: 300, size: 90 });
    expect(fewest).toBeLessThan(90 * 0.8);
    expect(most).toBeGreaterThan(90 * 1.2);
  });
});

describe('the deterministic aperture', () => {
  test('by hand: three clients, four backends, two of them each', () => {
    // Twelve units; a client's own part is four, and ⌈2 · 3 / 4⌉ = 2 of them make the arc.
    const apertures = [0, 1, 2].map((client) => deterministicAperture(['a', 'b', 'c', 'd'], { client, clients: 3 }, 2));
    const weights = apertures.map((aperture) => aperture.map(({ weight }) => weight));
    expect(weights).toEqual([
      [1, 1, 2 / 3],
      [2 / 3, 1, 1],
      [1 / 3, 1, 1, 1 / 3],
    ]);
  });

  test('loads all backends alike, to the last bit of the arithmetic', () => {
    fc.assert(
      fc.property(setting, (of) => {
        const { lightest, heaviest } = spreadOf(SUBSET_RULES['aperture']!, of);
        expect([lightest, heaviest]).toEqual([expect.closeTo(1, 9), expect.closeTo(1, 9)]);
      }),
      { numRuns: 200 },
    );
  });

  test('is all backends when the subset is', () => {
    expect(deterministicAperture(['a', 'b'], { client: 3, clients: 7 }, 5).map(({ weight }) => weight)).toEqual([1, 1]);
    expect(deterministicAperture([], { client: 0, clients: 1 }, 5)).toEqual([]);
    expect(() => deterministicAperture(['a'], { client: 7, clients: 7 }, 1)).toThrow(RangeError);
  });
});

test('the figures in the README are those that come out', () => {
  const readme = readFileSync(new URL('./README.md', import.meta.url), 'utf8');
  for (const row of subsetFigures()) expect(readme).toContain(row);
});
