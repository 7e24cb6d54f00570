import { DiskError, type File } from '@quorate/env';
import type { FileImage } from './file-image.ts';
import type { DiskMount } from './mount.ts';
import { ActionRequest, DiskRequest } from './request.ts';

/** A handle. It follows its file through renames and removal. */
export class OpenFile implements File {
  readonly path: string;
  readonly mount: DiskMount;
  readonly image: FileImage;
  readonly #writable: boolean;
  #closed = false;

  constructor(mount: DiskMount, image: FileImage, path: string, writable: boolean) {
    this.mount = mount;
    this.image = image;
    this.path = path;
    this.#writable = writable;
  }

  size(): Promise<number> {
    return this.#submit(new ActionRequest(this.mount, 'query', this.path, () => this.image.sizeBytes));
  }

  read(position: number, lengthBytes: number, into?: Uint8Array): Promise<Uint8Array> {
    return this.#submit(new ReadRequest(this, position, lengthBytes, into));
  }

  write(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return this.#submit(new WriteRequest(this, chunks, position, false));
  }

  sync(): Promise<void> {
    return this.#submit(new SyncRequest(this));
  }

  writeDurably(chunks: readonly Uint8Array[], position: number): Promise<void> {
    return this.#submit(new WriteRequest(this, chunks, position, true));
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#submit(new TruncateRequest(this, sizeBytes));
  }

  close(): Promise<void> {
    return new ActionRequest(this.mount, 'query', this.path, () => {
      if (this.#closed) return;
      this.#closed = true;
      this.mount.closed(this);
    }).submit();
  }

  writableImage(): FileImage {
    if (this.#writable) return this.image;
    throw new DiskError('permission-denied', this.path, `${this.path} was opened for reading only`);
  }

  #submit<T>(request: DiskRequest<T>): Promise<T> {
    if (this.#closed) return Promise.reject(new DiskError('closed', this.path, `${this.path} is closed`));
    return request.submit();
  }
}

class ReadRequest extends DiskRequest<Uint8Array> {
  readonly #image: FileImage;
  readonly #position: number;
  readonly #into: Uint8Array | undefined;

  constructor(file: OpenFile, position: number, lengthBytes: number, into: Uint8Array | undefined) {
    super(file.mount, 'read', file.path, lengthBytes, false);
    this.#image = file.image;
    this.#position = position;
    this.#into = into;
  }

  override run(): Uint8Array {
    if (this.mount.disk.faults.drawBitFlip()) this.#flip();
    const bytes = this.#image.read(this.#position, this.sizeBytes);
    if (this.#into === undefined) return bytes;
    this.#into.set(bytes);
    return this.#into.subarray(0, bytes.length);
  }

  #flip(): void {
    const { faults } = this.mount.disk;
    const available = Math.min(this.sizeBytes, this.#image.sizeBytes - this.#position);
    if (available > 0) this.#image.flipBit(this.#position + faults.below(available), faults.below(8));
  }
}

class WriteRequest extends DiskRequest<void> {
  readonly #file: OpenFile;
  readonly #chunks: readonly Uint8Array[];
  readonly #position: number;
  readonly #durably: boolean;

  constructor(file: OpenFile, chunks: readonly Uint8Array[], position: number, durably: boolean) {
    let sizeBytes = 0;
    for (let i = 0; i < chunks.length; i++) sizeBytes += chunks[i]!.length;
    super(file.mount, 'write', file.path, sizeBytes, true);
    this.#file = file;
    this.#chunks = chunks;
    this.#position = position;
    this.#durably = durably;
  }

  override get chunks(): readonly Uint8Array[] {
    return this.#chunks;
  }

  override run(): void {
    this.mount.disk.volume.write(this.#file.writableImage(), this.#chunks, this.#position);
  }

  /** The system may have taken the bytes before it failed. */
  override runFailing(): void {
    if (this.mount.disk.faults.coin()) this.run();
  }

  override next(): DiskRequest<void> | undefined {
    return this.#durably ? new SyncRequest(this.#file) : undefined;
  }
}

class TruncateRequest extends DiskRequest<void> {
  readonly #file: OpenFile;
  readonly #toBytes: number;

  constructor(file: OpenFile, toBytes: number) {
    super(file.mount, 'write', file.path, 0, true);
    this.#file = file;
    this.#toBytes = toBytes;
  }

  override run(): void {
    this.mount.disk.volume.truncate(this.#file.writableImage(), this.#toBytes);
  }
}

/** Covers what had been written when the sync began, no more. */
class SyncRequest extends DiskRequest<void> {
  readonly #image: FileImage;
  #upTo = 0;

  constructor(file: OpenFile) {
    super(file.mount, 'sync', file.path, 0, true);
    this.#image = file.image;
  }

  override begin(): void {
    this.#upTo = this.mount.disk.volume.sequence;
  }

  override run(): void {
    this.mount.disk.volume.sync(this.#image, this.#upTo);
  }

  override runFailing(): void {
    const { volume, faults } = this.mount.disk;
    volume.failSync(this.#image, this.#upTo, () => faults.coin());
  }
}
