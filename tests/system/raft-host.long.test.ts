import { expect, test } from 'vitest';
import { play, type ScenarioOptions } from './raft-host.fixture.ts';

const SEEDS = 200;
const raft = { snapshotEntries: 40, trailingEntries: 5, readTimeoutMs: 2000 };
const sizes: readonly ScenarioOptions[] = [
  { nodes: 3, groups: 3, raft },
  { nodes: 5, groups: 2, raft },
  { nodes: 3, groups: 3, raft: { ...raft, quiesceAfterMs: 300 } },
];

test.each(sizes)('hundreds of histories break no promise: %j', async (options) => {
  for (let seed = 1000; seed < 1000 + SEEDS; seed++) {
    const { violations, world } = await play(BigInt(seed), options);
    expect({ seed, violations, failures: world.failures }).toEqual({ seed, violations: [], failures: [] });
  }
});
