import type { Disk } from '@quorate/env';

/**
 * Creates a directory and its missing parents, durably: each new name is in a parent that has been synced. Also when
 * it exists, the last one is synced, since the life that created it may have ended before it could.
 */
export async function makeDurableDirectory(disk: Disk, path: string): Promise<void> {
  const parents: string[] = [];
  for (let below = path; ; ) {
    const parent = below.slice(0, below.lastIndexOf('/')) || '/';
    parents.push(parent);
    if (parent === '/' || (await disk.exists(parent))) break;
    below = parent;
  }
  await disk.makeDirectory(path);
  for (const parent of parents) await disk.syncDirectory(parent);
}
