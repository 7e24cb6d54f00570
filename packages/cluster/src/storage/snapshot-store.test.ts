import { SimDisk } from '@quorate/sim/disk';
import { describe, expect, test } from 'vitest';
import { openSnapshotStore } from './snapshot-store.ts';
import { mark, OWNER, testEnv } from './storage.fixture.ts';
import { GroupId, type SnapshotReader, type SnapshotStore } from './types.ts';

const core = GroupId.of(0);
const content = (sizeBytes: number, seed = 1) => Uint8Array.from({ length: sizeBytes }, (_, i) => (i * 7 + seed) & 255);

/** Comparing large arrays by `toEqual` takes seconds. */
function expectSame(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(actual.findIndex((byte, i) => byte !== expected[i])).toBe(-1);
}

async function take(store: SnapshotStore, index: number, bytes: Uint8Array, chunkBytes = 100_000): Promise<void> {
  const writer = await store.create(core, mark(index, 1));
  for (let at = 0; at < bytes.length; at += chunkBytes) await writer.write(bytes.subarray(at, at + chunkBytes));
  await writer.commit();
}

async function readAll(reader: SnapshotReader, lengthBytes = 70_000): Promise<Uint8Array> {
  const all = new Uint8Array(reader.sizeBytes);
  let at = 0;
  for (;;) {
    const part = await reader.read(at, lengthBytes);
    if (part.length === 0) break;
    all.set(part, at);
    at += part.length;
  }
  expect(at).toBe(reader.sizeBytes);
  await reader[Symbol.asyncDispose]();
  return all;
}

const snapshotPath = async (disk: SimDisk) => {
  const names = await disk.list('/s/group-0');
  return `/s/group-0/${names.find((name) => name.endsWith('.snapshot'))}`;
};

describe('a snapshot', () => {
  test.each([0, 1, 262_144, 262_145, 1_000_000])('of %i bytes is read back as it was written', async (sizeBytes) => {
    const env = testEnv();
    const bytes = content(sizeBytes);
    await take(await openSnapshotStore(env, '/s', OWNER), 10, bytes);
    const store = await openSnapshotStore(env, '/s', OWNER);
    expect(store.latest(core)).toEqual(mark(10, 1));
    const reader = (await store.open(core))!;
    expect(reader.mark).toEqual(mark(10, 1));
    expectSame(await readAll(reader), bytes);
  });

  test('replaces the one before it, which a reader that has it open can still read', async () => {
    const env = testEnv();
    const store = await openSnapshotStore(env, '/s', OWNER);
    await take(store, 10, content(300_000, 1));
    const reader = (await store.open(core))!;
    await take(store, 20, content(300_000, 2));
    expectSame(await readAll(reader), content(300_000, 1));
    expect(store.latest(core)?.index).toBe(20);
    expect(await env.disk.list('/s/group-0')).toHaveLength(1);
  });

  test('that is overtaken by a later one does not replace it', async () => {
    const store = await openSnapshotStore(testEnv(), '/s', OWNER);
    const slow = await store.create(core, mark(10, 1));
    await slow.write(content(10));
    await take(store, 20, content(20));
    await slow.commit();
    expect(store.latest(core)?.index).toBe(20);
    expect(await readAll((await store.open(core))!)).toEqual(content(20));
  });

  test('that is aborted leaves nothing', async () => {
    const env = testEnv();
    const store = await openSnapshotStore(env, '/s', OWNER);
    const writer = await store.create(core, mark(10, 1));
    await writer.write(content(300_000));
    await writer.abort();
    expect(store.latest(core)).toBeUndefined();
    expect(await env.disk.list('/s/group-0')).toEqual([]);
  });

  test('of another cluster is refused', async () => {
    const env = testEnv();
    await take(await openSnapshotStore(env, '/s', OWNER), 10, content(10));
    await expect(openSnapshotStore(env, '/s', { ...OWNER, clusterId: 8 })).rejects.toMatchObject({ code: 'foreign' });
  });
});

test('any bit flipped while the node was down is noticed at the start, wherever it is, and later ones when they are read', async () => {
  const disk = new SimDisk();
  const env = testEnv(disk);
  await take(await openSnapshotStore(env, '/s', OWNER), 10, content(1000));
  const path = await snapshotPath(disk);
  const fileBytes = 4096 + 1000 + 4 + 32;
  for (let offset = 0; offset < fileBytes; offset += 3) {
    disk.flipBit(path, offset, offset % 8);
    const store = await openSnapshotStore(env, '/s', OWNER);
    expect(store.latest(core)).toBeUndefined();
    expect(store.damaged.get(core)).toContain(path);
    await disk.rename(`${path}.damaged`, path);
    disk.flipBit(path, offset, offset % 8);
    const sound = await openSnapshotStore(env, '/s', OWNER);
    disk.flipBit(path, offset, offset % 8);
    await expect(sound.open(core).then((reader) => readAll(reader!))).rejects.toMatchObject({ code: 'damaged' });
    disk.flipBit(path, offset, offset % 8);
  }
  expect((await openSnapshotStore(env, '/s', OWNER)).latest(core)).toEqual(mark(10, 1));
});

test('a power failure after any operation leaves the old snapshot or the new one, whole', async () => {
  const before = content(5000, 1);
  const after = content(9000, 2);
  const prepared = new SimDisk();
  await take(await openSnapshotStore(testEnv(prepared), '/s', OWNER), 10, before);
  const settled = prepared.afterCrash({ name: 'settled', outcomes: prepared.pending().map(() => 'kept') });
  let crashes = 0;
  let [old, fresh] = [0, 0];
  for (let count = 0; ; count++) {
    const disk = settled.afterCrash({ name: 'copy', outcomes: [] });
    const store = await openSnapshotStore(testEnv(disk), '/s', OWNER);
    disk.crashAfter(count);
    const script = take(store, 20, after).then(
      () => 'done',
      () => 'failed',
    );
    if ((await Promise.race([script, disk.crashed.then(() => 'crashed')])) === 'done') break;
    for (const variant of disk.crashVariants()) {
      const survivor = disk.afterCrash(variant);
      const found = await openSnapshotStore(testEnv(survivor), '/s', OWNER);
      const index = found.latest(core)?.index;
      expect([10, 20]).toContain(index);
      expect(found.damaged.size).toBe(0);
      expectSame(await readAll((await found.open(core))!), index === 10 ? before : after);
      expect(await survivor.list('/s/group-0')).toHaveLength(1);
      if (index === 10) old += 1;
      else fresh += 1;
      crashes += 1;
    }
  }
  expect(crashes).toBeGreaterThan(50);
  expect(old).toBeGreaterThan(0);
  expect(fresh).toBeGreaterThan(0);
});
