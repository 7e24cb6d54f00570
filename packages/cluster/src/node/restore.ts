/** The data directory of a founding member of a new cluster that begins with the state of an old one. */
import { DiskError, type Env } from '@quorate/env';
import type { SnapshotMark } from '@quorate/patterns/consensus/raft';
import { foundingSnapshot } from '../core/machine/index.ts';
import { type DataDirectory, GroupId, openDataDirectory, openLogStore, openSnapshotStore } from '../storage/index.ts';
import { type CoreNodeConfig, checkFounding, NodeConfigError } from './config.ts';
import { founder } from './identity.ts';
import { writeOrigin } from './origin.ts';

export interface RestoreConfig extends Pick<CoreNodeConfig, 'name' | 'dataDirectory' | 'clusterToken'> {
  /** All founding members, name to `host:port`: the same on each of them, and what they are started with afterwards. */
  readonly initialCluster: Readonly<Record<string, string>>;
  /** What tells this snapshot from others, such as its digest. Becomes a part of the cluster's id. */
  readonly origin: string;
}

export interface Restored {
  readonly clusterId: number;
  readonly nodeId: number;
}

const CORE_GROUP: GroupId = GroupId.of(0);
/**
 * Where the new cluster's log begins. Not at 0: a member that has nothing yet must be sent the state, and not a log whose entries begin after it.
 */
const FIRST: Pick<SnapshotMark, 'index' | 'term'> = { index: 1, term: 1 };

/**
 * Every founding member must be given the same snapshot. They make a cluster of another id than the one the snapshot is of, and than one without or
 * with another snapshot, so that members that were not restored alike refuse each other. Founding twice with the same members, token and snapshot
 * makes the same id: give a new token then.
 *
 * Rejects with `NodeConfigError` (nothing was written), `CoreError` `corrupt` when the snapshot cannot be read (nothing was written), `StorageError` or
 * `DiskError`; after these two remove the directory, with which no node will start.
 */
export async function restoreDataDirectory(
  env: Env,
  config: RestoreConfig,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Restored> {
  checkFounding(config);
  await expectEmpty(env, config.dataDirectory);
  const { clusterId, nodeId, initial } = founder(config, config.origin);
  const founding = await foundingSnapshot(chunks, FIRST.index);
  const owner = { clusterId, nodeId };
  await using directory = await openDataDirectory(env, config.dataDirectory, owner);
  await writeState(env, directory, owner, { ...FIRST, configuration: initial }, founding);
  // Last: without it the directory is that of another cluster than its name says, and is refused.
  await writeOrigin(env.disk, directory.path, config.origin);
  return owner;
}

async function writeState(
  env: Parameters<typeof openLogStore>[0],
  directory: DataDirectory,
  owner: { readonly clusterId: number; readonly nodeId: number },
  mark: SnapshotMark,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const snapshots = await openSnapshotStore(env, directory.snapshotsPath, owner);
  const writer = await snapshots.create(CORE_GROUP, mark);
  try {
    for await (const chunk of chunks) await writer.write(chunk);
    await writer.commit();
  } catch (error) {
    await writer.abort().catch(() => {});
    throw error;
  }
  const log = await openLogStore(env, directory.logPath, owner);
  try {
    await new Promise<void>((resolve, reject) => {
      void log.failed.then(reject);
      const state = { term: mark.term, vote: undefined };
      log.persist([{ group: CORE_GROUP, restart: mark, entries: [], state, commit: mark.index }], resolve);
    });
  } finally {
    await log.close();
  }
}

async function expectEmpty({ disk }: Pick<Env, 'disk'>, path: string): Promise<void> {
  let names: readonly string[] = [];
  try {
    names = await disk.list(path);
  } catch (error) {
    if (!(error instanceof DiskError) || error.code !== 'not-found') throw error;
  }
  if (names.length === 0) return;
  const found = names.slice(0, 3).join(', ');
  throw new NodeConfigError(
    'dataDirectory',
    `${path} is not empty (${found}): a snapshot is restored into a directory that is empty or does not exist`,
  );
}
