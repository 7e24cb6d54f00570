import { DiskError } from '@quorate/env';
import { SimDisk } from '@quorate/sim/disk';
import { expect, test, vi } from 'vitest';
import type { MemberRecord } from '../core/requests.ts';
import { testEnv } from '../storage/storage.fixture.ts';
import { MembersFile } from './members-file.ts';

const one: MemberRecord = { id: 1, name: 'n1', peerAddress: '10.0.0.1:7411', clientUrls: [] };
const other: MemberRecord = { ...one, id: 2, name: 'n2', peerAddress: '10.0.0.2:7421' };

async function setUp(): Promise<{ disk: SimDisk; file: MembersFile; read: () => Promise<readonly MemberRecord[]> }> {
  const disk = new SimDisk();
  await disk.makeDirectory('/data');
  const open = (): MembersFile => new MembersFile(testEnv(disk), '/data');
  return { disk, file: open(), read: () => open().read() };
}

test('the members last saved are read again', async () => {
  const { file, read } = await setUp();
  file.save([one]);
  file.save([one, other]);
  await file.close();
  expect(await read()).toEqual([one, other]);
});

test('a list that is in the file already does not touch the disk', async () => {
  const { disk, file } = await setUp();
  file.save([one]);
  await file.close();
  const before = disk.operations;
  file.save([{ ...one }]);
  await file.close();
  expect(disk.operations).toBe(before);
  file.save([other]);
  await file.close();
  expect(disk.operations).toBeGreaterThan(before);
  expect(await file.read()).toEqual([other]);
});

test('a list that could not be written is written when it comes again', async () => {
  const { disk, file, read } = await setUp();
  disk.faults.failNext('write');
  file.save([one]);
  await file.close();
  expect(await read()).toEqual([]);
  file.save([one]);
  await file.close();
  expect(await read()).toEqual([one]);
});

test('after a write that failed half way, the list before it is written again', async () => {
  const { disk, file, read } = await setUp();
  file.save([one]);
  await file.close();
  vi.spyOn(disk, 'syncDirectory').mockRejectedValueOnce(new DiskError('io', '/data', 'the directory cannot be synced'));
  file.save([other]);
  await file.close();
  expect(await read()).toEqual([other]);
  file.save([one]);
  await file.close();
  expect(await read()).toEqual([one]);
});

test('a file that is missing or cannot be read is no list', async () => {
  const { disk, file } = await setUp();
  expect(await file.read()).toEqual([]);
  const damaged = await disk.open('/data/members.json', 'create');
  await damaged.writeDurably([new TextEncoder().encode('[{"id":')], 0);
  await damaged.close();
  expect(await file.read()).toEqual([]);
});
