/** The stories of `simulation.prop.test.ts`, many more of them and longer. Part of `npm run test:long`. */
import { expect, test } from 'vitest';
import { tell } from './simulation.fixture.ts';

const SEEDS = 3_000;

test('many long stories', () => {
  const failed: string[] = [];
  for (let seed = 1_000; seed < 1_000 + SEEDS; seed++) {
    try {
      tell({ seed, operations: 60 });
    } catch (error) {
      failed.push(`seed ${seed}: ${(error as Error).message}`);
    }
  }
  expect(failed).toEqual([]);
});
