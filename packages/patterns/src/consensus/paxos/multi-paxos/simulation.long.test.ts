/** The stories of `simulation.prop.test.ts`, many more of them. Part of `npm run test:long`. */
import { expect, test } from 'vitest';
import { tell } from './simulation.fixture.ts';

const SEEDS = 1_500;

test.each([3, 4, 5])('many stories of %i replicas', (members) => {
  const failed: string[] = [];
  let noOps = 0;
  for (let seed = 1_000; seed < 1_000 + SEEDS; seed++) {
    try {
      noOps += tell({ seed, members }).noOps;
    } catch (error) {
      failed.push(`seed ${seed}: ${(error as Error).message}`);
    }
  }
  expect(failed).toEqual([]);
  expect(noOps).toBeGreaterThan(0);
});
