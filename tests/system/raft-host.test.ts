import { expect, test } from 'vitest';
import { Scenario, type ScenarioOptions } from './raft-host.fixture.ts';

const SEEDS = 12;
const options: ScenarioOptions = {
  nodes: 3,
  groups: 3,
  raft: { snapshotEntries: 40, trailingEntries: 5, readTimeoutMs: 2000 },
};

async function run(seed: bigint, scenarioOptions: ScenarioOptions = options): Promise<Scenario> {
  const scenario = new Scenario(seed, scenarioOptions);
  scenario.start();
  await scenario.world.run({ forMs: 1500 });
  const random = scenario.world.stream('clients');
  for (let turn = 0; turn < 400; turn++) {
    const name = scenario.names[random.below(scenario.names.length)]!;
    const group = random.below(scenarioOptions.groups);
    for (let i = random.below(6); i >= 0; i--) scenario.propose(name, group);
    if (random.below(4) === 0) scenario.read(name, group);
    if (random.below(15) === 0) scenario.disturb();
    await scenario.world.run({ forMs: random.below(40) + 1 });
  }
  await scenario.heal();
  scenario.check();
  return scenario;
}

test.each(Array.from({ length: SEEDS }, (_, i) => BigInt(i + 1)))(
  'with crashes, pauses, cuts and resets nothing acknowledged is lost, nothing is applied twice, reads are current (seed %i)',
  async (seed) => {
    const scenario = await run(seed);
    expect(scenario.violations).toEqual([]);
    expect(scenario.world.failures).toEqual([]);
    expect(scenario.acknowledged.length).toBeGreaterThan(100);
  },
);

test('one seed is one history', async () => {
  const [one, other, another] = [await run(3n), await run(3n), await run(4n)];
  expect(one.world.digest).toBe(other.world.digest);
  expect(one.world.digest).not.toBe(another.world.digest);
});
