import { expect, test } from 'vitest';
import { play, type ScenarioOptions } from './raft-host.fixture.ts';

const SEEDS = 5;
const options: ScenarioOptions = {
  nodes: 3,
  groups: 3,
  raft: { snapshotEntries: 40, trailingEntries: 5, readTimeoutMs: 2000 },
};

test.each(Array.from({ length: SEEDS }, (_, i) => BigInt(i + 1)))(
  'with crashes, pauses, cuts and resets nothing acknowledged is lost, nothing is applied twice, reads are current (seed %i)',
  async (seed) => {
    const scenario = await play(seed, options);
    expect(scenario.violations).toEqual([]);
    expect(scenario.world.failures).toEqual([]);
    expect(scenario.acknowledged.length).toBeGreaterThan(100);
  },
);

test('one seed is one history', async () => {
  const [one, other, another] = [await play(3n, options), await play(3n, options), await play(4n, options)];
  expect(one.world.digest).toBe(other.world.digest);
  expect(one.world.digest).not.toBe(another.world.digest);
});
