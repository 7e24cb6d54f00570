import { type Disk, DiskError } from '@quorate/env';

/**
 * Creates a directory and its missing parents, durably. All parents are synced also when the directory exists: the life that
 * created them may have been killed before it could.
 */
export async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  await disk.makeDirectory(path);
  for (let below = path; below !== '/'; ) {
    below = below.slice(0, below.lastIndexOf('/')) || '/';
    await syncIfOurs(disk, below);
  }
}

/** Where we may not look we have created nothing. */
async function syncIfOurs(disk: Disk, path: string): Promise<void> {
  try {
    await disk.syncDirectory(path);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'permission-denied') throw error;
  }
}
