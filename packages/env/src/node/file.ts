import {
  close,
  constants,
  fdatasync,
  fdatasyncSync,
  fstat,
  ftruncate,
  type NoParamCallback,
  open,
  read,
  writeSync,
  writev,
  writevSync,
} from 'node:fs';
import { DiskError, type File } from '../disk.ts';
import { diskError } from './disk-errors.ts';
import type { SyncMode } from './sync-mode.ts';

/** One `write` with O_DSYNC replaces write and fdatasync. Elsewhere the flag promises less than fdatasync does. */
const DURABLE_FLAG: number = process.platform === 'linux' ? constants.O_DSYNC : 0;

export interface FileHost {
  readonly mode: SyncMode;
  now(): number;
  /** Called before the thread is blocked. */
  beforeBlocking(): void;
}

export class NodeFile implements File {
  readonly path: string;
  readonly #host: FileHost;
  readonly #fd: number;
  readonly #writable: boolean;
  /** A second descriptor with O_DSYNC, opened at the first `writeDurably`. */
  #durableFd: number | undefined;
  #openingDurable: Promise<number> | undefined;
  /**
   * There are bytes, or a size, that only `fdatasync` makes durable. Set when such a call starts and again when it ends: a sync
   * between the two may or may not have caught it.
   */
  #dirty = false;
  #running = 0;
  #closed = false;
  #idle: (() => void) | undefined;
  #closing: Promise<void> | undefined;

  constructor(path: string, fd: number, writable: boolean, host: FileHost) {
    this.path = path;
    this.#fd = fd;
    this.#writable = writable;
    this.#host = host;
  }

  async size(): Promise<number> {
    const stats = await this.#call<{ size: number }>('size of', (done) => fstat(this.#fd, done));
    return stats.size;
  }

  async read(position: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array> {
    const room = Math.max(0, Math.min(lengthBytes, (await this.size()) - position));
    const bytes = into?.subarray(0, room) ?? new Uint8Array(room);
    let filled = 0;
    while (filled < room) {
      const got = await this.#call<number>('read', (done) =>
        read(this.#fd, bytes, filled, room - filled, position + filled, done),
      );
      if (got === 0) break;
      filled += got;
    }
    return filled === room ? bytes : bytes.subarray(0, filled);
  }

  async write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    this.#dirty = true;
    await this.#writeInPool(this.#fd, chunks, position);
    this.#dirty = true;
  }

  async sync(): Promise<void> {
    this.#dirty = false;
    await this.#call<void>('sync', (done) => fdatasync(this.#fd, done as NoParamCallback));
  }

  async writeDurably(chunks: readonly Uint8Array[], position: number): Promise<void> {
    const sizeBytes = total(chunks);
    const host = this.#host;
    if (this.#durableFd === undefined) {
      this.#openingDurable ??= this.#openDurable();
      this.#durableFd = await this.#openingDurable;
    }
    const startedAt = host.now();
    if (host.mode.onThisThread(sizeBytes) && !this.#closed) {
      host.beforeBlocking();
      this.#writeOnThisThread(chunks, sizeBytes, position);
    } else {
      await this.#writeDurablyInPool(chunks, position);
    }
    host.mode.observe(host.now() - startedAt, sizeBytes);
  }

  #writeOnThisThread(chunks: readonly Uint8Array[], sizeBytes: number, position: number): void {
    try {
      const alsoSync = this.#dirty || this.#durableFd === this.#fd;
      const fd = alsoSync ? this.#fd : this.#durableFd!;
      let written =
        chunks.length === 1 ? writeSync(fd, chunks[0]!, 0, sizeBytes, position) : writevSync(fd, chunks, position);
      while (written < sizeBytes) {
        const more = writevSync(fd, rest(chunks, written), position + written);
        if (more === 0) throw new DiskError('io', this.path, `write ${this.path}: the system takes no more bytes`);
        written += more;
      }
      if (alsoSync) fdatasyncSync(fd);
      this.#dirty = false;
    } catch (cause) {
      throw diskError('durable write to', this.path, cause);
    }
  }

  async #writeDurablyInPool(chunks: readonly Uint8Array[], position: number): Promise<void> {
    if (!this.#dirty && this.#durableFd !== this.#fd) return this.#writeInPool(this.#durableFd!, chunks, position);
    await this.#writeInPool(this.#fd, chunks, position);
    await this.sync();
  }

  /** By way of the first descriptor, not of the path: that may have been renamed or given to another file. */
  async #openDurable(): Promise<number> {
    if (DURABLE_FLAG === 0 || !this.#writable) return this.#fd;
    const own = `/proc/self/fd/${this.#fd}`;
    try {
      return await this.#call<number>('open', (done) => open(own, constants.O_RDWR | DURABLE_FLAG, done));
    } catch (error) {
      if (this.#closed) throw error;
      // No /proc here: write and fdatasync do as well.
      return this.#fd;
    }
  }

  async #writeInPool(fd: number, chunks: readonly Uint8Array[], position: number): Promise<void> {
    const sizeBytes = total(chunks);
    let left = chunks;
    for (let written = 0; written < sizeBytes; ) {
      const taken = await this.#call<number>('write', (done) => writev(fd, left, position + written, done));
      if (taken === 0) throw new DiskError('io', this.path, `write ${this.path}: the system takes no more bytes`);
      written += taken;
      if (written < sizeBytes) left = rest(chunks, written);
    }
  }

  async truncate(sizeBytes: number): Promise<void> {
    this.#dirty = true;
    await this.#call<void>('truncate', (done) => ftruncate(this.#fd, sizeBytes, done as NoParamCallback));
    this.#dirty = true;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closed = true;
    await this.#openingDurable?.catch(() => undefined);
    // A descriptor closed under a running call could by then belong to another file.
    if (this.#running > 0) await new Promise<void>((idle) => (this.#idle = idle));
    const fds =
      this.#durableFd === undefined || this.#durableFd === this.#fd ? [this.#fd] : [this.#fd, this.#durableFd];
    for (const fd of fds) {
      await new Promise<void>((done, failed) =>
        close(fd, (cause) => (cause === null ? done() : failed(diskError('close', this.path, cause)))),
      );
    }
  }

  #call<T>(doing: string, start: (done: (cause: Error | null, result: T) => void) => void): Promise<T> {
    return new Promise((done, failed) => {
      if (this.#closed) return failed(new DiskError('closed', this.path, `${doing} ${this.path}: the file is closed`));
      this.#running += 1;
      start((cause, result) => {
        this.#running -= 1;
        if (this.#running === 0) this.#idle?.();
        if (cause === null || cause === undefined) done(result);
        else failed(diskError(doing, this.path, cause));
      });
    });
  }
}

function total(chunks: readonly Uint8Array[]): number {
  let sizeBytes = 0;
  for (let i = 0; i < chunks.length; i++) sizeBytes += chunks[i]!.length;
  return sizeBytes;
}

/** What is left of `chunks` after a short write of `written` bytes. */
function rest(chunks: readonly Uint8Array[], written: number): Uint8Array[] {
  const left: Uint8Array[] = [];
  let skip = written;
  for (const chunk of chunks) {
    if (skip < chunk.length) left.push(skip === 0 ? chunk : chunk.subarray(skip));
    skip = Math.max(0, skip - chunk.length);
  }
  return left;
}
