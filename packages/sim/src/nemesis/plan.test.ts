import { describe, expect, test } from 'vitest';
import { gossiper } from '../world/determinism.fixture.ts';
import { World } from '../world/index.ts';
import {
  describeFault,
  describeProfile,
  drawProfile,
  FAULT_FAMILIES,
  type Fault,
  type FaultKind,
  formatFaults,
  Nemesis,
  parseFaults,
  planFaults,
  worldOptions,
} from './index.ts';

const nodes = ['a', 'b', 'c', 'd', 'e'];
const profileOf = (seed: bigint, all = false): ReturnType<typeof drawProfile> =>
  drawProfile({ seed, nodes, durationMs: 10_000, all });

describe('the plan', () => {
  test('is the same for the same seed, in order, within the run, and survives being written and read', () => {
    for (let seed = 0n; seed < 20n; seed++) {
      const faults = planFaults(profileOf(seed));
      expect(planFaults(profileOf(seed))).toEqual(faults);
      expect(parseFaults(formatFaults(faults))).toEqual(faults);
      expect(faults.every((fault, i) => i === 0 || faults[i - 1]!.atMs <= fault.atMs)).toBe(true);
      expect(faults.every((fault) => fault.atMs < 10_000 && fault.forMs >= 1)).toBe(true);
    }
  });

  test('has, over the seeds, every family and every kind, but in most runs only some', () => {
    const kinds = new Set<FaultKind>();
    const families = new Set<string>();
    let runsWithAll = 0;
    for (let seed = 0n; seed < 200n; seed++) {
      const profile = profileOf(seed);
      for (const { family } of profile.rates) families.add(family);
      if (profile.rates.length === FAULT_FAMILIES.length) runsWithAll += 1;
      for (const fault of planFaults(profile)) kinds.add(fault.kind);
    }
    expect(families.size).toBe(FAULT_FAMILIES.length);
    expect(kinds.size).toBe(16);
    expect(runsWithAll).toBeLessThan(20);
    expect(profileOf(1n, true).rates.length).toBe(FAULT_FAMILIES.length);
  });

  test('damages a minority of nodes only, and none of two', () => {
    const damaging: FaultKind[] = ['disk-full', 'failed-sync', 'failed-write', 'bit-flip'];
    const damaged = (faults: readonly Fault[]): Set<string> =>
      new Set(faults.flatMap((fault) => (damaging.includes(fault.kind) && 'nodes' in fault ? fault.nodes : [])));
    let most = 0;
    for (let seed = 0n; seed < 50n; seed++) most = Math.max(most, damaged(planFaults(profileOf(seed, true))).size);
    expect(most).toBe(2);
    const two = drawProfile({ seed: 1n, nodes: ['a', 'b'], durationMs: 10_000, all: true });
    expect(damaged(planFaults(two)).size).toBe(0);
  });

  test('leaves a family’s faults as they were when another family is taken out', () => {
    const profile = profileOf(3n, true);
    const without = { ...profile, rates: profile.rates.filter((rate) => rate.family !== 'kill') };
    expect(planFaults(without)).toEqual(planFaults(profile).filter((fault) => fault.kind !== 'kill'));
  });

  test('is restricted to the families asked for', () => {
    const profile = drawProfile({ seed: 1n, nodes, durationMs: 10_000, families: ['pause'] });
    expect(new Set(planFaults(profile).map((fault) => fault.kind))).toEqual(new Set(['pause']));
    expect(planFaults(drawProfile({ seed: 1n, nodes, durationMs: 10_000, families: [] }))).toEqual([]);
  });

  test('prints what the seed has decided', () => {
    const text = describeProfile(profileOf(1n, true));
    for (const word of ['seed        1', 'nodes', 'network', 'disk', 'damageable', ...FAULT_FAMILIES])
      expect(text).toContain(word);
    expect(describeFault({ kind: 'cut', atMs: 5, forMs: 7, shape: 'one way', cuts: [{ from: 'a', to: 'b' }] })).toBe(
      'cut at 5 ms for 7 ms: shape one way, a>b',
    );
  });

  test.each([
    '{"kind":"kill"}',
    '{"kind":"storm","atMs":1,"forMs":1}',
    '{"kind":"constructor","atMs":1,"forMs":1}',
    '5',
    'null',
    '{',
  ])('a list with the line %s is refused', (line) => expect(() => parseFaults(`\n${line}\n`)).toThrow());
});

describe('a run', () => {
  async function digestOf(
    seed: bigint,
    pick: (faults: readonly Fault[]) => readonly Fault[] = (faults) => faults,
  ): Promise<string> {
    const profile = drawProfile({ seed, nodes: nodes.slice(0, 4), durationMs: 1500, all: true });
    const world = new World({ ...worldOptions(profile), onProcessError: 'exit' });
    for (const name of profile.nodes) world.node(name).start(gossiper(name));
    const faults = parseFaults(formatFaults(pick(planFaults(profile))));
    const nemesis = new Nemesis(world, { nodes: profile.nodes, faults, leader: () => 'a' });
    await world.run({ forMs: 1500 });
    nemesis.heal();
    await world.run({ forMs: 200 });
    expect(world.nodes.every((node) => node.isRunning)).toBe(true);
    return world.digest;
  }

  test('is replayed exactly from its list of faults, and is another one without one of them', async () => {
    for (let seed = 0n; seed < 5n; seed++) {
      const digest = await digestOf(seed);
      expect(await digestOf(seed)).toBe(digest);
      expect(await digestOf(seed, (faults) => faults.slice(1))).not.toBe(digest);
    }
  });
});
