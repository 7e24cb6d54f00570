import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeEnv } from '@quorate/env/node';
import { FaultyDisk } from '@quorate/env/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CoreNode, restoreDataDirectory, startCoreNode } from './index.ts';

const env = createNodeEnv({ log: { level: 'silent' } });
const root = mkdtempSync(join(tmpdir(), 'quorate-restore-'));
afterAll(() => {
  env[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

const KEYS = 20;
const REVISION = KEYS + 1;
/** A cluster of one: the port is the system's choice, the address in the configuration only a name. */
const founding = (directory: string) => ({
  name: 'a',
  dataDirectory: join(root, directory),
  initialCluster: { a: '127.0.0.1:1' },
});
const start = (directory: string): Promise<CoreNode> =>
  startCoreNode(env, { ...founding(directory), listen: { host: '127.0.0.1', port: 0 } });

const chunks: Uint8Array[] = [];
beforeAll(async () => {
  await using node = await start('old');
  await using client = await node.client({ timeoutMs: 20_000 });
  for (let i = 0; i < KEYS; i++) await client.put(`k${i}`, `${i}`);
  for await (const chunk of client.cluster.snapshot()) chunks.push(chunk);
});

async function* again(given: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* given;
}

/** What a node makes of a directory. */
async function outcome(directory: string): Promise<'refused' | 'whole' | 'empty' | 'other'> {
  try {
    await using node = await start(directory);
    const { revision } = node.status;
    return revision === REVISION ? 'whole' : revision === 1 ? 'empty' : 'other';
  } catch (error) {
    return (error as { code?: string }).code === 'foreign' ? 'refused' : 'other';
  }
}

test('wherever a restore ends early, what it leaves is refused, whole, or as if it had not begun', async () => {
  const outcomes: string[] = [];
  for (let after = 0; outcomes.at(-1) !== 'whole' || after < 5; after++) {
    const disk = new FaultyDisk(env.disk);
    disk.dieAfter(after);
    const directory = `after-${after}`;
    const config = { ...founding(directory), origin: 'digest' };
    const done = restoreDataDirectory({ ...env, disk }, config, again(chunks));
    await Promise.race([done, disk.died]);
    rmSync(join(root, directory, 'lock'), { force: true });
    outcomes.push(await outcome(directory));
    if (after > 200) break;
  }
  // First nothing is there, then something that no node starts with, and only in the end a state.
  expect(outcomes.join(' ')).toMatch(/^(empty )+(refused )+whole$/);
});

test('a restored member has another cluster id for every snapshot, and the state is all there', async () => {
  const ids = new Set<number>();
  for (const origin of ['one', 'two']) {
    const { clusterId } = await restoreDataDirectory(env, { ...founding(origin), origin }, again(chunks));
    ids.add(clusterId);
    expect(await outcome(origin)).toBe('whole');
  }
  await using old = await start('old');
  expect(ids.add(old.status.clusterId).size).toBe(3);
});

test('bytes that are no snapshot leave no directory behind', async () => {
  const config = { ...founding('nonsense'), origin: 'digest' };
  await expect(restoreDataDirectory(env, config, again([new Uint8Array(100)]))).rejects.toMatchObject({
    code: 'corrupt',
  });
  expect(await env.disk.exists(config.dataDirectory)).toBe(false);
});
