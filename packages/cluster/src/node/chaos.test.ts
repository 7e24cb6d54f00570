import { expect, test } from 'vitest';
import { runChaos } from './chaos.fixture.ts';

// More seeds: npm run test:long, or SEED=n SEEDS=m.
test.each([11n, 12n, 14n])('seed %s: what an application relies on holds under faults', async (seed) => {
  const { violations, acknowledged } = await runChaos(seed, 4000);
  expect(violations).toEqual([]);
  expect(acknowledged).toBeGreaterThan(0);
});
