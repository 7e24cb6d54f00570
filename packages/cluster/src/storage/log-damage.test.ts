import { SimDisk } from '@quorate/sim/disk';
import { describe, expect, test } from 'vitest';
import { entries, openTestLog, persisted, request, testEnv } from './storage.fixture.ts';
import { GroupId, type LogStore, type RecoveredGroup } from './types.ts';

const core = GroupId.of(0);
const other = GroupId.of(1);
const segment = (number: number) => `/data/log/log-${String(number).padStart(8, '0')}.wal`;

/** A log in one segment; each of its batches was acknowledged before the next was written. */
async function smallLog(close: (store: LogStore) => Promise<void>): Promise<SimDisk> {
  const disk = new SimDisk();
  const store = await openTestLog(testEnv(disk), { zeroAheadBytes: 1024 });
  await persisted(store, request(0, { entries: entries(1, 2, 1), term: 1, vote: 1 }), request(1, { term: 1 }));
  await persisted(store, request(1, { entries: entries(1, 2, 2, 120), term: 2, vote: 2, commit: 1 }));
  await persisted(store, request(0, { entries: entries(3, 4, 1), commit: 2 }));
  await persisted(store, request(0, { term: 3, vote: 2 }));
  await persisted(store, request(0, { entries: entries(5, 6, 3, 600), commit: 4 }));
  await close(store);
  return disk;
}

const whole = {
  core: { state: { term: 3, vote: 2 }, last: 6, commit: 4 },
  other: { state: { term: 2, vote: 2 }, last: 2, commit: 1 },
};

function isWhole(group: RecoveredGroup | undefined, expected: (typeof whole)['core']): boolean {
  return (
    group !== undefined &&
    group.damage === undefined &&
    group.state.term === expected.state.term &&
    group.state.vote === expected.state.vote &&
    group.entries.at(-1)?.index === expected.last &&
    group.commit === expected.commit
  );
}

async function copyOf(disk: SimDisk): Promise<SimDisk> {
  return disk.afterCrash({ name: 'all kept', outcomes: disk.pending().map(() => 'kept') });
}

describe.each([
  ['an orderly stop', true, (store: LogStore) => store.close()],
  ['a sudden end', false, async () => {}],
])('after %s', (_how, sealed, close) => {
  test('any single flipped bit is healed, harmless or reported; and no vote is ever lost', async () => {
    const disk = await smallLog(close);
    const file = await disk.open(segment(1), 'read');
    const sizeBytes = await file.size();
    const tally = { harmless: 0, core: 0, other: 0, both: 0 };
    for (let offset = 0; offset < sizeBytes; offset++) {
      const flipped = await copyOf(disk);
      flipped.flipBit(segment(1), offset, (offset * 5) % 8);
      const { recovered } = await openTestLog(testEnv(flipped), { zeroAheadBytes: 1024 });
      const [a, b] = [recovered.get(core), recovered.get(other)];
      const [coreWhole, otherWhole] = [isWhole(a, whole.core), isWhole(b, whole.other)];
      // Either all is there, or the group concerned says that it is not.
      if (!coreWhole) expect(a?.damage, `byte ${offset}`).toContain(segment(1));
      if (!otherWhole) expect(b?.damage, `byte ${offset}`).toContain(segment(1));
      expect([a?.state, b?.state], `byte ${offset}`).toEqual([whole.core.state, whole.other.state]);
      tally[coreWhole ? (otherWhole ? 'harmless' : 'other') : otherWhole ? 'core' : 'both'] += 1;
    }
    // Bodies: 4 · 20 + 2 · 600 bytes of the one, 2 · 120 of the other, and their few bytes of framing.
    expect(tally.core).toBeGreaterThan(1280);
    expect(tally.core).toBeLessThan(1310);
    expect(tally.other).toBeGreaterThan(240);
    expect(tally.other).toBeLessThan(250);
    expect(tally.both).toBe(0);
    expect(tally.harmless).toBe(sizeBytes - tally.core - tally.other);
  });

  test('any lost sector is healed, harmless or reported, but for what no one can tell from a torn tail', async () => {
    const disk = await smallLog(close);
    const file = await disk.open(segment(1), 'read');
    const sectors = (await file.size()) / 512;
    let reported = 0;
    const silent: number[] = [];
    for (let sector = 0; sector < sectors; sector++) {
      const holed = await copyOf(disk);
      const broken = await holed.open(segment(1), 'write');
      await broken.writeDurably([new Uint8Array(512)], sector * 512);
      const { recovered, damage } = await openTestLog(testEnv(holed), { zeroAheadBytes: 1024 });
      const groups = [recovered.get(core), recovered.get(other)];
      if (isWhole(groups[0], whole.core) && isWhole(groups[1], whole.other)) continue;
      if (damage !== undefined || groups.some((group) => group?.damage !== undefined)) reported += 1;
      else silent.push(sector);
    }
    // Header, carry, five batches of 1, 1, 1, 1 and 3 sectors: the last looks torn when it lacks one, unless a seal follows it.
    expect(silent).toEqual(sealed ? [] : [6, 7, 8]);
    expect(reported).toBe(sealed ? 9 : 6);
  });
});

describe('damage', () => {
  async function damagedLog(): Promise<SimDisk> {
    const disk = new SimDisk();
    const store = await openTestLog(testEnv(disk));
    await persisted(store, request(0, { entries: entries(1, 5, 1, 400), term: 1, vote: 1, commit: 3 }));
    await persisted(store, request(1, { entries: entries(1, 5, 1) }));
    await persisted(store, request(0, { entries: entries(6, 9, 1, 400), commit: 8 }));
    await store.close();
    // In the body of the first batch's record.
    disk.flipBit(segment(1), 512 + 512 + 200, 3);
    return disk;
  }

  test('gives the entries before it, names the place, and keeps a copy of the file', async () => {
    const disk = await damagedLog();
    const env = testEnv(disk);
    const store = await openTestLog(env);
    const group = store.recovered.get(core)!;
    expect(group.damage).toMatch(
      /entry 1: .*log-00000001\.wal at byte \d+: the body of a record of stream 0 has a wrong CRC/,
    );
    expect(group).toMatchObject({ entries: [], state: { term: 1, vote: 1 }, commit: 8 });
    expect(store.recovered.get(other)).toMatchObject({ entries: entries(1, 5, 1), damage: undefined });
    expect(await disk.list('/data/log')).toContain('log-00000001.wal.damaged');
    expect(env.logged.map(({ level }) => level)).toContain('error');
  });

  test('is reported again at every start until the group says that it is repaired', async () => {
    const disk = await damagedLog();
    let store = await openTestLog(testEnv(disk));
    await persisted(store, request(0, { entries: entries(1, 4, 2), term: 2 }));
    await store.close();
    store = await openTestLog(testEnv(disk));
    expect(store.recovered.get(core)).toMatchObject({ entries: entries(1, 4, 2), state: { term: 2 } });
    expect(store.recovered.get(core)?.damage).toBeDefined();
    await persisted(store, request(0, { entries: entries(5, 9, 2), commit: 9, repaired: true }));
    await store.close();
    store = await openTestLog(testEnv(disk));
    expect(store.recovered.get(core)).toMatchObject({ entries: entries(1, 9, 2), damage: undefined });
    expect(store.recovered.get(other)?.damage).toBeUndefined();
  });

  test('is not forgotten when the damaged segment is freed', async () => {
    const disk = await damagedLog();
    let store = await openTestLog(testEnv(disk));
    store.release(core, 9);
    store.release(other, 5);
    await persisted(store, request(0, { entries: entries(10, 10, 2), term: 2, commit: 9 }));
    await store.close();
    expect(await disk.exists(segment(1))).toBe(false);
    store = await openTestLog(testEnv(disk));
    expect(store.recovered.get(core)).toMatchObject({
      entries: entries(10, 10, 2),
      damage: expect.stringContaining('entry 1'),
    });
    expect(store.recovered.get(other)?.damage).toBeUndefined();
  });

  test('of entries that are in a snapshot is no damage', async () => {
    const disk = await damagedLog();
    // As if it had come after the release.
    disk.flipBit(segment(1), 512 + 512 + 200, 3);
    let store = await openTestLog(testEnv(disk));
    store.release(core, 5);
    await persisted(store, request(0, { commit: 9 }));
    await store.close();
    disk.flipBit(segment(1), 512 + 512 + 200, 3);
    store = await openTestLog(testEnv(disk));
    expect(store.recovered.get(core)).toMatchObject({ entries: entries(6, 9, 1, 400), damage: undefined });
  });

  test('a segment that is gone is noticed by the groups that had entries in it', async () => {
    const disk = new SimDisk();
    let store = await openTestLog(testEnv(disk));
    await persisted(store, request(1, { term: 5, vote: 2 }));
    for (let i = 1; i <= 60; i++) await persisted(store, request(0, { entries: entries(i, i, 1, 900) }));
    await store.close();
    await disk.remove(segment(3));
    store = await openTestLog(testEnv(disk));
    expect(store.recovered.get(core)?.damage).toContain('log-00000004.wal does not follow');
    expect(store.recovered.get(core)?.entries.length).toBeGreaterThan(5);
    expect(store.recovered.get(other)).toMatchObject({ state: { term: 5, vote: 2 }, damage: undefined });
  });

  test('the oldest segment that is gone without having been released is noticed', async () => {
    const disk = new SimDisk();
    let store = await openTestLog(testEnv(disk));
    for (let i = 1; i <= 60; i++) await persisted(store, request(0, { entries: entries(i, i, 1, 900) }));
    await store.close();
    await disk.remove(segment(1));
    store = await openTestLog(testEnv(disk));
    expect(store.recovered.get(core)?.damage).toMatch(/entries 1 to \d+ are missing: a segment is gone/);
  });
});

test('when nothing is left that says which groups there were, that is said, and stays so', async () => {
  const disk = await smallLog((store) => store.close());
  const file = await disk.open(segment(1), 'write');
  await file.writeDurably([new Uint8Array(512)], 0);
  let store = await openTestLog(testEnv(disk));
  expect(store.recovered.size).toBe(0);
  expect(store.damage).toContain(segment(1));
  await persisted(store, request(0, { entries: entries(1, 3, 4), term: 4 }));
  await store.close();
  store = await openTestLog(testEnv(disk));
  expect(store.damage).toContain(segment(1));
  expect(store.recovered.get(core)).toMatchObject({
    entries: entries(1, 3, 4),
    damage: expect.stringContaining(segment(1)),
  });
  await persisted(store, request(0, { repaired: true }));
  await store.close();
  store = await openTestLog(testEnv(disk));
  expect(store.recovered.get(core)).toMatchObject({ entries: entries(1, 3, 4), damage: undefined });
  expect(store.damage).toContain(segment(1));
});

test('a log of another node, or of a newer format, is refused', async () => {
  const disk = await smallLog((store) => store.close());
  await expect(openTestLog(testEnv(disk), { nodeId: 2 })).rejects.toMatchObject({ code: 'foreign' });
  await expect(openTestLog(testEnv(disk), { clusterId: 9 })).rejects.toMatchObject({ code: 'foreign' });
});
