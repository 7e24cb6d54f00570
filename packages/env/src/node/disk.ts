import { close, constants, fsync, open } from 'node:fs';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import type { Disk, File } from '../disk.ts';
import { diskError } from './disk-errors.ts';
import { type FileHost, NodeFile } from './file.ts';
import { acquireLockFile } from './lock-file.ts';

const FLAGS: Readonly<Record<'read' | 'write' | 'create', number>> = {
  read: constants.O_RDONLY,
  write: constants.O_RDWR,
  create: constants.O_RDWR | constants.O_CREAT | constants.O_EXCL,
};

export class NodeDisk implements Disk {
  readonly #host: FileHost;

  constructor(host: FileHost) {
    this.#host = host;
  }

  async makeDirectory(path: string): Promise<void> {
    await attempt('create directory', path, () => mkdir(path, { recursive: true }));
  }

  async list(path: string): Promise<readonly string[]> {
    const names = await attempt('list', path, () => readdir(path));
    return names.sort();
  }

  async exists(path: string): Promise<boolean> {
    try {
      await access(path);
      return true;
    } catch (cause) {
      const error = diskError('look for', path, cause);
      if (error.code === 'not-found') return false;
      throw error;
    }
  }

  async open(path: string, mode: 'read' | 'write' | 'create'): Promise<File> {
    const fd = await openDescriptor(path, FLAGS[mode]);
    return new NodeFile(path, fd, mode !== 'read', this.#host);
  }

  async rename(from: string, to: string): Promise<void> {
    await attempt('rename', from, () => rename(from, to));
  }

  async remove(path: string): Promise<void> {
    await attempt('remove', path, () => rm(path));
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows has no such call; there a rename is durable with the file system's own journal.
    if (process.platform === 'win32') return;
    const fd = await openDescriptor(path, constants.O_RDONLY);
    try {
      await new Promise<void>((done, failed) =>
        fsync(fd, (cause) => (cause === null ? done() : failed(diskError('sync directory', path, cause)))),
      );
    } finally {
      await new Promise<void>((done) => close(fd, () => done()));
    }
  }

  lock(path: string): Promise<AsyncDisposable> {
    return acquireLockFile(path);
  }
}

function openDescriptor(path: string, flags: number): Promise<number> {
  return new Promise((done, failed) =>
    open(path, flags, 0o644, (cause, fd) => (cause === null ? done(fd) : failed(diskError('open', path, cause)))),
  );
}

async function attempt<T>(doing: string, path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    throw diskError(doing, path, cause);
  }
}
