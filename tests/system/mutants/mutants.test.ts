/** Each deliberate bug is found from its recorded seed on, and the seed that finds it finds nothing in what was built. */
import { afterAll, describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { Workshop } from './workshop.ts';

/** From the recorded one on: a change of anything gives every seed another story. */
const SEEDS = 10;

const workshop = new Workshop();
const sound = workshop.copy();
afterAll(() => workshop[Symbol.dispose]());

test('there are ten bugs', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(10);
});

// Two at a time: most of the time is spent in the other processes.
describe.concurrent('the simulation finds', () => {
  test.each(mutants)('$name', async ({ seed, plan, checks, ...mutant }) => {
    expect(seed, `no seed is known that finds ${mutant.name}`).toBeDefined();
    const plans = Array.from({ length: SEEDS }, (_, nth) => plan(String(Number(seed) + nth)));
    const { findings } = await workshop.simulate(workshop.copy(mutant), plans);
    const [first] = findings;
    expect(first, `no violation from seed ${seed} on`).toBeDefined();
    expect(findings.map(({ check }) => check)).toSatisfy((found: string[]) =>
      found.some((check) => checks.includes(check)),
    );
    expect((await workshop.simulate(sound, [plan(first!.seed)])).findings).toEqual([]);
  });
});

test('a bug that does not fit exactly once is refused', () => {
  const unfit = { ...mutants[0]!, find: 'return', replace: '' };
  expect(() => workshop.copy(unfit)).toThrow(/expected exactly one place/);
});
