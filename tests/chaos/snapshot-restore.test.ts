import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect } from '@quorate/cluster/client';
import { createNodeEnv } from '@quorate/env/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts, ProcessCluster } from './process-cluster.ts';

const script = fileURLToPath(new URL('../../packages/quorate/bin/quorate.js', import.meta.url));
const env = createNodeEnv({ log: { level: 'error' } });
const directory = mkdtempSync(join(tmpdir(), 'quorate-restore-'));
const file = join(directory, 'state.snapshot');
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

interface Ended {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function quorate(...args: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [script, ...args], { timeout: 30_000 }, (_error, out, err) => {
      resolve({ status: child.exitCode ?? -1, out, err });
    });
  });
}

let clusterId = 0;
let lease = 0;
beforeAll(async () => {
  await using cluster = await ProcessCluster.start(3);
  await using client = await connect({ env, endpoints: cluster.endpoints, timeoutMs: 20_000 });
  clusterId = client.clusterId;
  for (let i = 0; i < 300; i++) await client.put(`k${i % 250}`, `${i}`);
  lease = (await client.lease(600)).id;
  await client.put('leased', 'yes', { lease });
  await client.delete('k0');
  expect(await quorate('snapshot', 'save', file, '--endpoints', cluster.endpoints.join())).toMatchObject({ status: 0 });
}, 60_000);
afterAll(() => {
  env[Symbol.dispose]();
  rmSync(directory, { recursive: true, force: true });
});

describe('quorate snapshot status', () => {
  test('says what is in the file', async () => {
    const { status, out } = await quorate('snapshot', 'status', file, '--json');
    expect(status).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      revision: 303,
      keys: 250,
      leases: 1,
      fileBytes: readFileSync(file).length,
    });
    expect((await quorate('snapshot', 'status', file)).out).toMatch(
      /^revision {2}303 \(never compacted\)\nkeys {6}250\n/,
    );
  });

  test('ends with 1 for a file that was changed anywhere, cut off, or is something else', async () => {
    const whole = readFileSync(file);
    const bad = join(directory, 'bad.snapshot');
    const refused = async (bytes: Uint8Array): Promise<string> => {
      writeFileSync(bad, bytes);
      const { status, err } = await quorate('snapshot', 'status', bad);
      expect(status).toBe(1);
      return err;
    };
    const flipped = Buffer.from(whole);
    flipped[whole.length >> 1]! ^= 1;
    expect(await refused(flipped)).toMatch(/is damaged/);
    expect(await refused(whole.subarray(0, -1))).toMatch(/not a whole snapshot/);
    expect(await refused(Buffer.alloc(10))).toMatch(/not a whole snapshot/);
    const into = join(directory, 'from-bad');
    const place = ['--name', 'n1', '--data-dir', into, '--initial-cluster', 'n1=127.0.0.1:1'];
    writeFileSync(bad, flipped);
    expect(await quorate('snapshot', 'restore', bad, ...place)).toMatchObject({ status: 1 });
    expect(readdirSync(directory)).not.toContain('from-bad');
  });
});

describe('quorate snapshot restore', () => {
  test('refuses a directory that is not empty, and a member that the cluster does not name', async () => {
    const full = mkdtempSync(join(directory, 'full-'));
    writeFileSync(join(full, 'mine'), '');
    const others = ['--initial-cluster', 'n1=127.0.0.1:1'];
    const occupied = await quorate('snapshot', 'restore', file, '--name', 'n1', '--data-dir', full, ...others);
    expect(occupied.err).toMatch(/is not empty \(mine\)/);
    expect(occupied.status).toBe(1);
    const stranger = await quorate('snapshot', 'restore', file, '--name', 'n9', '--data-dir', full, ...others);
    expect(stranger.err).toMatch(/must name this node, n9/);
    expect(stranger.status).toBe(2);
  });

  test('three restored members make a new cluster with the state, which goes on from there and takes in another', async () => {
    await using cluster = await ProcessCluster.prepare(3);
    for (const node of cluster.nodes) {
      const { status, err } = await quorate('snapshot', 'restore', file, '--config', node.configFile);
      expect(`${status} ${err}`).toBe('0 ');
    }
    for (const node of cluster.nodes) cluster.spawn(node);
    await cluster.untilLeader();
    await using client = await connect({ env, endpoints: cluster.endpoints, timeoutMs: 20_000 });
    expect(client.clusterId).not.toBe(clusterId);
    const { kvs, count } = await client.range({ prefix: 'k' });
    expect(count).toBe(249);
    for (const { key, value } of kvs) {
      const i = Number(new TextDecoder().decode(key).slice(1));
      expect(new TextDecoder().decode(value)).toBe(String(i < 50 ? i + 250 : i));
    }
    expect((await client.get('k7', { revision: 100 }))?.modRevision).toBe(9);
    expect((await client.put('leased', 'again', { lease })).revision).toBe(304);
    expect((await client.cluster.members()).map(({ name }) => name).sort()).toEqual(['n1', 'n2', 'n3']);

    const [port] = await freePorts(1);
    const late = { name: 'n4', dataDir: join(cluster.directory, 'n4'), port, httpPort: 0, etcdPort: 0 };
    const configFile = join(cluster.directory, 'n4.json');
    writeFileSync(configFile, JSON.stringify({ ...late, join: cluster.endpoints }));
    const newcomer = { ...late, port: port!, configFile, child: undefined, output: '' };
    cluster.spawn(newcomer);
    try {
      for (;;) {
        const found = (await client.cluster.members()).find(({ name }) => name === 'n4');
        if (found?.isLearner === false) break;
        await pause(50);
      }
      // Asked alone, it answers from its own state: it has not only been sent what came after the restore.
      await using direct = await connect({ env, endpoints: [`127.0.0.1:${port}`], timeoutMs: 20_000 });
      expect((await direct.range({ prefix: 'k' }, { serializable: true })).count).toBe(249);
    } finally {
      await cluster.kill(newcomer);
    }
  }, 60_000);

  test('a member that was not restored is refused by those that were', async () => {
    await using cluster = await ProcessCluster.prepare(3);
    const [restored, ...empty] = cluster.nodes;
    await quorate('snapshot', 'restore', file, '--config', restored!.configFile);
    for (const node of cluster.nodes) cluster.spawn(node);
    await cluster.untilLeader();
    expect(empty.map(({ name }) => name)).toContain((await cluster.untilLeader()).name);
    const alone = await cluster.status(restored!);
    expect(alone).toMatchObject({ leader: null, revision: 303 });
    for (let tries = 0; tries < 100 && !/cluster/.test(restored!.output); tries++) await pause(50);
    expect(restored!.output).toMatch(/cluster/);
  }, 60_000);
});
