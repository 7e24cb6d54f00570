import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connect } from '@quorate/cluster/client';
import { type CoreNode, type CoreNodeConfig, startCoreNode } from '@quorate/cluster/node';
import type { DiskErrorCode, Env } from '@quorate/env';
import { createNodeEnv } from '@quorate/env/node';
import { FaultyDisk } from '@quorate/env/testing';
import { afterAll, describe, expect, test } from 'vitest';
import { freePorts, ProcessCluster } from './process-cluster.ts';

const env = createNodeEnv({ log: { level: 'error' } });
const directory = mkdtempSync(join(tmpdir(), 'quorate-disk-'));
afterAll(() => {
  env[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Member {
  readonly disk: FaultyDisk;
  start(): Promise<CoreNode>;
}

/** Three nodes in this process, on real files and sockets, each with a disk that fails as told. */
async function members(name: string, raft: CoreNodeConfig['raft'] = {}): Promise<readonly Member[]> {
  const ports = await freePorts(3);
  const initialCluster = Object.fromEntries(ports.map((port, at) => [`n${at}`, `127.0.0.1:${port}`]));
  return ports.map((port, at) => {
    const disk = new FaultyDisk(env.disk);
    const own: Env = { ...env, disk };
    const listen = { host: '127.0.0.1', port };
    const dataDirectory = join(directory, name, `n${at}`);
    return { disk, start: () => startCoreNode(own, { name: `n${at}`, dataDirectory, listen, initialCluster, raft }) };
  });
}

async function connected(nodes: readonly CoreNode[]): Promise<Client> {
  return connect({ env, endpoints: nodes.map(({ address }) => address), timeoutMs: 20_000 });
}

async function leaderAt(nodes: readonly CoreNode[]): Promise<number> {
  for (;;) {
    const at = nodes.findIndex(({ status }) => status.raft.role === 'leader');
    if (at >= 0) return at;
    await pause(10);
  }
}

describe('a disk that fails under one of three nodes', () => {
  const failures: [string, DiskErrorCode, 'half' | 'unsynced', 'leader' | 'follower'][] = [
    ['a full disk under the leader', 'no-space', 'half', 'leader'],
    ['a full disk under a follower', 'no-space', 'half', 'follower'],
    ['a failed fsync under the leader', 'io', 'unsynced', 'leader'],
    ['a failed fsync under a follower', 'io', 'unsynced', 'follower'],
  ];
  test.each(failures)(
    '%s stops that node for good; the others go on, no acknowledged write is lost, and a restart finds it sound',
    async (name, result, effect, whom) => {
      const all = await members(name.replaceAll(' ', '-'));
      const nodes = await Promise.all(all.map((member) => member.start()));
      await using client = await connected(nodes);
      const acknowledged: string[] = [];
      const writeSome = async (count: number): Promise<void> => {
        for (let i = 0; i < count; i++) {
          const key = `k${acknowledged.length}`;
          await client.put(key, key);
          acknowledged.push(key);
        }
      };
      await writeSome(20);
      const leader = await leaderAt(nodes);
      const broken = whom === 'leader' ? leader : (leader + 1) % 3;
      all[broken]!.disk.arm({ calls: ['writeDurably', 'write', 'sync'], pathPart: '.wal', times: 1, result, effect });
      await Promise.all([nodes[broken]!.fatal, writeSome(20)]);
      // Later syncs would succeed; the node must not believe them.
      await writeSome(20);
      expect(nodes[broken]!.status.raft.role).not.toBe('leader');
      await nodes[broken]!.stop();
      nodes[broken] = await all[broken]!.start();
      await writeSome(5);
      // The restarted node carries the majority with one other: it must have everything.
      await nodes[(broken + 1) % 3]!.stop();
      for (const key of acknowledged) expect((await client.get(key))?.version).toBe(1);
      await Promise.all(nodes.map((node) => node.stop()));
    },
    60_000,
  );
});

describe('a disk that fails while a follower takes a snapshot', () => {
  const often = { snapshotEntries: 30 };

  test('a failed fsync stops that node for good, and a restart finds it sound', async () => {
    const all = await members('snapshot-sync', often);
    const nodes = await Promise.all(all.map((member) => member.start()));
    await using client = await connected(nodes);
    const broken = ((await leaderAt(nodes)) + 1) % 3;
    all[broken]!.disk.arm({ calls: ['sync'], pathPart: '/snapshots/', result: 'io', effect: 'unsynced' });
    for (let i = 0; i < 60; i++) await client.put(`k${i}`, `${i}`);
    expect((await nodes[broken]!.fatal).message).toMatch(/while a snapshot of group 0 was written/);
    await nodes[broken]!.stop();
    nodes[broken] = await all[broken]!.start();
    await nodes[(broken + 1) % 3]!.stop();
    for (let i = 0; i < 60; i++) expect((await client.get(`k${i}`))?.version).toBe(1);
    await Promise.all(nodes.map((node) => node.stop()));
  }, 60_000);

  test('a full disk only costs that snapshot: the next one is taken', async () => {
    const all = await members('snapshot-full', often);
    const nodes = await Promise.all(all.map((member) => member.start()));
    await using client = await connected(nodes);
    const full = ((await leaderAt(nodes)) + 1) % 3;
    const before = nodes[full]!.status.raft.snapshotIndex;
    all[full]!.disk.arm({ calls: ['write'], pathPart: '/snapshots/', result: 'no-space', effect: 'half' });
    let written = 0;
    while (nodes[full]!.status.raft.snapshotIndex === before) await client.put('k', `${written++}`);
    expect(written).toBeGreaterThan(30);
    await Promise.all(nodes.map((node) => node.stop()));
  }, 60_000);
});

test('a bit flipped in a log segment: the node says so, does not vote, and is repaired by its peers', async () => {
  await using cluster = await ProcessCluster.start(3);
  await using client = await connect({ env, endpoints: cluster.endpoints, timeoutMs: 20_000 });
  for (let i = 0; i < 200; i++) await client.put(`k${i}`, `value ${i}`);
  const leader = await cluster.untilLeader();
  const victim = cluster.nodes.find((node) => node !== leader)!;
  await cluster.kill(victim);
  const logDirectory = join(victim.dataDir, 'log');
  const segment = join(
    logDirectory,
    readdirSync(logDirectory)
      .filter((file) => file.endsWith('.wal'))
      .sort()[0]!,
  );
  const bytes = readFileSync(segment);
  const at = bytes.indexOf('value 100');
  expect(at).toBeGreaterThan(0);
  bytes[at] = bytes[at]! ^ 0x04;
  writeFileSync(segment, bytes);

  victim.output = '';
  cluster.spawn(victim);
  for (let i = 200; i < 220; i++) await client.put(`k${i}`, `value ${i}`);
  for (;;) {
    const status = await cluster.status(victim);
    if (status !== undefined && !status.damaged && status.appliedIndex > 220) break;
    await pause(50);
  }
  expect(victim.output).toMatch(/damage/i);
  // Now the repaired node is needed for a majority, and for the data.
  await cluster.kill(leader);
  for (let i = 0; i < 220; i++) {
    expect(new TextDecoder().decode((await client.get(`k${i}`))!.value)).toBe(`value ${i}`);
  }
}, 60_000);
