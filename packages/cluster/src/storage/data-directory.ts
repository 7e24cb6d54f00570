import { type Disk, DiskError, type Env } from '@quorate/env';
import { crc32c } from '@quorate/patterns/integrity';
import { makeDurableDirectory } from './durable-directory.ts';
import { StorageError } from './errors.ts';
import type { LogOwner } from './log-recovery.ts';

/** Version of the directory's layout. A release reads this one and the one before it. */
export const DATA_FORMAT_VERSION = 1;

const VERSION_FILE = 'quorate.json';
const LOCK_FILE = 'lock';

/** One node's directory, locked against every other process. */
export interface DataDirectory extends AsyncDisposable {
  readonly path: string;
  readonly logPath: string;
  readonly snapshotsPath: string;
  /** False when this is the first start in it. */
  readonly existed: boolean;
}

/**
 * Locks the directory for this process and makes sure that it is this node's. Creates it, and the file that says whose it is, at the
 * first start. Rejects with `StorageError`: `in-use`, `foreign`, `version`, `damaged`. Disposing gives the lock back.
 */
export async function openDataDirectory(env: Pick<Env, 'disk'>, path: string, owner: LogOwner): Promise<DataDirectory> {
  const { disk } = env;
  await makeDurableDirectory(disk, path);
  const lock = await takeLock(disk, path);
  try {
    const found = await readDataDirectoryOwner(env, path);
    if (found === undefined) await claim(disk, path, owner);
    else refuseForeign(path, found, owner);
    return {
      path,
      logPath: `${path}/log`,
      snapshotsPath: `${path}/snapshots`,
      existed: found !== undefined,
      [Symbol.asyncDispose]: () => lock[Symbol.asyncDispose](),
    };
  } catch (error) {
    await lock[Symbol.asyncDispose]();
    throw error;
  }
}

/** Whose directory it is, or undefined when it is nobody's yet. Needs no lock. Rejects with `StorageError`: `version`, `damaged`. */
export async function readDataDirectoryOwner(env: Pick<Env, 'disk'>, path: string): Promise<LogOwner | undefined> {
  const { disk } = env;
  const name = `${path}/${VERSION_FILE}`;
  if (!(await disk.exists(name))) {
    if (!(await disk.exists(`${path}/log`))) return undefined;
    throw new StorageError(
      'damaged',
      `${path} holds a log, but ${VERSION_FILE}, which says whose it is, is missing: restore that file`,
    );
  }
  const file = await disk.open(name, 'read');
  try {
    return parseOwner(new TextDecoder().decode(await file.read(0, await file.size())), name);
  } finally {
    await file.close();
  }
}

async function takeLock(disk: Disk, path: string): Promise<AsyncDisposable> {
  try {
    return await disk.lock(`${path}/${LOCK_FILE}`);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'locked') throw error;
    throw new StorageError('in-use', `${path} is in use: ${error.message}`, { cause: error });
  }
}

async function claim(disk: Disk, path: string, owner: LogOwner): Promise<void> {
  const fields = { format: DATA_FORMAT_VERSION, clusterId: owner.clusterId, nodeId: owner.nodeId };
  const temporary = `${path}/${VERSION_FILE}.tmp`;
  if (await disk.exists(temporary)) await disk.remove(temporary);
  const file = await disk.open(temporary, 'create');
  try {
    const text = `${JSON.stringify({ ...fields, check: checkOf(fields) }, undefined, 2)}\n`;
    await file.writeDurably([new TextEncoder().encode(text)], 0);
  } finally {
    await file.close();
  }
  await disk.rename(temporary, `${path}/${VERSION_FILE}`);
  await disk.syncDirectory(path);
}

function parseOwner(text: string, name: string): LogOwner {
  const fields = parseJson(text);
  const { format, clusterId, nodeId, check } = fields ?? {};
  if (check !== checkOf({ format, clusterId, nodeId })) {
    throw new StorageError(
      'damaged',
      `${name} is damaged: restore it, or let the node join anew with an empty directory`,
    );
  }
  if (format !== DATA_FORMAT_VERSION) {
    throw new StorageError(
      'version',
      `${name} has format ${format}, and this release reads format ${DATA_FORMAT_VERSION}: use the release that wrote it`,
    );
  }
  return { clusterId: Number(clusterId), nodeId: Number(nodeId) };
}

function parseJson(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function checkOf(fields: { format: unknown; clusterId: unknown; nodeId: unknown }): number {
  return crc32c(0, new TextEncoder().encode(`${fields.format} ${fields.clusterId} ${fields.nodeId}`));
}

function refuseForeign(path: string, found: LogOwner, owner: LogOwner): void {
  if (found.clusterId !== owner.clusterId) {
    throw new StorageError(
      'foreign',
      `${path} belongs to cluster ${found.clusterId}, and this node is configured for cluster ${owner.clusterId}: use that cluster's id, or another directory`,
    );
  }
  if (found.nodeId !== owner.nodeId) {
    throw new StorageError(
      'foreign',
      `${path} belongs to node ${found.nodeId}, and this is node ${owner.nodeId}: use that node's id, or another directory`,
    );
  }
}
