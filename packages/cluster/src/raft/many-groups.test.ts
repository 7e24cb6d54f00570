import { expect, test } from 'vitest';
import { TestCluster } from './cluster.fixture.ts';

const GROUPS = 100;

async function started(options: TestCluster['options'] = {}): Promise<TestCluster> {
  const cluster = new TestCluster();
  cluster.groupCount = GROUPS;
  cluster.options = options;
  await cluster.start();
  await cluster.world.until(() =>
    Array.from({ length: GROUPS }, (_, group) => cluster.leaderOf(group)).every(
      (leader, group) =>
        leader !== undefined && cluster.nodes.every((node) => node.groups[group]!.status.leader === leader.id),
    ),
  );
  return cluster;
}

test('a hundred groups on three nodes elect, replicate, and keep their logs apart', async () => {
  const cluster = await started();
  const asked = Array.from({ length: GROUPS }, (_, group) => cluster.leaderOf(group)!.propose(`to ${group}`, group));
  await cluster.applied(...asked);
  expect(asked.every((each) => each.outcome === 'applied')).toBe(true);
  for (let group = 0; group < GROUPS; group++) {
    await cluster.converged(group);
    for (const node of cluster.nodes) expect(node.machines[group]!.items).toEqual([`to ${group}`]);
  }
});

test('what all groups propose in one turn is one batch for the disk', async () => {
  const cluster = await started();
  const [leader] = cluster.nodes.filter((node) => node.groups.some((group) => group.status.role === 'leader'));
  await cluster.world.run(1000);
  const before = leader!.host.counters;
  const led = leader!.groups.flatMap((group, i) => (group.status.role === 'leader' ? [i] : []));
  await cluster.applied(...led.map((group) => leader!.propose('x', group)));
  expect(led.length).toBeGreaterThan(5);
  expect(leader!.host.counters.persists - before.persists).toBe(1);
});

test('heartbeats of all groups to one peer leave together: frames go with the peers, not with the groups', async () => {
  const cluster = await started();
  await cluster.world.run(1000);
  const frames = cluster.nodes.map((node) => node.host.counters.frames);
  const intervals = 50;
  await cluster.world.run(60 * intervals);
  cluster.nodes.forEach((node, i) => {
    // Per interval: heartbeats to two peers, and answers to the heartbeats of two.
    expect((node.host.counters.frames - frames[i]!) / intervals).toBeLessThanOrEqual(4.2);
  });
});

test('groups with nothing to do fall silent, and wake when a member dies', async () => {
  const cluster = await started({ quiesceAfterMs: 500 });
  await cluster.world.run(3000);
  const frames = cluster.nodes.map((node) => node.host.counters.frames);
  await cluster.world.run(10_000);
  expect(cluster.nodes.map((node, i) => node.host.counters.frames - frames[i]!)).toEqual([0, 0, 0]);
  const gone = cluster.nodes.find((node) => node.groups.some((group) => group.status.role === 'leader'))!;
  const orphaned = gone.groups.flatMap((group, i) => (group.status.role === 'leader' ? [i] : []));
  gone.crash();
  await cluster.world.run(5000);
  for (const group of orphaned) {
    const leader = cluster.leaderOf(group);
    expect(leader).toBeDefined();
    await cluster.applied(leader!.propose('awake', group));
  }
  // It comes back to groups that are silent by then, and still learns what it missed.
  await cluster.world.run(3000);
  await gone.start();
  await cluster.world.run(5000);
  for (const group of orphaned) expect(gone.machines[group]!.items).toEqual(['awake']);
});
