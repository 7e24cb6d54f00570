/** Each deliberate bug is found from its recorded seed on, and the seed that finds it finds nothing in what was built. */
import { afterAll, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { Workshop } from './workshop.ts';

/** From the recorded one on: a change of anything gives every seed another story. */
const SEEDS = 10;

const workshop = new Workshop();
const sound = workshop.copy();
afterAll(() => workshop[Symbol.dispose]());

test.each(mutants.filter(({ seed }) => seed !== undefined))('$name is found', async (mutant) => {
  const { nodes, faults, checks } = mutant;
  const plan = { nodes, faults, seed: mutant.seed!, seeds: SEEDS };
  const { findings } = await workshop.simulate(workshop.copy(mutant), plan);
  const [first] = findings;
  expect(first, `no violation from seed ${plan.seed} on`).toBeDefined();
  expect((await workshop.simulate(sound, { ...plan, seed: first!.seed, seeds: 1 })).findings).toEqual([]);
  expect(findings.map(({ check }) => check)).toSatisfy((found: string[]) =>
    found.some((check) => checks.includes(check)),
  );
});

test('a bug that does not fit exactly once is refused', () => {
  const unfit = { ...mutants[0]!, find: 'return', replace: '' };
  expect(() => workshop.copy(unfit)).toThrow(/expected exactly one place/);
});
