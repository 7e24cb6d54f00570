import { DiskError, type File } from '@quorate/env';
import type { FileImage } from './file-image.ts';
import type { DiskMount } from './mount.ts';
import type { DiskRequest } from './operation.ts';
import type { SimDisk } from './sim-disk.ts';

/** A handle. It follows its file through renames and removal. */
export class OpenFile implements File {
  readonly path: string;
  readonly #mount: DiskMount;
  readonly #disk: SimDisk;
  readonly #image: FileImage;
  readonly #writable: boolean;
  #closed = false;

  constructor(mount: DiskMount, disk: SimDisk, image: FileImage, path: string, writable: boolean) {
    this.#mount = mount;
    this.#disk = disk;
    this.#image = image;
    this.path = path;
    this.#writable = writable;
  }

  size(): Promise<number> {
    return this.#submit({ kind: 'query', mutates: false, sizeBytes: 0, run: () => this.#image.sizeBytes });
  }

  read(position: number, lengthBytes: number): Promise<Uint8Array> {
    return this.#submit({
      kind: 'read',
      mutates: false,
      sizeBytes: lengthBytes,
      run: () => {
        if (this.#disk.faults.drawBitFlip()) this.#flipWithin(position, lengthBytes);
        return this.#image.read(position, lengthBytes);
      },
    });
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return this.#submit(this.#writeRequest(chunks, position));
  }

  sync(): Promise<void> {
    return this.#submit(this.#syncRequest());
  }

  writeDurably(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return this.#submit({ ...this.#writeRequest(chunks, position), next: { ...this.#syncRequest(), path: this.path } });
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#submit({
      kind: 'write',
      mutates: true,
      sizeBytes: 0,
      run: () => this.#disk.volume.truncate(this.#writableImage(), sizeBytes),
    });
  }

  close(): Promise<void> {
    return this.#mount.submit({
      kind: 'query',
      mutates: false,
      path: this.path,
      sizeBytes: 0,
      run: () => {
        if (this.#closed) return;
        this.#closed = true;
        this.#mount.closed(this);
      },
    });
  }

  #writeRequest(chunks: readonly Uint8Array[], position: number): Omit<DiskRequest<void>, 'path'> {
    let sizeBytes = 0;
    for (const chunk of chunks) sizeBytes += chunk.length;
    const run = (): void => this.#disk.volume.write(this.#writableImage(), chunks, position);
    const fail = (): void => {
      if (this.#disk.faults.coin()) run();
    };
    return { kind: 'write', mutates: true, sizeBytes, chunks, run, fail };
  }

  /** Covers what had been written when the sync began, no more. */
  #syncRequest(): Omit<DiskRequest<void>, 'path'> {
    let upTo = 0;
    const { volume, faults } = this.#disk;
    return {
      kind: 'sync',
      mutates: true,
      sizeBytes: 0,
      begin: () => {
        upTo = volume.sequence;
      },
      run: () => volume.sync(this.#image, upTo),
      fail: () => volume.failSync(this.#image, upTo, () => faults.coin()),
    };
  }

  #submit<T>(request: Omit<DiskRequest<T>, 'path'>): Promise<T> {
    if (this.#closed) return Promise.reject(new DiskError('closed', this.path, `${this.path} is closed`));
    return this.#mount.submit({ ...request, path: this.path });
  }

  #writableImage(): FileImage {
    if (this.#writable) return this.#image;
    throw new DiskError('permission-denied', this.path, `${this.path} was opened for reading only`);
  }

  #flipWithin(position: number, lengthBytes: number): void {
    const available = Math.min(lengthBytes, this.#image.sizeBytes - position);
    if (available <= 0) return;
    this.#image.flipBit(position + this.#disk.faults.below(available), this.#disk.faults.below(8));
  }
}
