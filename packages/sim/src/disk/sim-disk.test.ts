import { DiskError, type File } from '@quorate/env';
import { describe, expect, test } from 'vitest';
import { SeededStream } from '../random/index.ts';
import { drawCrash } from './crash.ts';
import { SECTOR_BYTES, SimDisk } from './index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk);
const filled = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

async function contentOf(disk: SimDisk, path: string): Promise<string | undefined> {
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, 'read');
  return text(await file.read(0, await file.size()));
}

/** A file whose creation is durable. */
async function durableFile(disk: SimDisk, path: string, content = ''): Promise<File> {
  const file = await disk.open(path, 'create');
  await file.writeDurably([bytes(content)], 0);
  await disk.syncDirectory('/');
  return file;
}

const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'fulfilled',
    (error: unknown) => (error instanceof DiskError ? error.code : String(error)),
  );

/** Every content that a crash could leave of a file; undefined when it is not there. */
async function afterEveryCrash(disk: SimDisk, path: string): Promise<Set<string | undefined>> {
  const found = new Set<string | undefined>();
  for (const variant of disk.crashVariants()) found.add(await contentOf(disk.afterCrash(variant), path));
  return found;
}

describe('a healthy disk', () => {
  test('reads back what was written, across chunks and past the end', async () => {
    const disk = new SimDisk();
    const file = await disk.open('/a', 'create');
    await file.write([bytes('hello '), bytes('world')], 0);
    await file.write([bytes('!')], 12);
    expect(text(await file.read(0, 100))).toBe('hello world\0!');
    expect(text(await file.read(6, 5))).toBe('world');
    expect(await file.size()).toBe(13);
    await file.truncate(5);
    await file.truncate(7);
    expect(text(await file.read(0, 100))).toBe('hello\0\0');
  });

  test('answers misuse with the code of its kind', async () => {
    const disk = new SimDisk();
    await disk.makeDirectory('/d/e');
    const file = await disk.open('/d/f', 'create');
    expect(await codeOf(disk.open('/d/f', 'create'))).toBe('exists');
    expect(await codeOf(disk.open('/nothing', 'read'))).toBe('not-found');
    expect(await codeOf(disk.open('/nothing/x', 'create'))).toBe('not-found');
    expect(await codeOf(disk.remove('/d'))).toBe('not-empty');
    expect(await codeOf(disk.rename('/nothing', '/d/g'))).toBe('not-found');
    expect(await codeOf((await disk.open('/d/f', 'read')).write([bytes('x')], 0))).toBe('permission-denied');
    await file.close();
    await file.close();
    expect(await codeOf(file.write([bytes('x')], 0))).toBe('closed');
    expect(await disk.list('/d')).toEqual(['e', 'f']);
  });

  test('a lock holds until it is disposed, and names its holder', async () => {
    const disk = new SimDisk();
    const lock = await disk.lock('/lock');
    expect(await codeOf(disk.lock('/lock'))).toBe('locked');
    await expect(disk.lock('/lock')).rejects.toThrow('this process');
    expect(await disk.list('/')).toEqual(['lock']);
    await lock[Symbol.asyncDispose]();
    await lock[Symbol.asyncDispose]();
    expect(await disk.list('/')).toEqual([]);
    expect(await codeOf(disk.lock('/nowhere/lock'))).toBe('not-found');
    expect(await codeOf(disk.lock('/lock'))).toBe('fulfilled');
  });
});

describe('what a power failure takes', () => {
  test('synced bytes survive every variant; unsynced ones may or may not be there', async () => {
    const disk = new SimDisk();
    const file = await durableFile(disk, '/a', 'safe');
    await file.write([bytes('+new')], 4);
    const contents = await afterEveryCrash(disk, '/a');
    expect(contents).toEqual(new Set(['safe', 'safe+new', 'safe\0\0\0\0']));
    await file.sync();
    expect(await afterEveryCrash(disk, '/a')).toEqual(new Set(['safe+new']));
  });

  test('a sync covers what was written when it began, and nothing that came after', async () => {
    const disk = new SimDisk({ completion: 'stepped' });
    const opening = disk.open('/a', 'create');
    disk.step();
    const file = await opening;
    const first = file.write([bytes('1')], 0);
    disk.step();
    await first;
    const sync = file.sync();
    const second = file.write([bytes('2')], 1);
    disk.step(1);
    await second;
    disk.step();
    await sync;
    expect(disk.pending().map((operation) => operation.kind)).toEqual(['names', 'write']);
  });

  test('a file created, renamed or removed is so for certain only after its directory was synced', async () => {
    const disk = new SimDisk();
    const file = await disk.open('/a', 'create');
    await file.writeDurably([bytes('x')], 0);
    expect(await afterEveryCrash(disk, '/a')).toEqual(new Set([undefined, 'x']));
    await disk.syncDirectory('/');
    expect(await afterEveryCrash(disk, '/a')).toEqual(new Set(['x']));
    await disk.rename('/a', '/b');
    for (const variant of disk.crashVariants()) {
      const after = disk.afterCrash(variant);
      expect([await after.exists('/a'), await after.exists('/b')].filter(Boolean)).toHaveLength(1);
    }
    await disk.syncDirectory('/');
    await disk.remove('/b');
    expect(await afterEveryCrash(disk, '/b')).toEqual(new Set([undefined, 'x']));
    await disk.syncDirectory('/');
    expect(await afterEveryCrash(disk, '/b')).toEqual(new Set([undefined]));
  });

  test('a rename onto an existing file leaves the old or the new content, never neither', async () => {
    const disk = new SimDisk();
    await durableFile(disk, '/state', 'old');
    await durableFile(disk, '/state.new', 'new');
    await disk.rename('/state.new', '/state');
    expect(await afterEveryCrash(disk, '/state')).toEqual(new Set(['old', 'new']));
  });

  test('a rename onto an existing file without a sync of the new one may leave it empty', async () => {
    const disk = new SimDisk();
    await durableFile(disk, '/state', 'old');
    const fresh = await disk.open('/state.new', 'create');
    await fresh.write([bytes('new')], 0);
    await disk.rename('/state.new', '/state');
    expect(await afterEveryCrash(disk, '/state')).toContain('');
  });

  test('unsynced writes may survive in any subset, so also a later one without an earlier one', async () => {
    const disk = new SimDisk();
    const file = await durableFile(disk, '/a', '....');
    await file.write([bytes('1')], 0);
    await file.write([bytes('2')], 1);
    await file.write([bytes('3')], 2);
    const contents = await afterEveryCrash(disk, '/a');
    for (const content of ['....', '1...', '.2..', '..3.', '1.3.', '123.']) expect(contents).toContain(content);
  });

  test('a write may tear at sectors, to old bytes or zeros, and never harms bytes beside it', async () => {
    const disk = new SimDisk();
    const file = await disk.open('/a', 'create');
    await file.writeDurably([filled(3 * SECTOR_BYTES, 1)], 0);
    await disk.syncDirectory('/');
    await file.write([filled(2 * SECTOR_BYTES, 2)], 100);
    const seen = new Set<string>();
    for (const variant of disk.crashVariants()) {
      const after = await disk.afterCrash(variant).open('/a', 'read');
      const content = await after.read(0, 3 * SECTOR_BYTES);
      expect(content.length).toBe(3 * SECTOR_BYTES);
      expect(content.subarray(0, 100)).toEqual(filled(100, 1));
      expect(content.subarray(100 + 2 * SECTOR_BYTES)).toEqual(filled(SECTOR_BYTES - 100, 1));
      seen.add(`${content[100]}${content[SECTOR_BYTES]}${content[2 * SECTOR_BYTES]}`);
    }
    for (const tear of ['111', '222', '211', '221', '200', '220', '122', '112', '022', '212'])
      expect(seen).toContain(tear);
  });

  test('overlapping unsynced writes each keep their own bytes', async () => {
    const disk = new SimDisk();
    const file = await durableFile(disk, '/a', 'aaaa');
    await file.write([bytes('bb')], 1);
    await file.write([bytes('cc')], 2);
    const contents = await afterEveryCrash(disk, '/a');
    for (const content of ['aaaa', 'abba', 'aacc', 'abcc']) expect(contents).toContain(content);
    await file.sync();
    expect(await afterEveryCrash(disk, '/a')).toEqual(new Set(['abcc']));
  });

  test('an unsynced truncation may be lost', async () => {
    const disk = new SimDisk();
    const file = await durableFile(disk, '/a', 'abcd');
    await file.truncate(2);
    await file.write([bytes('x')], 2);
    const contents = await afterEveryCrash(disk, '/a');
    for (const content of ['abcd', 'ab', 'abxd', 'abx']) expect(contents).toContain(content);
  });

  test('the same seed draws the same fate, and seeds differ', () => {
    const disk = new SimDisk();
    void disk.open('/a', 'create').then((file) => file.write([filled(5000, 7)], 0));
    const fates = (seed: bigint): string =>
      JSON.stringify(
        Array.from({ length: 20 }, () =>
          drawCrash(disk.pending(), new SeededStream({ high: 0, low: Number(seed) }, 'crash')),
        ),
      );
    expect(fates(1n)).toBe(fates(1n));
    expect(new Set([1n, 2n, 3n, 4n, 5n].map(fates)).size).toBeGreaterThan(1);
  });

  test('a fate that is given is carried out to the letter, whatever was on its way', async () => {
    for (const kept of ['lost', 'kept'] as const) {
      const disk = new SimDisk();
      const mount = disk.mount('a', { schedule: () => {} });
      const file = await durableFile(disk, '/a', 'old');
      await file.write([bytes('new')], 0);
      void mount.open('/never', 'create');
      disk.crash({ name: kept, outcomes: [kept] });
      expect(await contentOf(disk, '/a')).toBe(kept === 'kept' ? 'new' : 'old');
      expect(await disk.exists('/never')).toBe(false);
    }
  });

  test('the death of a process alone takes nothing that was written', async () => {
    const disk = new SimDisk();
    const scheduler = { schedule: (operation: { perform(): void }) => queueMicrotask(() => operation.perform()) };
    const mount = disk.mount('first', scheduler);
    const file = await mount.open('/a', 'create');
    await file.write([bytes('unsynced')], 0);
    const lock = await mount.lock('/lock');
    disk.unmount(mount);
    expect(await contentOf(disk, '/a')).toBe('unsynced');
    expect(await codeOf(disk.lock('/lock'))).toBe('fulfilled');
    expect(lock).toBeDefined();
    expect(disk.pending().map((operation) => operation.kind)).toEqual(['names', 'write', 'names']);
  });
});

describe('crash after the n-th operation', () => {
  /** Appends records and says which were acknowledged. */
  async function append(disk: SimDisk, acknowledged: number[], sync: boolean): Promise<void> {
    const file = await disk.open('/log', 'create');
    await disk.syncDirectory('/');
    for (let i = 0; i < 4; i++) {
      if (sync) await file.writeDurably([Uint8Array.of(i + 1)], i);
      else await file.write([Uint8Array.of(i + 1)], i);
      acknowledged.push(i + 1);
    }
  }

  async function lostRecords(sync: boolean): Promise<{ lost: number; tried: number; crashPoints: number }> {
    let [lost, tried, crashPoints] = [0, 0, 0];
    for (let count = 0; ; count++) {
      const disk = new SimDisk({ seed: 3n });
      const acknowledged: number[] = [];
      disk.crashAfter(count);
      await Promise.race([append(disk, acknowledged, sync), disk.crashed]);
      if (!disk.hasCrashed) return { lost, tried, crashPoints };
      crashPoints += 1;
      for (const variant of disk.crashVariants()) {
        tried += 1;
        const after = disk.afterCrash(variant);
        const content = (await after.exists('/log')) ? await (await after.open('/log', 'read')).read(0, 10) : [];
        if (acknowledged.some((record, i) => content[i] !== record)) lost += 1;
      }
    }
  }

  test('synced appends lose no acknowledged record at any point', async () => {
    const outcome = await lostRecords(true);
    expect(outcome.lost).toBe(0);
    expect(outcome.crashPoints).toBe(2 + 2 * 4 + 1);
    expect(outcome.tried).toBeGreaterThan(20);
  });

  test('the check can fail: appends without a sync lose acknowledged records', async () => {
    expect((await lostRecords(false)).lost).toBeGreaterThan(0);
  });
});

describe('live faults', () => {
  test('a failed sync drops what was dirty, and the next sync succeeds without bringing it back', async () => {
    let lost = 0;
    for (let seed = 0n; seed < 20n; seed++) {
      const disk = new SimDisk({ seed });
      const file = await durableFile(disk, '/a', 'safe');
      await file.write([bytes('+new')], 4);
      disk.faults.failNext('sync');
      expect(await codeOf(file.sync())).toBe('io');
      expect(await codeOf(file.sync())).toBe('fulfilled');
      expect(text(await file.read(0, 10))).toBe('safe+new');
      expect(disk.pending()).toEqual([]);
      disk.crash();
      if ((await contentOf(disk, '/a')) === 'safe') lost += 1;
    }
    expect(lost).toBeGreaterThan(0);
    expect(lost).toBeLessThan(20);
  });

  test('a failed write leaves the bytes or leaves them not, and read errors lose nothing', async () => {
    const contents = new Set<string | undefined>();
    for (let seed = 0n; seed < 20n; seed++) {
      const disk = new SimDisk({ seed });
      const file = await durableFile(disk, '/a', 'old');
      disk.faults.failNext('write', { pathStart: '/a' });
      expect(await codeOf(file.write([bytes('new')], 0))).toBe('io');
      disk.faults.failNext('read');
      expect(await codeOf(file.read(0, 3))).toBe('io');
      contents.add(text(await file.read(0, 3)));
    }
    expect(contents).toEqual(new Set(['old', 'new']));
  });

  test('rates fail some operations, and healing ends it', async () => {
    const disk = new SimDisk({ seed: 5n });
    const file = await durableFile(disk, '/a', 'x');
    disk.faults.rates = { readError: 0.5, writeError: 0.5, syncError: 0.5, readBitFlip: 0 };
    const codes: string[] = [];
    for (let i = 0; i < 50; i++) codes.push(await codeOf(file.write([bytes('y')], 0)), await codeOf(file.sync()));
    expect(new Set(codes)).toEqual(new Set(['io', 'fulfilled']));
    expect(disk.faults.injected).toBe(codes.filter((code) => code === 'io').length);
    disk.heal();
    for (let i = 0; i < 50; i++) expect(await codeOf(file.writeDurably([bytes('y')], 0))).toBe('fulfilled');
  });

  test('a full disk takes what fits in whole sectors and says no-space; removing a file makes room', async () => {
    const disk = new SimDisk({ capacityBytes: 2048 });
    const other = await durableFile(disk, '/other', 'x'.repeat(1000));
    const file = await disk.open('/a', 'create');
    expect(await codeOf(file.write([filled(700, 1), filled(700, 2)], 0))).toBe('no-space');
    expect(await file.size()).toBe(1024);
    expect(await codeOf(file.truncate(5000))).toBe('no-space');
    await disk.remove('/other');
    expect(await codeOf(file.write([filled(1400, 1)], 0))).toBe('no-space');
    await other.close();
    expect(await codeOf(file.write([filled(1400, 1)], 0))).toBe('fulfilled');
    expect(disk.volume.usedBytes).toBe(1400);
  });

  test('a flipped bit shows on every read and after a crash', async () => {
    const disk = new SimDisk();
    await durableFile(disk, '/a', 'abc');
    disk.flipBit('/a', 1, 0);
    expect(await contentOf(disk, '/a')).toBe('acc');
    disk.crash();
    expect(await contentOf(disk, '/a')).toBe('acc');
    const flip = disk.flipRandomBit((path) => path === '/a');
    expect(flip?.path).toBe('/a');
    expect(await contentOf(disk, '/a')).not.toBe('acc');
    expect(disk.flipRandomBit(() => false)).toBeUndefined();
  });

  test('bits rot in what is read, and stay so', async () => {
    const disk = new SimDisk({ seed: 9n });
    await durableFile(disk, '/a', 'abc');
    disk.faults.rates = { readError: 0, writeError: 0, syncError: 0, readBitFlip: 1 };
    const rotten = await contentOf(disk, '/a');
    disk.heal();
    expect(rotten).not.toBe('abc');
    expect(await contentOf(disk, '/a')).toBe(rotten);
  });

  test('a stalled sync hangs until released', async () => {
    const disk = new SimDisk();
    const file = await durableFile(disk, '/a', 'abc');
    disk.stall('sync');
    let done = false;
    const sync = file.sync().then(() => {
      done = true;
    });
    await file.write([bytes('x')], 0);
    expect(done).toBe(false);
    disk.unstall();
    await sync;
  });
});

test('of several slow-downs at once the slowest counts, and each ends by itself', () => {
  const disk = new SimDisk();
  const [first, second] = [disk.slowDown(10), disk.slowDown(50)];
  expect(disk.latencyFactor).toBe(50);
  second();
  expect(disk.latencyFactor).toBe(10);
  first();
  first();
  expect(disk.latencyFactor).toBe(1);
  disk.slowDown(3);
  disk.heal();
  expect(disk.latencyFactor).toBe(1);
});
