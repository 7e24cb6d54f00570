/** The stories of `cluster.prop.test.ts`, many more of them and longer. Part of `npm run test:long`. */
import { describe, expect, test } from 'vitest';
import { plots } from './plots.fixture.ts';
import { tell } from './story.fixture.ts';

const SEEDS = 2000;

describe('many long stories', () => {
  for (const [name, plot] of Object.entries(plots)) {
    test(name, () => {
      const failed: string[] = [];
      for (let seed = 1000; seed < 1000 + SEEDS; seed++) {
        try {
          tell({ ...plot, rounds: 2 * plot.rounds, seed });
        } catch (error) {
          failed.push(`seed ${seed}: ${(error as Error).message}`);
        }
      }
      expect(failed).toEqual([]);
    });
  }
});
