/** Each deliberate bug is found from its recorded seed on, and the seed that finds it finds nothing in what was built. */
import { describe, expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { changeOf, simulate } from './workshop.ts';

/** From the recorded one on: a change of anything gives every seed another story. */
const SEEDS = 10;

test('there are twelve bugs', () => {
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(12);
});

/** Of one bug, waiting for its share of the machine included. */
const TEST_MS_MAX = 120_000;

// Together: the time is spent in other processes.
describe.concurrent('the simulation finds', { timeout: TEST_MS_MAX }, () => {
  test.each(mutants)('$name', async (mutant) => {
    const { name, seed, plan, checks } = mutant;
    expect(seed, `no seed is known that finds ${name}`).toBeDefined();
    const plans = Array.from({ length: SEEDS }, (_, nth) => plan(String(Number(seed) + nth)));
    const { seeds, findings } = await simulate(changeOf(mutant), plans);
    const [first] = findings;
    expect(first, `no violation from seed ${seed} on`).toBeDefined();
    expect(findings.map(({ check }) => check)).toSatisfy((found: string[]) =>
      found.some((check) => checks.includes(check)),
    );
    expect((await simulate(undefined, [plans[seeds - 1]!])).findings).toEqual([]);
  });
});

test('a bug that does not fit exactly once is refused', () => {
  const unfit = { ...mutants[0]!, find: 'return', replace: '' };
  expect(() => changeOf(unfit)).toThrow(/expected exactly one place/);
});
