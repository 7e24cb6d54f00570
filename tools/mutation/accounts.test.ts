import { describe, expect, test } from 'vitest';
import { repoOf } from '../repo.js';
import { acceptedOf, wrongAccepted } from './accepted.js';
import { mutantsOf } from './mutants.js';
import { planOf } from './plan.js';
import { keyOf } from './results.js';
import { sampled } from './sample.js';
import { scoreOf, tableOf } from './table.js';

const path = 'packages/patterns/src/toy/toy.ts';
const mutants = mutantsOf(path, 'export const f = (a: number): boolean => a > 7;\n');
const line = (right: string): string => `export const f = (a: number): boolean => ${right};`;
const entry = {
  file: 'toy.ts',
  function: 'f',
  original: line('a > 7'),
  mutated: line('a >= 7'),
  reason: 'it is the same for all that are given',
};
const repoWith = (entries: unknown) => repoOf({ 'tools/mutation/accepted/toy.json': JSON.stringify(entries) });

describe('accepted mutants', () => {
  test('are found by what they are', () => {
    const accepted = acceptedOf(repoWith([entry]), 'toy')!;
    expect(mutants.map((mutant) => accepted.has(keyOf(mutant)))).toEqual([true, false, false, false]);
    expect(wrongAccepted(repoWith([entry]), 'toy', mutants)).toEqual([]);
  });
  test('are none, and nothing is held to them, where there is no file', () => {
    expect([acceptedOf(repoOf({}), 'toy'), wrongAccepted(repoOf({}), 'toy', mutants)]).toEqual([undefined, []]);
  });
  test.each([
    ['there is no such mutant any more', { ...entry, original: line('a > 5') }],
    ['there is no such mutant any more', { ...entry, nth: 2 }],
    ['give a reason', { ...entry, reason: 'equivalent' }],
    ['give a reason', { ...entry, reason: undefined }],
  ])('are refused: %s', (message, wrong) => {
    expect(wrongAccepted(repoWith([wrong]), 'toy', mutants)).toEqual([expect.stringContaining(message)]);
  });
  test('are refused when they stand there twice', () => {
    expect(wrongAccepted(repoWith([entry, entry]), 'toy', mutants)).toEqual(['1 are there twice; remove them']);
  });
});

describe('the plan for a mutant', () => {
  const recorded = (cpuMs: number, passed: [number, number][], isAlone = true) => ({
    name: 'a',
    cpuMs,
    passed: new Map(passed),
    error: '',
    isAlone,
  });
  const bundle = (test: string, tests: ReturnType<typeof recorded>[], whileLoading: [number, number][] = []) => ({
    test,
    file: `${test}.cjs`,
    recorded: { whileLoading: new Map(whileLoading), tests },
  });
  test('takes the tests that come by, the quickest first, and those beside the file as if they were quicker', () => {
    const bundles = [
      bundle('slow.test.ts', [recorded(300, [[0, 1]]), recorded(1, [])]),
      bundle('quick.test.ts', [recorded(5, []), recorded(10, [[0, 900]])]),
      bundle('other.test.ts', [recorded(1, [[1, 5]])]),
      bundle('toy.prop.test.ts', [recorded(500, [[0, 3]]), recorded(20, [[0, 3]])]),
    ];
    const plan = planOf(0, mutants[0]!, bundles)!;
    expect(plan.steps).toEqual([
      { file: 'toy.prop.test.ts.cjs', tests: [1] },
      { file: 'quick.test.ts.cjs', tests: [1] },
      { file: 'toy.prop.test.ts.cjs', tests: [0] },
      { file: 'slow.test.ts.cjs', tests: [0] },
    ]);
    expect(plan.hitsMax).toBeGreaterThan(900 * 10);
    expect(plan.cpuMsMax('toy.prop.test.ts.cjs', 0)).toBeGreaterThan(500 * 5);
    expect(planOf(2, mutants[2]!, bundles)).toBeUndefined();
  });
  test('takes all tests of a file that passes the place while it is loaded, or whose tests need each other', () => {
    const loading = bundle('a.test.ts', [recorded(1, []), recorded(2, [])], [[0, 1]]);
    const dependent = bundle('b.test.ts', [recorded(9, []), recorded(9, [[0, 1]], false)]);
    expect(planOf(0, mutants[0]!, [loading, dependent])!.steps).toEqual([
      { file: 'a.test.ts.cjs', tests: [0] },
      { file: 'a.test.ts.cjs', tests: [1] },
      { file: 'b.test.ts.cjs', tests: [0, 1] },
    ]);
  });
});

test('a sample is as large as asked, in order, the same for a seed and another for another', () => {
  const items = Array.from({ length: 1000 }, (_, i) => i);
  const one = sampled(items, 50, 1);
  expect([one.length, new Set(one).size, [...one].sort((a, b) => a - b)]).toEqual([50, 50, one]);
  expect(sampled(items, 50, 1)).toEqual(one);
  expect(sampled(items, 50, 2)).not.toEqual(one);
  expect(sampled(items, 5000, 1)).toEqual(items);
  // Every part of the list has its share.
  const thirds = [0, 0, 0];
  for (let seed = 0; seed < 60; seed++)
    for (const item of sampled(items, 50, seed)) thirds[Math.floor(item / 334)]! += 1;
  for (const count of thirds) expect(count).toBeGreaterThan(850);
});

test('the table counts what is accepted apart, and rounds a score down', () => {
  const results = (outcome: 'killed' | 'ran-on' | 'survived' | 'not-covered', count: number, isAccepted = false) =>
    Array.from({ length: count }, () => ({ outcome, isAccepted }));
  const held = scoreOf('b', 2003, [
    ...results('killed', 1998),
    ...results('ran-on', 1),
    ...results('survived', 3, true),
    ...results('not-covered', 1),
  ]);
  const table = tableOf([held, scoreOf('a', 900, [...results('killed', 2), ...results('survived', 1)])]);
  expect(table.split('\n').slice(-3)).toEqual([
    '| a | 900 | 3 | 2 | 0 | 0 | 1 | 0 | 66.6 % |',
    '| b | 2,003 | 2,003 | 1,998 | 1 | 3 | 0 | 1 | 99.9 % |',
    '',
  ]);
});
