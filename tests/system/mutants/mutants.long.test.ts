/** Each deliberate bug is found from fresh seeds, within a budget of them. Prints how many each has needed. */
import { expect, test } from 'vitest';
import { mutants } from './mutants.ts';
import { changeOf, simulate } from './workshop.ts';

const BUDGET_SEEDS = 400;
const STEP_SEEDS = 20;
const FIRST_SEED = 1000;

test.each(mutants)('$name is found from fresh seeds', async (mutant) => {
  const { plan, checks, name } = mutant;
  const change = changeOf(mutant);
  for (let tried = 0; tried < BUDGET_SEEDS; tried += STEP_SEEDS) {
    const plans = Array.from({ length: STEP_SEEDS }, (_, nth) => plan(String(FIRST_SEED + tried + nth)));
    const { findings } = await simulate(change, plans);
    const found = findings.find(({ check }) => checks.includes(check));
    if (found === undefined) continue;
    console.log(`${name}: found by ${found.check} after ${Number(found.seed) - FIRST_SEED + 1} seeds`);
    return;
  }
  expect.fail(`${name} was not found by ${BUDGET_SEEDS} seeds`);
});
