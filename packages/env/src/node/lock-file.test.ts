import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acquireLockFile } from './lock-file.ts';

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'quorate-lock-'));
  path = join(directory, 'lock');
});
afterEach(() => rmSync(directory, { recursive: true }));

const token = '00000000-0000-4000-8000-000000000001';

async function ownHolder(): Promise<Record<string, unknown>> {
  const lock = await acquireLockFile(path);
  const holder = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  await lock[Symbol.asyncDispose]();
  return holder;
}

/** The id of a process that has ended. */
function deadPid(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

describe('a lock file', () => {
  test('names its holder while it is held, and is gone afterwards', async () => {
    const lock = await acquireLockFile(path);
    await expect(acquireLockFile(path)).rejects.toThrow(`held by process ${process.pid} on ${hostname()}`);
    await lock[Symbol.asyncDispose]();
    expect(readdirSync(directory)).toEqual([]);
  });

  test('of a dead process is taken over', async () => {
    writeFileSync(path, JSON.stringify({ ...(await ownHolder()), pid: deadPid(), token }));
    const lock = await acquireLockFile(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    expect(readdirSync(directory)).toEqual(['lock']);
    await lock[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(false);
  });

  test('of a dead process whose id was given out again is taken over', async () => {
    const holder = await ownHolder();
    // Only where the platform tells when a process started.
    if (holder['started'] === '') return;
    writeFileSync(path, JSON.stringify({ ...holder, started: '1', token }));
    await expect(acquireLockFile(path)).resolves.toBeDefined();
  });

  test('from before the machine restarted is taken over, whoever has the id now', async () => {
    writeFileSync(path, JSON.stringify({ ...(await ownHolder()), boot: 'an earlier one', token }));
    await expect(acquireLockFile(path)).resolves.toBeDefined();
  });

  test('of another machine is not taken over, and the message says what to do', async () => {
    writeFileSync(path, JSON.stringify({ ...(await ownHolder()), host: 'elsewhere', pid: deadPid(), token }));
    await expect(acquireLockFile(path)).rejects.toThrow(/process \d+ on elsewhere, which cannot be asked .* remove /);
  });

  test('that is not one is not taken over', async () => {
    writeFileSync(path, 'not a lock');
    await expect(acquireLockFile(path)).rejects.toMatchObject({ code: 'locked' });
  });

  test('is not taken over while another is taking it over, but is when that one has died too', async () => {
    const holder = await ownHolder();
    writeFileSync(path, JSON.stringify({ ...holder, pid: deadPid(), token }));
    const other = '00000000-0000-4000-8000-000000000002';
    writeFileSync(`${path}.${token}`, JSON.stringify({ ...holder, token: other }));
    await expect(acquireLockFile(path)).rejects.toMatchObject({ code: 'locked' });
    writeFileSync(`${path}.${token}`, JSON.stringify({ ...holder, pid: deadPid(), token: other }));
    await expect(acquireLockFile(path)).resolves.toBeDefined();
    expect(readdirSync(directory)).toEqual(['lock']);
  });

  test('that somebody else has taken since is not removed by its former holder', async () => {
    const lock = await acquireLockFile(path);
    writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), token }));
    await lock[Symbol.asyncDispose]();
    expect(existsSync(path)).toBe(true);
  });
});
