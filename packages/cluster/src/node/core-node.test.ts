import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { createNodeEnv } from '@quorate/env/node';
import { afterEach, expect, test } from 'vitest';
import { toText } from '../client/index.ts';
import { type CoreNode, startCoreNode } from './index.ts';

const undo: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const fn of undo.splice(0).reverse()) await fn();
});

async function single(dataDirectory?: string): Promise<CoreNode> {
  const env = createNodeEnv({ log: { level: 'error' } });
  const directory = dataDirectory ?? (await mkdtemp(`${tmpdir()}/quorate-node-`));
  undo.push(async () => env[Symbol.dispose]());
  if (dataDirectory === undefined) undo.push(() => rm(directory, { recursive: true, force: true }));
  const node = await startCoreNode(env, {
    name: 'a',
    dataDirectory: directory,
    listen: { host: '127.0.0.1', port: 0 },
    initialCluster: { a: '127.0.0.1:1' },
    raft: { electionTimeoutMs: 50, heartbeatIntervalMs: 10 },
  });
  undo.push(() => node.stop());
  return node;
}

test('one node stores what a client puts, and finds it again after a restart', async () => {
  const directory = await mkdtemp(`${tmpdir()}/quorate-node-`);
  undo.push(() => rm(directory, { recursive: true, force: true }));
  const node = await single(directory);
  const client = await node.client();
  const { revision } = await client.put('greeting', 'hello');
  expect(toText((await client.get('greeting'))!.value)).toBe('hello');
  await client.close();
  await node.stop();
  const again = await single(directory);
  await using other = await again.client();
  const found = await other.get('greeting');
  expect(found).toMatchObject({ modRevision: revision, version: 1 });
  expect(toText(found!.value)).toBe('hello');
});
