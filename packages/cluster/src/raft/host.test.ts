import { NodeId } from '@quorate/patterns/consensus/raft';
import { expect, test } from 'vitest';
import type { Asked, TestNode } from './cluster.fixture.ts';
import { TestCluster } from './cluster.fixture.ts';
import type { GroupError } from './index.ts';

const others = (cluster: TestCluster, node: TestNode): TestNode[] => cluster.nodes.filter((each) => each !== node);
const outcomes = (asked: readonly Asked[]): (string | undefined)[] => asked.map((each) => each.outcome);

test('three nodes elect a leader, which replicates, and all apply the same', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const asked = ['a', 'b', 'c'].map((text) => leader.propose(text));
  expect(outcomes(asked)).toEqual([undefined, undefined, undefined]);
  await cluster.applied(...asked);
  expect(outcomes(asked)).toEqual(['applied', 'applied', 'applied']);
  await cluster.converged();
  for (const node of cluster.nodes) expect(node.machine.items).toEqual(['a', 'b', 'c']);
});

test('everything proposed in one turn is one frame to each follower and one batch for the disk', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('first'));
  await cluster.world.run(200);
  const before = leader.host.counters;
  const asked = Array.from({ length: 1000 }, (_, i) => leader.propose(`${i}`));
  // Requests of one turn, and the answers of the two followers.
  await cluster.applied(...asked);
  const after = leader.host.counters;
  expect(after.persists - before.persists).toBe(1);
  expect(after.frames - before.frames).toBeLessThanOrEqual(4);
});

test('a single proposal is answered two network delays and one sync after it was made, with nothing in between', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('first'));
  await cluster.world.run(33);
  const [began, turns] = [cluster.world.now, leader.host.counters.turns];
  await cluster.applied(leader.propose('second'));
  expect(cluster.world.now - began).toBeCloseTo(2 * cluster.world.delayMs + leader.disk.syncMs, 5);
  // Propose; the own disk; the follower's answer.
  expect(leader.host.counters.turns - turns).toBeLessThanOrEqual(3);
});

test('a follower refuses proposals and names the leader', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const follower = others(cluster, leader)[0]!;
  const heard: unknown[] = [];
  follower.group.propose(new Uint8Array(), {
    refused: (refusal) => heard.push(refusal),
    lost: () => heard.push('lost'),
  });
  expect(heard).toEqual([]);
  await cluster.world.run(1);
  expect(heard).toEqual([{ reason: 'not-leader', leader: leader.id }]);
});

test('when the leader dies another takes over, and it finds its place again when it comes back', async () => {
  const cluster = await new TestCluster().start();
  const old = await cluster.leader();
  await cluster.applied(old.propose('before'));
  old.crash();
  const leader = await cluster.leader();
  expect(leader).not.toBe(old);
  await cluster.applied(leader.propose('meanwhile'));
  await old.start();
  await cluster.converged();
  expect(old.machine.items).toEqual(['before', 'meanwhile']);
});

test('all nodes at once lose power and everything acknowledged is there again', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const asked = Array.from({ length: 200 }, (_, i) => leader.propose(`${i}`));
  await cluster.world.until(() => asked.some((each) => each.outcome === 'applied'));
  for (const node of cluster.nodes) node.crash();
  for (const node of cluster.nodes) await node.start();
  const acknowledged = asked.filter((each) => each.outcome === 'applied').length;
  await cluster.leader();
  await cluster.converged();
  for (const node of cluster.nodes) expect(node.machine.items.length).toBeGreaterThanOrEqual(acknowledged);
});

test('a deposed leader loses what it had not seen committed, once each, and what was committed stays applied', async () => {
  const cluster = await new TestCluster().start();
  const old = await cluster.leader();
  const safe = old.propose('safe');
  await cluster.applied(safe);
  for (const other of others(cluster, old)) cluster.world.cut(old.virtual.name, other.virtual.name);
  const doomed = ['x', 'y'].map((text) => old.propose(text));
  await cluster.applied(...doomed);
  expect(outcomes(doomed)).toEqual(['lost', 'lost']);
  const late = old.propose('z');
  await cluster.applied(late);
  expect(late.outcome).toBe('refused not-leader');
  await cluster.world.until(() => cluster.leaderOf() !== undefined);
  const leader = cluster.leaderOf()!;
  expect(leader).not.toBe(old);
  await cluster.applied(leader.propose('new'));
  cluster.world.heal();
  await cluster.converged();
  for (const node of cluster.nodes) expect(node.machine.items).toEqual(['safe', 'new']);
  expect(safe.outcome).toBe('applied');
});

test('stopping refuses what is not in the log and loses what is', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  for (const other of others(cluster, leader)) other.crash();
  const inLog = leader.propose('in the log');
  await cluster.world.run(1);
  const queued = leader.propose('queued');
  const reads: (string | undefined)[] = [];
  leader.group.readBarrier((error) => reads.push((error as GroupError | undefined)?.code));
  const configured = leader.group.configure([leader.id], []).catch((error: GroupError) => error.code);
  await leader.host.stop();
  expect(outcomes([inLog, queued])).toEqual(['lost', 'refused stopped']);
  const after = leader.propose('after');
  leader.group.readBarrier((error) => reads.push((error as GroupError | undefined)?.code));
  expect(after.outcome).toBe(undefined);
  await cluster.world.run(1);
  expect(after.outcome).toBe('refused stopped');
  expect(reads).toEqual(['stopped', 'stopped']);
  expect(await configured).toBe('stopped');
});

test('a failed disk stops the node for good: it says so once, acknowledges nothing more, and the others go on', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('good'));
  leader.disk.failNext = new Error('EIO: sync');
  const doomed = leader.propose('doomed');
  await cluster.world.until(() => leader.fatal !== undefined);
  expect(leader.fatal!.message).toMatch(/EIO/);
  expect(doomed.outcome).toBe('lost');
  await cluster.world.run(100);
  const frames = leader.host.counters.frames;
  await cluster.world.run(2000);
  expect(leader.host.counters.frames).toBe(frames);
  leader.up = false;
  const next = await cluster.leader();
  await cluster.applied(next.propose('on'));
});

test('an invariant that breaks in a state machine stops the node', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const follower = others(cluster, leader)[0]!;
  follower.machine.apply = () => {
    throw new Error('the state cannot be');
  };
  leader.propose('poison');
  await cluster.world.until(() => follower.fatal !== undefined);
  expect(follower.fatal!.message).toBe('the state cannot be');
  expect(leader.fatal).toBe(undefined);
});

test('after a long pause the messages that have come meanwhile count before the clock does', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('a'));
  const { term } = leader.group.status;
  const follower = others(cluster, leader)[0]!;
  for (let i = 0; i < 20; i++) {
    follower.virtual.pausedUntil = cluster.world.now + 1500;
    await cluster.world.run(3000);
  }
  expect(leader.group.status).toMatchObject({ term, role: 'leader' });
});

test('a long backlog is applied in slices, so that the node stays a member meanwhile', async () => {
  const cluster = new TestCluster();
  cluster.options = { snapshotEntries: 1_000_000 };
  await cluster.start();
  const leader = await cluster.leader();
  const absent = others(cluster, leader)[0]!;
  absent.crash();
  for (let i = 0; i < 4; i++) {
    await cluster.applied(...Array.from({ length: 5000 }, (_, n) => leader.propose(`${n}`)));
  }
  await absent.start();
  await cluster.converged();
  expect(absent.machine.items.length).toBe(20_000);
  expect(absent.machine.turns).toBeGreaterThanOrEqual(5);
});

test('a change of role, term or leader is told outside any step, and can be unsubscribed', async () => {
  const cluster = await new TestCluster().start();
  const node = cluster.node(1);
  const seen: string[] = [];
  const subscription = node.group.onChange((status) => {
    node.propose('from the listener');
    seen.push(`${status.role} ${status.leader}`);
  });
  const leader = await cluster.leader();
  expect(seen.at(-1)).toBe(`${node === leader ? 'leader' : 'follower'} ${leader.id}`);
  subscription[Symbol.dispose]();
  const count = seen.length;
  leader.crash();
  await cluster.world.run(2000);
  expect(seen.length).toBe(count);
});

test('messages for a group that is not hosted here are ignored', async () => {
  const cluster = await new TestCluster(2).start();
  const leader = await cluster.leader();
  const other = others(cluster, leader)[0]!;
  leader.transport.send(other.id, 1, 'bulk', new Uint8Array([99, 7, 5]));
  await cluster.world.run(100);
  expect(other.fatal).toBe(undefined);
  await cluster.applied(leader.propose('a'));
});

test('a malformed frame from a peer ends that connection, and the group goes on', async () => {
  const cluster = await new TestCluster().start();
  const leader = await cluster.leader();
  const other = others(cluster, leader)[0]!;
  leader.transport.send(other.id, 1, 'bulk', new Uint8Array([0, 0x0f, 1, 1]));
  await cluster.world.run(1000);
  expect(other.fatal).toBe(undefined);
  await cluster.applied((await cluster.leader()).propose('a'));
  await cluster.converged();
});

test('a node of one is its own majority', async () => {
  const cluster = await new TestCluster(1).start();
  const leader = await cluster.leader();
  const asked = leader.propose('alone');
  await cluster.applied(asked);
  expect(asked.outcome).toBe('applied');
  await cluster.node(1).restart();
  await cluster.leader();
  await cluster.converged();
  expect(cluster.node(1).machine.items).toEqual(['alone']);
});

test('a proposal that is too long for a frame is the caller’s mistake', async () => {
  const cluster = await new TestCluster(1).start();
  const never = { refused: () => {}, lost: () => {} };
  expect(() => cluster.node(1).group.propose(new Uint8Array(9 * 1024 * 1024), never)).toThrow(/at most 8388608/);
  expect(NodeId.of(1)).toBe(cluster.node(1).id);
});
