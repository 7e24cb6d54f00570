import { connect } from '@quorate/cluster/client';
import { createNodeEnv } from '@quorate/env/node';
import { expect, test } from 'vitest';
import { ProcessCluster } from './process-cluster.ts';

const REMOVED = /n\d stops: it was removed from the cluster for good/;

test('a process whose member was removed says so and ends with status 0, also when it is started again', async () => {
  await using cluster = await ProcessCluster.start(3);
  using env = createNodeEnv({ log: { level: 'error' } });
  await using client = await connect({ env, endpoints: cluster.endpoints, timeoutMs: 20_000 });
  const leader = await cluster.untilLeader();
  // A member is only removed while a majority of the others is there.
  for (const node of cluster.nodes) {
    while ((await cluster.status(node))?.leader !== leader.name)
      await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const gone = cluster.nodes.find((node) => node !== leader)!;
  const member = (await client.cluster.members()).find(({ name }) => name === gone.name)!;
  await client.cluster.removeMember(member.id);
  expect(await cluster.exitOf(gone)).toBe(0);
  expect(gone.output).toMatch(REMOVED);

  gone.output = '';
  cluster.spawn(gone);
  expect(await cluster.exitOf(gone)).toBe(0);
  expect(gone.output).toMatch(REMOVED);
  await client.put('the others', 'go on');
}, 60_000);
