import { expect, test } from 'vitest';
import { TestCluster } from './cluster.fixture.ts';

test('three nodes elect a leader, which replicates, and all apply the same', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const asked = ['a', 'b', 'c'].map((text) => leader.propose(text));
  await cluster.applied(...asked);
  expect(asked.map((a) => a.outcome)).toEqual(['applied', 'applied', 'applied']);
  await cluster.converged();
  for (const node of cluster.nodes) expect(node.machine.items).toEqual(['a', 'b', 'c']);
});
