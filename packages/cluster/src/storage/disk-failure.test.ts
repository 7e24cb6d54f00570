import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNodeEnv } from '@quorate/env/node';
import { type DiskFault, FaultyDisk } from '@quorate/env/testing';
import { SimDisk } from '@quorate/sim/disk';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDataDirectory } from './data-directory.ts';
import { openLogStore } from './log-store.ts';
import { openSnapshotStore } from './snapshot-store.ts';
import { entries, mark, OWNER, openTestLog, persisted, request, SMALL, testEnv } from './storage.fixture.ts';
import { GroupId, type LogStore } from './types.ts';

const core = GroupId.of(0);
let root = '';
const nodeEnv = createNodeEnv({ log: { level: 'silent' } });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'quorate-storage-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function faulty(): { disk: FaultyDisk; open: () => Promise<LogStore> } {
  const disk = new FaultyDisk(nodeEnv.disk);
  const env = { ...nodeEnv, disk };
  return { disk, open: () => openLogStore(env, join(root, 'log'), { ...OWNER, ...SMALL }) };
}

async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((done) => setImmediate(done));
}

/** Persists until the disk fails, and returns how many units were acknowledged. */
async function persistUntilFailure(store: LogStore): Promise<number> {
  for (let i = 1; i <= 200; i++) {
    const done = persisted(store, request(0, { entries: entries(i, i, 1, 300), commit: i - 1 })).then(() => 'durable');
    if ((await Promise.race([done, store.failed.then(() => 'failed')])) === 'failed') return i - 1;
  }
  throw new Error('the disk was to fail');
}

/** What `work` resolves with, while the disk carries out what it is asked for. */
async function stepping<T>(disk: SimDisk, work: Promise<T>): Promise<T> {
  let ended = false;
  const watched = work.finally(() => {
    ended = true;
  });
  while (!ended) {
    disk.step();
    await settled();
  }
  return watched;
}

describe.each<[string, DiskFault]>([
  ['a failed sync', { calls: ['writeDurably'], pathPart: '.wal', skip: 5, result: 'io', effect: 'unsynced' }],
  ['a failed write', { calls: ['writeDurably'], pathPart: '.wal', skip: 5, result: 'io' }],
  [
    'a full disk',
    { calls: ['writeDurably'], pathPart: '.wal', skip: 5, times: 100, result: 'no-space', effect: 'half' },
  ],
  [
    'a full disk, noticed when writing zeros ahead',
    { calls: ['write'], pathPart: '.wal', skip: 1, result: 'no-space' },
  ],
  ['a new segment that cannot be created', { calls: ['open'], pathPart: '.tmp', skip: 1, result: 'no-space' }],
  [
    'a new segment whose name cannot be made durable',
    { calls: ['syncDirectory'], pathPart: '/log', skip: 2, result: 'io' },
  ],
])('%s', (_what, fault) => {
  test('is final: nothing is acknowledged any more, even when the disk works again; and nothing acknowledged is lost', async () => {
    const { disk, open } = faulty();
    disk.arm(fault);
    const store = await open();
    const acknowledged = await persistUntilFailure(store);
    expect(acknowledged).toBeGreaterThan(0);
    const failure = await store.failed;
    expect(failure).toMatchObject({ name: 'StorageError', code: 'disk' });
    expect(failure.message).toContain('this node must stop');
    disk.heal();
    let answered = false;
    store.persist([request(0, { entries: entries(acknowledged + 1, acknowledged + 1, 1) })], () => {
      answered = true;
    });
    await settled();
    expect(answered).toBe(false);
    await store.close();

    const again = await open();
    const found = again.recovered.get(core)!;
    expect(found.damage).toBeUndefined();
    // What was not acknowledged has been taken back: the system may show it although it is not on the disk.
    expect(found.entries.map(({ index }) => index)).toEqual(Array.from({ length: acknowledged }, (_, i) => i + 1));
    await persisted(again, request(0, { entries: entries(acknowledged + 1, acknowledged + 2, 1) }));
    await again.close();
  });
});

test('a failure elsewhere in the log takes back a batch that is under way: it is not acknowledged', async () => {
  const disk = new SimDisk({ completion: 'stepped' });
  const faultyDisk = new FaultyDisk(disk);
  const store = await stepping(disk, openTestLog(testEnv(faultyDisk)));
  for (let i = 1; i <= 12; i++) await stepping(disk, persisted(store, request(0, { entries: entries(i, i, 1, 900) })));
  faultyDisk.arm({ calls: ['remove'], result: 'io' });
  const answered: string[] = [];
  store.release(core, 8);
  store.persist([request(0, { entries: entries(13, 13, 1) })], () => {
    answered.push('with the release');
    store.persist([request(0, { entries: entries(14, 14, 1) })], () => answered.push('behind it'));
  });
  await stepping(disk, store.failed);
  await stepping(disk, store.close());
  expect(answered).toEqual(['with the release']);
  const again = await stepping(disk, openTestLog(testEnv(disk)));
  expect(again.recovered.get(core)).toMatchObject({ entries: entries(9, 13, 1).map(({ index }) => ({ index })) });
});

test('a flipped bit in a segment is reported, the file kept aside, and what precedes it given back', async () => {
  const { open } = faulty();
  let store = await open();
  for (let i = 1; i <= 10; i++)
    await persisted(store, request(0, { entries: entries(i, i, 1, 300), term: 1, vote: 1, commit: i }));
  await store.close();
  const path = join(root, 'log', 'log-00000001.wal');
  const bytes = readFileSync(path);
  // In the data of the fifth entry.
  bytes[bytes.indexOf('5@1') + 100]! ^= 1;
  writeFileSync(path, bytes);

  store = await open();
  expect(store.recovered.get(core)).toMatchObject({
    entries: entries(1, 4, 1, 300),
    state: { term: 1, vote: 1 },
    commit: 10,
  });
  expect(store.recovered.get(core)?.damage).toContain(`entry 5: ${path} at byte`);
  await store.close();
  expect(readFileSync(`${path}.damaged`).equals(bytes)).toBe(true);
});

test('a log grows, rolls, is released and found again in real files', async () => {
  const { open } = faulty();
  let store = await open();
  for (let i = 1; i <= 100; i++) {
    const done = persisted(store, request(0, { entries: entries(i, i, 1, 700), commit: i }));
    if (i % 10 === 0) await done;
    if (i % 30 === 0) store.release(core, i - 10);
  }
  await persisted(store, request(0, { commit: 100 }));
  await store.close();
  store = await open();
  expect(store.recovered.get(core)).toMatchObject({
    entries: entries(81, 100, 1, 700),
    commit: 100,
    damage: undefined,
  });
  await store.close();
  expect(readdirSync(join(root, 'log')).length).toBeLessThan(6);
});

describe('a snapshot that cannot be written', () => {
  test.each<[string, DiskFault]>([
    ['for want of space', { calls: ['write'], pathPart: '.tmp', skip: 1, result: 'no-space', effect: 'half' }],
    ['because the sync failed', { calls: ['sync'], pathPart: '.tmp', result: 'io' }],
    ['because it reads back differently', { calls: ['read'], pathPart: '.tmp', result: 'io' }],
    ['because it could not be renamed', { calls: ['rename'], result: 'io' }],
  ])('%s leaves the one before it', async (_why, fault) => {
    const disk = new FaultyDisk(nodeEnv.disk);
    const env = { ...nodeEnv, disk };
    const store = await openSnapshotStore(env, join(root, 'snapshots'), OWNER);
    const take = async (index: number): Promise<void> => {
      const writer = await store.create(core, mark(index, 1));
      try {
        await writer.write(new Uint8Array(600_000).fill(index));
        await writer.commit();
      } catch (error) {
        await writer.abort();
        throw error;
      }
    };
    await take(1);
    disk.arm(fault);
    await expect(take(2)).rejects.toThrow('(injected)');
    expect(store.latest(core)?.index).toBe(1);
    expect(readdirSync(join(root, 'snapshots', 'group-0'))).toHaveLength(1);
    await take(3);
    expect((await openSnapshotStore(env, join(root, 'snapshots'), OWNER)).latest(core)?.index).toBe(3);
  });
});

test('a data directory is locked in real files', async () => {
  const directory = await openDataDirectory(nodeEnv, join(root, 'node'), OWNER);
  await expect(openDataDirectory(nodeEnv, join(root, 'node'), OWNER)).rejects.toThrow(
    new RegExp(`is in use: .* held by process ${process.pid} `),
  );
  await directory[Symbol.asyncDispose]();
  await (await openDataDirectory(nodeEnv, join(root, 'node'), OWNER))[Symbol.asyncDispose]();
});
