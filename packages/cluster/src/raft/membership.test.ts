import type { Configuration, NodeId } from '@quorate/patterns/consensus/raft';
import { expect, test } from 'vitest';
import { TestCluster } from './cluster.fixture.ts';
import type { GroupError } from './index.ts';

const nobody: Configuration = { voters: [], outgoing: [], learners: [], learnersNext: [] };
const ids = (...numbers: number[]): NodeId[] => numbers as NodeId[];

test('a learner catches up, is promoted, and an old voter leaves', async () => {
  const cluster = new TestCluster(4, 1, 3);
  for (const id of [1, 2, 3]) await cluster.node(id).start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('a'));
  await cluster.node(4).start(nobody);
  const added = leader.group.configure(ids(1, 2, 3), ids(4));
  await cluster.world.run(300);
  await added;
  expect(leader.group.status.configuration.learners).toEqual([4]);
  await cluster.converged();
  expect(cluster.node(4).machine.items).toEqual(['a']);

  const promoted = leader.group.configure(ids(1, 2, 3, 4), []);
  await cluster.world.run(300);
  await promoted;
  const leaving = [1, 2, 3].find((id) => id !== leader.id)!;
  const staying = [1, 2, 3, 4].filter((id) => id !== leaving);
  const removed = leader.group.configure(ids(...staying), []);
  await cluster.world.run(300);
  await removed;
  expect(leader.group.status.configuration).toEqual({ ...nobody, voters: staying });
  await cluster.applied(leader.propose('b'));
});

test('a leader that removes itself hands over', async () => {
  const cluster = await new TestCluster().start();
  const old = await cluster.leader();
  const staying = ids(1, 2, 3).filter((id) => id !== old.id);
  let result: string | undefined;
  old.group.configure(staying, []).then(
    () => {
      result = 'done';
    },
    (error: GroupError) => {
      result = error.outcome;
    },
  );
  await cluster.world.until(() => result !== undefined);
  expect(result).toBe('done');
  await cluster.world.until(() => cluster.leaderOf() !== undefined && cluster.leaderOf() !== old);
  await cluster.applied(cluster.leaderOf()!.propose('on'));
});

test('a change on a follower, and a senseless one, are refused', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const follower = cluster.nodes.find((node) => node !== leader)!;
  const refusals = Promise.all(
    [follower.group.configure(ids(1, 2), []), leader.group.configure([], [])].map((change) =>
      change.catch((error: GroupError) => [error.code, error.outcome]),
    ),
  );
  await cluster.world.run(50);
  expect(await refusals).toEqual([
    ['not-leader', 'not-applied'],
    ['invalid-configuration', 'not-applied'],
  ]);
});

test('leadership moves where it is asked to, and proposals meanwhile are refused as retryable', async () => {
  const cluster = await new TestCluster().start();
  const old = await cluster.leader();
  const target = cluster.nodes.find((node) => node !== old)!;
  const moved = old.group.transferLeadership(target.id);
  await cluster.world.until(() => target.group.status.role === 'leader');
  await cluster.world.run(20);
  await moved;
  await cluster.applied(target.propose('x'));
});

test('a transfer to a node that is away fails, in time, and the leader goes on', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const target = cluster.nodes.find((node) => node !== leader)!;
  target.crash();
  const moved = leader.group.transferLeadership(target.id).catch((error: GroupError) => error.code);
  await cluster.world.run(1500);
  expect(await moved).toBe('timed-out');
  await cluster.applied(leader.propose('x'));
  await expect(leader.group.transferLeadership(9 as NodeId)).rejects.toThrow(/node 9 is not a voter/);
  await leader.group.transferLeadership(leader.id);
});

test('a node that was added while another was away reaches that one when it comes back, though it is unknown there', async () => {
  const cluster = new TestCluster(4, 1, 3);
  for (const id of [1, 2, 3]) await cluster.node(id).start();
  await cluster.leader();
  const away = cluster.nodes.find((node) => node.up && node !== cluster.leaderOf())!;
  away.crash();
  const leader = await cluster.leader();
  await cluster.node(4).start(nobody);
  const added = leader.group.configure(ids(1, 2, 3, 4), []);
  await cluster.world.run(500);
  await added;
  const moved = leader.group.transferLeadership(cluster.node(4).id);
  await cluster.world.run(500);
  await moved;
  // The one that comes back has the addresses of the three only.
  await away.start();
  away.transport.setPeers(new Map([...cluster.addresses].filter(([id]) => id !== 4)));
  await cluster.converged();
  expect(away.group.status.leader).toBe(4);
});
