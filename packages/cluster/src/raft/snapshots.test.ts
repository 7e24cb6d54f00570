import { DiskError } from '@quorate/env';
import { describe, expect, test } from 'vitest';
import { StorageError } from '../storage/errors.ts';
import { GroupId } from '../storage/types.ts';
import { TestCluster, type TestNode } from './cluster.fixture.ts';

const CORE = GroupId.of(0);
const small = { snapshotEntries: 50, trailingEntries: 10 };

async function fill(cluster: TestCluster, leader: TestNode, count: number): Promise<void> {
  for (let i = 0; i < count; i += 10) {
    await cluster.applied(...Array.from({ length: 10 }, (_, n) => leader.propose(`${i + n}`)));
  }
}

/** Starts a cluster of which one follower goes down: what comes from here on, it lacks. */
async function withoutOne(
  cluster: TestCluster,
  padding?: number,
): Promise<{ cluster: TestCluster; leader: TestNode; absent: TestNode }> {
  cluster.options = small;
  if (padding !== undefined) cluster.padding = padding;
  await cluster.start();
  const leader = await cluster.leader();
  const absent = cluster.nodes.find((node) => node !== leader)!;
  absent.crash();
  return { cluster, leader, absent };
}

test('a snapshot is taken when enough was applied, and the log behind it is released but for a tail', async () => {
  const cluster = new TestCluster();
  cluster.options = small;
  await cluster.start();
  const leader = await cluster.leader();
  await fill(cluster, leader, 120);
  await cluster.converged();
  await cluster.world.run(100);
  for (const node of cluster.nodes) {
    expect(node.host.counters.snapshotsTaken).toBe(2);
    const mark = node.disk.snapshots.get(CORE)!.mark;
    expect(mark.index).toBeGreaterThanOrEqual(100);
    expect(mark.configuration.voters).toEqual([1, 2, 3]);
    expect(node.group.status.snapshotIndex).toBe(mark.index);
    expect(node.disk.groups.get(CORE)!.entries[0]!.index).toBe(mark.index - 9);
  }
});

test('a node starts from its snapshot and the log behind it', async () => {
  const cluster = new TestCluster();
  cluster.options = small;
  await cluster.start();
  await fill(cluster, await cluster.leader(), 120);
  await cluster.converged();
  for (const node of cluster.nodes) node.crash();
  for (const node of cluster.nodes) await node.start();
  expect(cluster.node(1).machine.restores).toBe(1);
  await cluster.leader();
  await cluster.converged();
  for (const node of cluster.nodes) expect(node.machine.items).toEqual(Array.from({ length: 120 }, (_, i) => `${i}`));
});

test('bytes, too, cause a snapshot', async () => {
  const cluster = new TestCluster();
  cluster.options = { snapshotBytes: 10_000 };
  await cluster.start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('x'.repeat(20_000)));
  await cluster.converged();
  await cluster.world.run(10);
  expect(leader.host.counters.snapshotsTaken).toBe(1);
});

test('a follower that is too far behind is sent the snapshot, in chunks, and catches up from there', async () => {
  const { cluster, leader, absent } = await withoutOne(new TestCluster(), 3_000_000);
  await fill(cluster, leader, 200);
  await cluster.world.run(100);
  await absent.start();
  await cluster.converged();
  expect(absent.machine.items.length).toBe(200);
  expect(absent.host.counters.snapshotsReceived).toBe(1);
  await cluster.world.run(10);
  expect(leader.host.counters.snapshotsSent).toBe(1);
  await cluster.world.run(1000);
  await absent.restart();
  await cluster.converged();
  expect(absent.machine.items.length).toBe(200);
});

test('a stream that breaks off is taken up where it stood', async () => {
  const { cluster, leader, absent } = await withoutOne(new TestCluster(), 4_000_000);
  await fill(cluster, leader, 200);
  await cluster.world.run(100);
  leader.virtual.rate = 25_000; // The snapshot takes 160 ms.
  await absent.start();
  await cluster.world.until(() => leader.transport.queuedBytes(absent.id) > 500_000);
  await cluster.world.run(80);
  const bytesBefore = leader.virtual.bytesOut;
  // Both sides see the connection go; nobody crashes.
  for (const socket of leader.virtual.sockets) if (socket.remote.host === absent.virtual.name) socket.lost('reset');
  await cluster.converged();
  expect(absent.machine.items.length).toBe(200);
  expect(bytesBefore).toBeGreaterThan(1_500_000);
  expect(leader.virtual.bytesOut - bytesBefore).toBeLessThan(3_000_000);
  await cluster.world.run(10);
  expect(leader.host.counters.snapshotsSent).toBe(1);
});

test('heartbeats go on while a snapshot is streamed, so that nobody stands for election', async () => {
  const { cluster, leader, absent } = await withoutOne(new TestCluster(), 4_000_000);
  await fill(cluster, leader, 200);
  const { term } = leader.group.status;
  leader.virtual.rate = 2_000; // Two seconds.
  await absent.start();
  await cluster.converged();
  expect(leader.group.status).toMatchObject({ role: 'leader', term });
});

test('wherever a node crashes while it takes over a snapshot, it comes back whole', async () => {
  for (let crashAfter = 0; crashAfter < 40; crashAfter += 1) {
    const { cluster, leader, absent } = await withoutOne(new TestCluster(3, crashAfter + 1));
    await fill(cluster, leader, 100);
    await cluster.world.run(50);
    await absent.start();
    await cluster.world.until(() => (absent.disk.snapshots.get(CORE)?.mark.index ?? 0) > 0);
    const from = cluster.world.events;
    await cluster.world.until(() => cluster.world.events >= from + crashAfter);
    absent.crash();
    await absent.start();
    await cluster.converged();
    expect(absent.machine.items).toEqual(leader.machine.items);
    expect(absent.group.status.damaged).toBe(false);
  }
});

test('a log that begins beyond the newest snapshot is damage, which stays known until it is repaired', async () => {
  const cluster = new TestCluster();
  cluster.options = small;
  await cluster.start();
  const leader = await cluster.leader();
  await fill(cluster, leader, 120);
  await cluster.converged();
  const hurt = cluster.nodes.find((node) => node !== leader)!;
  await cluster.world.run(100);
  hurt.crash();
  hurt.disk.snapshots.delete(CORE);
  await hurt.start();
  expect(hurt.group.status.damaged).toBe(true);
  expect(hurt.virtual.log.some((line) => line.level === 'error' && /neither vote nor lead/.test(line.message))).toBe(
    true,
  );
  await cluster.world.until(() => !hurt.group.status.damaged);
  await cluster.converged();
  expect(hurt.machine.items.length).toBe(120);
});

test('a snapshot that cannot be taken leaves the group running, and is tried again', async () => {
  const cluster = new TestCluster(1);
  cluster.options = small;
  await cluster.start();
  const leader = await cluster.leader();
  const snapshot = leader.machine.snapshot.bind(leader.machine);
  leader.machine.snapshot = async function* () {
    yield new Uint8Array(1);
    throw new Error('no space left');
  };
  await fill(cluster, leader, 60);
  await cluster.world.run(50);
  expect(leader.host.counters.snapshotsTaken).toBe(0);
  leader.machine.snapshot = snapshot;
  await fill(cluster, leader, 10);
  await cluster.world.run(50);
  expect(leader.host.counters.snapshotsTaken).toBe(1);
});

test('a follower that refuses a snapshot is asked again now and then, not all the time, until it takes it', async () => {
  const { cluster, leader, absent } = await withoutOne(new TestCluster());
  await fill(cluster, leader, 200);
  let refusals = 0;
  absent.disk.failSnapshots = {
    at: 'commit',
    get error() {
      refusals += 1;
      return full;
    },
  };
  await absent.start();
  await cluster.world.run(5000);
  expect(refusals).toBeGreaterThan(2);
  expect(refusals).toBeLessThan(12);
  absent.disk.failSnapshots = undefined;
  await cluster.converged();
  expect(absent.machine.items.length).toBe(200);
});

const PLACES = ['create', 'write', 'commit'] as const;
const failedSync = new DiskError('io', '/s/1.tmp', 'EIO: sync /s/1.tmp');
const full = new DiskError('no-space', '/s/1.tmp', 'ENOSPC: write /s/1.tmp');
const wrapped = (cause: Error): Error => new StorageError('disk', cause.message, { cause });

describe.each(PLACES)('a disk that fails when a snapshot comes to %s', (at) => {
  test.each([failedSync, wrapped(failedSync)])('stops the node that takes it, for good: %s', async (error) => {
    const cluster = new TestCluster();
    cluster.options = small;
    await cluster.start();
    const leader = await cluster.leader();
    leader.disk.failSnapshots = { at, error };
    const asked = Array.from({ length: 60 }, (_, i) => leader.propose(`${i}`));
    await cluster.world.until(() => leader.fatal !== undefined);
    expect(leader.fatal!.message).toMatch(/snapshot of group 0 was written, and this node must stop: EIO/);
    await cluster.applied(...asked);
    const late = leader.propose('late');
    await cluster.applied(late);
    expect(late.outcome).toBe('refused stopped');
    expect(leader.host.counters.snapshotsTaken).toBe(0);
    leader.up = false;
    await fill(cluster, await cluster.leader(), 10);
  });

  test('stops the node that receives it', async () => {
    const { cluster, leader, absent } = await withoutOne(new TestCluster());
    await fill(cluster, leader, 120);
    await cluster.world.run(100);
    await absent.start();
    absent.disk.failSnapshots = { at, error: failedSync };
    await cluster.world.until(() => absent.fatal !== undefined);
    absent.up = false;
    expect(absent.host.counters.snapshotsReceived).toBe(0);
    await fill(cluster, leader, 10);
  });

  test('for want of space leaves both running, and they try again', async () => {
    const { cluster, leader, absent } = await withoutOne(new TestCluster());
    leader.disk.failSnapshots = { at, error: wrapped(full) };
    await fill(cluster, leader, 60);
    expect(leader.host.counters.snapshotsTaken).toBe(0);
    leader.disk.failSnapshots = undefined;
    await fill(cluster, leader, 60);
    await cluster.world.run(100);
    expect(leader.host.counters.snapshotsTaken).toBeGreaterThan(0);
    await absent.start();
    absent.disk.failSnapshots = { at, error: full };
    await cluster.world.run(500);
    expect(absent.virtual.log.some(({ message }) => /could not be received/.test(message))).toBe(true);
    expect(absent.machine.items).toEqual([]);
    absent.disk.failSnapshots = undefined;
    await cluster.converged();
    expect(absent.machine.items.length).toBe(120);
    expect([leader.fatal, absent.fatal]).toEqual([undefined, undefined]);
  });
});

test('a group that hardly writes is made to take a snapshot when it keeps a large log in use', async () => {
  const cluster = new TestCluster(1);
  cluster.groupCount = 2;
  cluster.options = small;
  cluster.parts = { logBytesMax: 40 };
  await cluster.start();
  const leader = await cluster.leader();
  await cluster.leader(1);
  await cluster.applied(leader.propose('rarely', 1));
  await fill(cluster, leader, 60);
  await cluster.world.run(50);
  expect(leader.disk.snapshots.get(GroupId.of(1))!.mark.index).toBe(2);
  expect(leader.disk.groups.get(GroupId.of(1))!.entries).toEqual([]);
});

test('a snapshot that was ahead of its own node’s disk leaves no gap in the log after a crash', async () => {
  const cluster = new TestCluster();
  cluster.options = { snapshotEntries: 50, trailingEntries: 5 };
  await cluster.start();
  const leader = await cluster.leader();
  await cluster.applied(leader.propose('first'));
  leader.disk.syncMs = 500;
  await fill(cluster, leader, 60);
  await cluster.world.until(() => leader.host.counters.snapshotsTaken === 1);
  expect(leader.disk.groups.get(CORE)!.entries).toEqual([]);
  leader.disk.syncMs = 0.2;
  await leader.restart();
  await cluster.leader();
  await cluster.applied((await cluster.leader()).propose('last'));
  await cluster.converged();
  await cluster.world.run(100);
  await leader.restart();
  await cluster.converged();
  expect(leader.machine.items.length).toBe(62);
  expect(leader.group.status.damaged).toBe(false);
});
