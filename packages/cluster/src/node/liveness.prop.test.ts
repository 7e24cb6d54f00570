import { expect, test } from 'vitest';
import { liveThrough } from './liveness.fixture.ts';

const SEEDS = Array.from({ length: 20 }, (_, i) => BigInt(i + 1));

/** Alone: `vitest run liveness.prop.test.ts -t 'seed 7n'`. */
test.each(SEEDS)('seed %s: nothing is stuck, silent or left behind once all is well', async (seed) => {
  expect(await liveThrough(seed, 60)).toEqual([]);
});
