import { expect, test } from 'vitest';
import { TestCluster, type TestNode } from './cluster.fixture.ts';
import type { GroupError } from './index.ts';

/** A read barrier's outcome, and when it came. */
function read(cluster: TestCluster, node: TestNode): { result: string | undefined; at: number; items: number } {
  const seen = { result: undefined as string | undefined, at: 0, items: 0 };
  node.group.readBarrier((error) => {
    seen.result = error === undefined ? 'ok' : (error as GroupError).code;
    seen.at = cluster.world.now;
    seen.items = node.machine.items.length;
  });
  return seen;
}

test('a read barrier on any node sees everything acknowledged before it', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  for (let round = 1; round <= 5; round++) {
    await cluster.applied(leader.propose(`${round}`));
    const reads = cluster.nodes.map((node) => read(cluster, node));
    await cluster.world.until(() => reads.every((each) => each.result !== undefined));
    expect(reads.map((each) => each.result)).toEqual(['ok', 'ok', 'ok']);
    for (const each of reads) expect(each.items).toBeGreaterThanOrEqual(round);
  }
});

test('all reads that wait in one turn share one round', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('a'));
  await cluster.world.run(500);
  const before = leader.host.counters.messages;
  const [began, reads] = [cluster.world.now, Array.from({ length: 500 }, () => read(cluster, leader))];
  expect(reads[0]!.result).toBe(undefined);
  await cluster.world.until(() => reads.every((each) => each.result === 'ok'));
  expect(leader.host.counters.messages - before).toBeLessThanOrEqual(4);
  expect(cluster.world.now - began).toBeCloseTo(2 * cluster.world.delayMs, 5);
});

test('a barrier survives the loss of the leader', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('a'));
  const follower = cluster.nodes.find((node) => node !== leader)!;
  leader.crash();
  const seen = read(cluster, follower);
  await cluster.world.until(() => seen.result !== undefined);
  expect(seen).toMatchObject({ result: 'ok', items: 1 });
});

test('a barrier that no leader confirms fails when its time is over, and not before', async () => {
  const cluster = new TestCluster();
  cluster.options = { readTimeoutMs: 3000 };
  await cluster.start();
  const leader = await cluster.leader();
  for (const node of cluster.nodes) if (node !== leader) node.crash();
  const began = cluster.world.now;
  const seen = read(cluster, leader);
  await cluster.world.until(() => seen.result !== undefined);
  expect(seen.result).toBe('no-leader');
  expect(seen.at - began).toBeGreaterThanOrEqual(3000);
  expect(seen.at - began).toBeLessThan(3500);
});

test('a leader that was cut off does not answer reads although it does not know it yet', async () => {
  const cluster = await new TestCluster().start();
  const old = await cluster.leader();
  await cluster.applied(old.propose('a'));
  for (const node of cluster.nodes) if (node !== old) cluster.world.cut(old.virtual.name, node.virtual.name);
  const seen = read(cluster, old);
  await cluster.world.run(1500);
  expect(seen.result).toBe(undefined);
  const leader = cluster.leaderOf()!;
  await cluster.applied(leader.propose('b'));
  cluster.world.heal();
  await cluster.world.until(() => seen.result !== undefined);
  expect(seen).toMatchObject({ result: 'ok', items: 2 });
});
