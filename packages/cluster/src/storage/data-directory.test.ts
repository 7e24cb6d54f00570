import { crc32c } from '@quorate/patterns/integrity';
import { SimDisk } from '@quorate/sim/disk';
import { describe, expect, test } from 'vitest';
import { openDataDirectory, readDataDirectoryOwner } from './data-directory.ts';

const owner = { clusterId: 7, nodeId: 1 };

async function claimed(): Promise<SimDisk> {
  const disk = new SimDisk();
  const directory = await openDataDirectory({ disk }, '/data', owner);
  expect(directory.existed).toBe(false);
  await directory[Symbol.asyncDispose]();
  return disk;
}

async function overwrite(disk: SimDisk, text: string): Promise<void> {
  const file = await disk.open('/data/quorate.json', 'write');
  await file.truncate(0);
  await file.writeDurably([new TextEncoder().encode(text)], 0);
  await file.close();
}

describe('a data directory', () => {
  test('is claimed at the first start and found again at the next', async () => {
    const disk = await claimed();
    expect(await readDataDirectoryOwner({ disk }, '/data')).toEqual(owner);
    const directory = await openDataDirectory({ disk }, '/data', owner);
    expect(directory).toMatchObject({ existed: true, logPath: '/data/log', snapshotsPath: '/data/snapshots' });
  });

  test('is refused to another cluster and to another node, with both ids', async () => {
    const disk = await claimed();
    await expect(openDataDirectory({ disk }, '/data', { clusterId: 8, nodeId: 1 })).rejects.toThrow(
      /belongs to cluster 7, .*configured for cluster 8/,
    );
    await expect(openDataDirectory({ disk }, '/data', { clusterId: 7, nodeId: 2 })).rejects.toThrow(
      /belongs to node 1, .*node 2/,
    );
    await expect(openDataDirectory({ disk }, '/data', owner)).resolves.toBeDefined();
  });

  test('is refused while another holds it', async () => {
    const disk = await claimed();
    const first = await openDataDirectory({ disk }, '/data', owner);
    await expect(openDataDirectory({ disk }, '/data', owner)).rejects.toMatchObject({ code: 'in-use' });
    await first[Symbol.asyncDispose]();
    await expect(openDataDirectory({ disk }, '/data', owner)).resolves.toBeDefined();
  });

  test('of a newer release is refused', async () => {
    const disk = await claimed();
    const check = crc32c(0, new TextEncoder().encode('2 7 1'));
    await overwrite(disk, JSON.stringify({ format: 2, clusterId: 7, nodeId: 1, check }));
    await expect(openDataDirectory({ disk }, '/data', owner)).rejects.toMatchObject({ code: 'version' });
  });

  test('whose version file is damaged, or missing beside a log, is refused', async () => {
    const disk = await claimed();
    await overwrite(disk, '{"format":1,"clusterId":7,"nodeId":3,"check":12}');
    await expect(openDataDirectory({ disk }, '/data', owner)).rejects.toMatchObject({ code: 'damaged' });
    await disk.remove('/data/quorate.json');
    await disk.makeDirectory('/data/log');
    await expect(openDataDirectory({ disk }, '/data', owner)).rejects.toMatchObject({ code: 'damaged' });
  });

  test('is claimed wholly or not at all when the power fails', async () => {
    for (let count = 0; ; count++) {
      const disk = new SimDisk();
      disk.crashAfter(count);
      const script = openDataDirectory({ disk }, '/data', owner).then(() => 'done');
      if ((await Promise.race([script, disk.crashed.then(() => 'crashed')])) === 'done') break;
      for (const variant of disk.crashVariants()) {
        const survivor = disk.afterCrash(variant);
        await expect(openDataDirectory({ disk: survivor }, '/data', owner)).resolves.toBeDefined();
      }
    }
  });
});
