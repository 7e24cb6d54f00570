import type { Disk } from '@quorate/env';
import { crc32c } from '@quorate/patterns/integrity';
import { StorageError } from '../storage/index.ts';
import { readText, replaceText } from './text-file.ts';

const FILE = 'origin.json';

/** What the cluster of this directory was founded from, when it was not founded empty: see `restoreDataDirectory`. */
export async function readOrigin(disk: Disk, directory: string): Promise<string | undefined> {
  const path = `${directory}/${FILE}`;
  const text = await readText(disk, path);
  if (text === undefined) return undefined;
  const { origin, check } = parse(text);
  if (typeof origin === 'string' && check === checkOf(origin)) return origin;
  throw new StorageError(
    'damaged',
    `${path} is damaged: restore that file, or let the node join anew with an empty directory`,
  );
}

export async function writeOrigin(disk: Disk, directory: string, origin: string): Promise<void> {
  await replaceText(disk, directory, FILE, `${JSON.stringify({ origin, check: checkOf(origin) })}\n`);
}

const checkOf = (origin: string): number => crc32c(0, new TextEncoder().encode(origin));

function parse(text: string): { readonly origin?: unknown; readonly check?: unknown } {
  try {
    return (JSON.parse(text) as object | null) ?? {};
  } catch {
    return {};
  }
}
