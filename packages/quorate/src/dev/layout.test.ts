import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeEnv } from '@quorate/env/node';
import { afterAll, expect, test } from 'vitest';
import { expectStopped, prepareDevCluster } from './layout.ts';

const directory = mkdtempSync(join(tmpdir(), 'quorate-layout-'));
const env = createNodeEnv({ log: { level: 'error' } });
afterAll(() => {
  env[Symbol.dispose]();
  rmSync(directory, { recursive: true });
});

test('a cluster of which a node runs is not to be forgotten', async () => {
  const data = join(directory, 'running');
  await expectStopped(data);
  prepareDevCluster({ nodes: 2, directory: data, basePort: 7400, fresh: false });
  await expectStopped(data);
  mkdirSync(join(data, 'n2'));
  const lock = await env.disk.lock(join(data, 'n2', 'lock'));
  await expect(expectStopped(data)).rejects.toThrow(/--fresh: the cluster in .*running is running: .*held by process/);
  await lock[Symbol.asyncDispose]();
  await expectStopped(data);
});

test('of a cluster that is to be forgotten goes what was laid out for it, and nothing else', () => {
  const data = join(directory, 'shared');
  const options = { directory: data, basePort: 7400 };
  prepareDevCluster({ ...options, nodes: 3, fresh: false });
  mkdirSync(join(data, 'n3', 'log'), { recursive: true });
  writeFileSync(join(data, 'notes.txt'), 'mine');
  prepareDevCluster({ ...options, nodes: 1, fresh: true });
  expect(readdirSync(data)).toEqual(['cluster.json', 'n1.json', 'notes.txt']);
});

test('a directory that cannot be made, and a file that describes no cluster, are refused by name', () => {
  const file = join(directory, 'cluster.json');
  writeFileSync(file, 'null');
  const options = { nodes: 3, basePort: 7400, fresh: false };
  expect(() => prepareDevCluster({ ...options, directory })).toThrow(`the cluster in ${file} has version undefined`);
  expect(() => prepareDevCluster({ ...options, directory: file })).toThrow(`--data: ${file} cannot be made`);
});

test('ports that do not exist are refused before anything is written', () => {
  const data = join(directory, 'high');
  const options = { nodes: 3, directory: data, basePort: 65_530, fresh: false };
  expect(() => prepareDevCluster(options)).toThrow('--base-port 65530: node 3 would listen on port 65562');
  expect(existsSync(data)).toBe(false);
});
