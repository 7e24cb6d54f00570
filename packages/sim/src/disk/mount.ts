import { type Disk, DiskError, type File } from '@quorate/env';
import type { FileImage } from './file-image.ts';
import { OpenFile } from './open-file.ts';
import type { DiskScheduler } from './operation.ts';
import { ActionRequest, SyncDirectoryRequest } from './request.ts';
import type { SimDisk } from './sim-disk.ts';

/**
 * The disk as one process sees it. Ends with the process: from then on no promise of it settles, as no code of a dead
 * process runs.
 */
export class DiskMount implements Disk {
  readonly owner: string;
  readonly scheduler: DiskScheduler | undefined;
  readonly disk: SimDisk;
  readonly #open = new Map<OpenFile, FileImage>();
  #alive = true;

  constructor(disk: SimDisk, owner: string, scheduler: DiskScheduler | undefined) {
    this.disk = disk;
    this.owner = owner;
    this.scheduler = scheduler;
  }

  get isAlive(): boolean {
    return this.#alive;
  }

  makeDirectory(path: string): Promise<void> {
    return this.#names(path, () => void this.disk.volume.makeDirectory(path));
  }

  list(path: string): Promise<readonly string[]> {
    return this.#query(path, () => this.disk.volume.list(path));
  }

  exists(path: string): Promise<boolean> {
    return this.#query(path, () => this.disk.volume.find(path) !== undefined);
  }

  open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    if (mode === 'create') return this.#names(path, () => this.#opened(this.disk.volume.create(path), path, true));
    return this.#query(path, () => this.#opened(this.disk.volume.openExisting(path), path, mode === 'write'));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#names(to, () => this.disk.volume.rename(from, to));
  }

  remove(path: string): Promise<void> {
    return this.#names(path, () => this.disk.volume.remove(path));
  }

  syncDirectory(path: string): Promise<void> {
    return new SyncDirectoryRequest(this, path).submit();
  }

  lock(path: string): Promise<AsyncDisposable> {
    return this.#names(path, () => {
      const { locks, volume } = this.disk;
      locks.assertFree(path);
      // The file stays when the process dies, and tells nothing then.
      if (volume.find(path) === undefined) volume.release(volume.create(path));
      locks.take(path, this);
      return {
        [Symbol.asyncDispose]: () =>
          this.#names(path, () => {
            if (locks.release(path, this) && volume.find(path) !== undefined) volume.remove(path);
          }),
      };
    });
  }

  closed(file: OpenFile): void {
    const image = this.#open.get(file);
    this.#open.delete(file);
    if (image !== undefined) this.disk.volume.release(image);
  }

  /** Called by `SimDisk` when the process has died. */
  end(): void {
    if (!this.#alive) return;
    this.#alive = false;
    for (const image of this.#open.values()) this.disk.volume.release(image);
    this.#open.clear();
    this.disk.locks.releaseAll(this);
  }

  #opened(image: FileImage, path: string, writable: boolean): File {
    const file = new OpenFile(this, image, path, writable);
    this.#open.set(file, image);
    return file;
  }

  #query<T>(path: string, run: () => T): Promise<T> {
    return new ActionRequest(this, 'query', path, run).submit();
  }

  #names<T>(path: string, run: () => T): Promise<T> {
    return new ActionRequest(this, 'names', path, run).submit();
  }
}

/** Locks held by processes; gone with them. */
export class Locks {
  readonly #holders = new Map<string, DiskMount>();

  assertFree(path: string): void {
    const holder = this.#holders.get(path);
    if (holder !== undefined) throw new DiskError('locked', path, `${path} is locked by ${holder.owner}`);
  }

  take(path: string, mount: DiskMount): void {
    this.#holders.set(path, mount);
  }

  /** False when it was not held. */
  release(path: string, mount: DiskMount): boolean {
    return this.#holders.get(path) === mount && this.#holders.delete(path);
  }

  releaseAll(mount: DiskMount): void {
    for (const [path, holder] of this.#holders) if (holder === mount) this.#holders.delete(path);
  }
}
