import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DiskError } from '../disk.ts';
import { diskError } from './disk-errors.ts';
import { createNodeEnv } from './index.ts';

const root = mkdtempSync(join(tmpdir(), 'quorate-disk-'));
const env = createNodeEnv({ log: { level: 'silent' } });
afterAll(() => {
  env[Symbol.dispose]();
  rmSync(root, { recursive: true });
});

test.each([
  ['ENOSPC', 'no-space'],
  ['EDQUOT', 'no-space'],
  ['EIO', 'io'],
  ['EROFS', 'permission-denied'],
  ['ENOENT', 'not-found'],
  ['EWHATEVER', 'other'],
])('%s is %s', (errno, code) => {
  const error = diskError('write to', '/x', Object.assign(new Error(`${errno}: it says`), { code: errno }));
  expect(error).toBeInstanceOf(DiskError);
  expect(error).toMatchObject({ code, path: '/x', message: `write to /x: ${errno}: it says` });
});

test('a full device is no-space, in the pool and on this thread', async () => {
  // A device that is always full; only where there is one.
  if (!(await env.disk.exists('/dev/full'))) return;
  for (const slowSyncMs of [0, 1000]) {
    const own = createNodeEnv({ log: { level: 'silent' }, slowSyncMs });
    const warm = await own.disk.open(join(root, `warm-${slowSyncMs}`), 'create');
    for (let i = 0; i < 64; i++) await warm.writeDurably([new Uint8Array(8)], 0);
    await warm.close();
    const full = await own.disk.open('/dev/full', 'write');
    await expect(full.write([new Uint8Array(8)], 0)).rejects.toMatchObject({ code: 'no-space' });
    await expect(full.writeDurably([new Uint8Array(8)], 0)).rejects.toMatchObject({ code: 'no-space' });
    await full.close();
    own[Symbol.dispose]();
  }
});

test('a file opened for reading takes no writes', async () => {
  await (await env.disk.open(join(root, 'file'), 'create')).close();
  const file = await env.disk.open(join(root, 'file'), 'read');
  await expect(file.write([new Uint8Array(1)], 0)).rejects.toBeInstanceOf(DiskError);
  await file.close();
});

test('closing waits for what is under way', async () => {
  const file = await env.disk.open(join(root, 'busy'), 'create');
  const writes = Array.from({ length: 30 }, (_, i) => file.write([new Uint8Array(100_000).fill(i)], i * 100_000));
  await file.close();
  await Promise.all(writes);
  const again = await env.disk.open(join(root, 'busy'), 'read');
  expect(await again.size()).toBe(3_000_000);
  await again.close();
});
