import { expect, test } from 'vitest';
import { ASYNC, runAll, semi, sync } from './log-runs.fixture.ts';

test.each([
  [semi(1), 3, 1],
  [semi(2), 5, 2],
  [semi(3), 5, 1],
  [sync(2), 3, 1],
  [sync(3), 5, 2],
  [ASYNC, 3, 0],
] as const)('%o with %i replicas, many seeds', (mode, replicas, burnMax) => {
  expect(runAll(400, { mode, replicas, burnMax }).lost).toBe(0);
});
