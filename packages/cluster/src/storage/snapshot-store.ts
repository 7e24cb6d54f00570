import type { Env } from '@quorate/env';
import type { SnapshotMark } from '@quorate/patterns/consensus/raft';
import { makeDurableDirectory } from './durable-directory.ts';
import { StorageError } from './errors.ts';
import type { LogOwner } from './log-recovery.ts';
import { SnapshotFile } from './snapshot-file.ts';
import { ChunkedSnapshotWriter } from './snapshot-writer.ts';
import { GroupId, type SnapshotReader, type SnapshotStore, type SnapshotWriter } from './types.ts';

const GROUP = /^group-(\d+)$/;
const SNAPSHOT = /^[0-9a-f]{14}-[0-9a-f]+\.snapshot$/;

/**
 * Opens the snapshots under `directory`, which is created if need be, and removes what interrupted writers left. A newest
 * snapshot that is not whole is put aside and reported in `damaged`. Rejects with `StorageError` when a snapshot belongs to another node.
 */
export async function openSnapshotStore(
  env: Pick<Env, 'disk' | 'log'>,
  directory: string,
  owner: LogOwner,
): Promise<SnapshotStore> {
  const store = new DirectorySnapshotStore(env, directory, owner);
  await store.load();
  return store;
}

interface Latest {
  readonly mark: SnapshotMark;
  readonly path: string;
}

class DirectorySnapshotStore implements SnapshotStore {
  readonly damaged = new Map<GroupId, string>();
  readonly #env: Pick<Env, 'disk' | 'log'>;
  readonly #directory: string;
  readonly #owner: LogOwner;
  readonly #latest = new Map<GroupId, Latest>();
  #temporaries = 0;

  constructor(env: Pick<Env, 'disk' | 'log'>, directory: string, owner: LogOwner) {
    this.#env = env;
    this.#directory = directory;
    this.#owner = owner;
  }

  async load(): Promise<void> {
    const { disk } = this.#env;
    await makeDurableDirectory(disk, this.#directory);
    for (const name of await disk.list(this.#directory)) {
      const match = GROUP.exec(name);
      if (match !== null) await this.#openGroup(GroupId.of(Number(match[1])));
    }
  }

  latest(group: GroupId): SnapshotMark | undefined {
    return this.#latest.get(group)?.mark;
  }

  async create(group: GroupId, mark: SnapshotMark): Promise<SnapshotWriter> {
    const directory = this.#pathOf(group);
    if (!(await this.#env.disk.exists(directory))) await makeDurableDirectory(this.#env.disk, directory);
    this.#temporaries += 1;
    const temporary = `${directory}/${this.#temporaries}.tmp`;
    return ChunkedSnapshotWriter.create(this.#env.disk, temporary, { ...this.#owner, group, mark }, () =>
      this.#publish(group, mark, temporary),
    );
  }

  async open(group: GroupId): Promise<SnapshotReader | undefined> {
    const latest = this.#latest.get(group);
    return latest === undefined ? undefined : SnapshotFile.open(this.#env.disk, latest.path, { ...this.#owner, group });
  }

  async #publish(group: GroupId, mark: SnapshotMark, temporary: string): Promise<void> {
    const { disk } = this.#env;
    const directory = this.#pathOf(group);
    const path = `${directory}/${nameOf(mark)}`;
    await disk.rename(temporary, path);
    await disk.syncDirectory(directory);
    const before = this.#latest.get(group);
    // Two writers may have been at work, and the later snapshot may have been the first to be done.
    const newest = before === undefined || before.mark.index <= mark.index;
    if (newest) {
      this.#latest.set(group, { mark, path });
      this.damaged.delete(group);
    }
    const obsolete = newest ? before?.path : path;
    if (obsolete !== undefined && obsolete !== this.#latest.get(group)!.path) await disk.remove(obsolete);
  }

  async #openGroup(group: GroupId): Promise<void> {
    const { disk } = this.#env;
    const directory = this.#pathOf(group);
    const names = await disk.list(directory);
    for (const name of names) if (name.endsWith('.tmp')) await disk.remove(`${directory}/${name}`);
    // Names ascend with the index.
    for (const name of names.filter((each) => SNAPSHOT.test(each)).reverse()) {
      const path = `${directory}/${name}`;
      if (this.#latest.has(group)) await disk.remove(path);
      else await this.#openSnapshot(group, path);
    }
    await disk.syncDirectory(directory);
  }

  async #openSnapshot(group: GroupId, path: string): Promise<void> {
    try {
      await using file = await SnapshotFile.open(this.#env.disk, path, { ...this.#owner, group });
      // To the last byte: found later, while the state machine is being fed, damage could no longer be repaired from the peers.
      await file.verify();
      this.#latest.set(group, { mark: file.mark, path });
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'damaged') throw error;
      this.damaged.set(group, error.message);
      this.#env.log.error('a snapshot is damaged', { group, file: path, why: error.message });
      await this.#env.disk.rename(path, `${path}.damaged`);
    }
  }

  #pathOf(group: GroupId): string {
    return `${this.#directory}/group-${group}`;
  }
}

function nameOf(mark: SnapshotMark): string {
  return `${mark.index.toString(16).padStart(14, '0')}-${mark.term.toString(16)}.snapshot`;
}
