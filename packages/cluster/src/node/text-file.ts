import type { Disk } from '@quorate/env';

/** The whole text of a small file, or undefined when there is none. */
export async function readText(disk: Disk, path: string): Promise<string | undefined> {
  if (!(await disk.exists(path))) return undefined;
  const file = await disk.open(path, 'read');
  try {
    return new TextDecoder().decode(await file.read(0, await file.size()));
  } finally {
    await file.close();
  }
}

/** Writes a small file durably: at no time is a part of it under its name. */
export async function replaceText(disk: Disk, directory: string, name: string, text: string): Promise<void> {
  const temporary = `${directory}/${name}.tmp`;
  if (await disk.exists(temporary)) await disk.remove(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    await file.writeDurably([new TextEncoder().encode(text)], 0);
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}
