import { describe, expect, test } from 'vitest';
import { brokenTypes, change, isDelta, type Letters, letters } from './broken.fixture.ts';
import { checkLaws } from './index.ts';
import { randomFrom, subjects } from './laws.fixture.ts';

describe('the laws of CRDTs hold for', () => {
  for (const [at, subject] of subjects.entries())
    test(`${subject.crdt.name} (${at})`, () => {
      for (let seed = 1; seed <= 300; seed++) {
        const found = checkLaws(subject, randomFrom(seed), 14);
        expect(found === undefined ? undefined : `${found}, seed ${seed}`).toBeUndefined();
      }
    });
});

describe('the laws find what is broken where', () => {
  for (const { mistake, law, subject, steps } of brokenTypes)
    test(`${mistake}: ${law}`, () => {
      const found = new Set<string | undefined>();
      for (let seed = 1; seed <= 400 && !found.has(law); seed++) found.add(checkLaws(subject, randomFrom(seed), steps));
      expect([...found]).toContain(law);
    });
});

/** What one run of the laws does with a type that is sound, and in which at most `changesMax` changes are possible. */
function watched(random: (bound: number) => number, steps?: number, changesMax: number = 1000) {
  const merges: { readonly a: Letters; readonly b: Letters; readonly isHistory: boolean; readonly shows: number }[] =
    [];
  const deltas: Letters[] = [];
  let [asked, shows, looks] = [0, 0, 0];
  let isHistory = true;
  const crdt = {
    ...letters,
    merge: (a: Letters, b: Letters): Letters => {
      merges.push({ a, b, isHistory, shows });
      return letters.merge(a, b);
    },
    equals: (a: Letters, b: Letters): boolean => {
      // In a history each change is looked at twice; the first look beyond is that of the first law.
      if (looks === 0) isHistory = false;
      looks -= 1;
      return letters.equals(a, b);
    },
  };
  const mutate = (...of: Parameters<typeof change>): Letters | undefined => {
    asked += 1;
    if (deltas.length === changesMax) return undefined;
    deltas.push(change(...of));
    looks = 2;
    return deltas.at(-1);
  };
  const show = ({ all }: Letters): string => {
    shows += 1;
    return [...all].sort().join('');
  };
  expect(checkLaws({ crdt, mutate, show }, random, steps)).toBeUndefined();
  return { merges, deltas, asked };
}

describe('a random history', () => {
  test('has as many moves as are asked for, or twelve', () => {
    const alwaysChange = (): number => 0;
    expect(watched(alwaysChange, 5).asked).toBe(5);
    expect(watched(alwaysChange).asked).toBe(12);
  });

  test('is half changes, a quarter merges of whole states, a quarter deltas that come late or again', () => {
    const counts = { changes: 0, states: 0, deltas: 0 };
    for (let seed = 1; seed <= 100; seed++) {
      const { merges, deltas } = watched(randomFrom(seed), 40);
      // The last is of the first law already; three are made for each change, two of these with its delta.
      const history = merges.filter(({ isHistory }) => isHistory).slice(0, -1);
      const withDelta = history.filter(({ b }) => isDelta(b)).length;
      counts.changes += deltas.length;
      counts.states += history.length - withDelta - deltas.length;
      counts.deltas += withDelta - 2 * deltas.length;
    }
    const shares = Object.values(counts).map((count) => count / (100 * 40));
    for (const [at, share] of [0.5, 0.25, 0.25].entries()) expect(Math.abs(shares[at]! - share)).toBeLessThan(0.03);
  });

  test('brings a delta to others also when there is but one', () => {
    const seeds = Array.from({ length: 20 }, (_, seed) => seed);
    const isBrought = (seed: number): boolean => {
      const { merges } = watched(randomFrom(seed), 12, 1);
      return merges.filter(({ b, isHistory }) => isHistory && isDelta(b)).length > 2;
    };
    expect(seeds.some(isBrought)).toBe(true);
  });
});

test('deltas alone come in every order, some of them twice, and are cut into two groups anywhere', () => {
  const orders = new Set<string>();
  const cuts = new Set<string>();
  for (let seed = 1; seed <= 600; seed++) {
    const { merges, deltas } = watched(randomFrom(seed), 6, 2);
    // The final state is shown once, and in five more orders; then come the deltas, which are shown, then their groups.
    const shuffled = merges.filter(({ shows }) => shows === 6).map(({ b }) => deltas.indexOf(b) + 1);
    const grouping = merges.filter(({ shows }) => shows === 7);
    const inSecond = grouping.filter(({ a }) => isDelta(a)).length;
    if (deltas.length < 2) continue;
    orders.add(shuffled.join(''));
    // Merges into the second group, which begins as its first delta, and into the first, which begins empty; then the groups are merged.
    if (shuffled.length === 2) cuts.add(`${inSecond}, ${grouping.length - inSecond - 1}`);
  }
  const [once, oneTwice, bothTwice] = [['12', '21'], ['112', '121', '211', '122', '212', '221'], ['1122', '1212', '1221', '2112', '2121', '2211']]; // biome-ignore format: by length
  expect([...orders].sort()).toEqual([...once!, ...oneTwice!, ...bothTwice!].sort());
  expect([...cuts].sort()).toEqual(['0, 1', '0, 2', '1, 0']);
});
