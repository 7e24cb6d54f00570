/**
 * One file's bytes, twice: as the running system sees them (`live`, the page cache) and as they would be found after
 * the power failed (`durable`), with the changes in between as a list. A pending write holds no copy of its bytes as
 * long as the live image still shows them; a later change that overlaps it makes it keep its own.
 */

import { clear } from '@quorate/patterns/base';

/** Devices write sectors whole or not at all. */
export const SECTOR_BYTES = 512;

export interface PendingWrite {
  readonly kind: 'write';
  readonly sequence: number;
  readonly position: number;
  readonly lengthBytes: number;
  /** Undefined while the live image still shows them. */
  bytes: Uint8Array | undefined;
}

export interface PendingTruncate {
  readonly kind: 'truncate';
  readonly sequence: number;
  readonly sizeBytes: number;
}

export type PendingChange = PendingWrite | PendingTruncate;

/** A growable byte image. Bytes past its size are zero. Clones share memory until one of them changes. */
class Bytes {
  size = 0;
  #buffer: Uint8Array = new Uint8Array(0);
  #shared = false;

  clone(): Bytes {
    const copy = new Bytes();
    copy.#buffer = this.#buffer;
    copy.size = this.size;
    copy.#shared = true;
    this.#shared = true;
    return copy;
  }

  /** A view, valid until the next change. */
  view(start: number, end: number): Uint8Array {
    return this.#buffer.subarray(Math.min(start, this.size), Math.min(end, this.size));
  }

  set(chunk: Uint8Array, position: number): void {
    this.#own(Math.max(this.size, position + chunk.length));
    this.#buffer.set(chunk, position);
    this.size = Math.max(this.size, position + chunk.length);
  }

  resize(sizeBytes: number): void {
    this.#own(Math.max(sizeBytes, this.size));
    if (sizeBytes < this.size) this.#buffer.fill(0, sizeBytes, this.size);
    this.size = sizeBytes;
  }

  flip(offset: number, bit: number): void {
    if (offset >= this.size) return;
    this.#own(this.size);
    this.#buffer[offset]! ^= 1 << bit;
  }

  #own(neededBytes: number): void {
    if (!this.#shared && neededBytes <= this.#buffer.length) return;
    const capacity =
      neededBytes <= this.#buffer.length ? this.#buffer.length : growth(this.#buffer.length, neededBytes);
    const grown = new Uint8Array(capacity);
    grown.set(this.#buffer.subarray(0, this.size));
    this.#buffer = grown;
    this.#shared = false;
  }
}

function growth(capacity: number, neededBytes: number): number {
  return Math.max(neededBytes, capacity * 2, 1024);
}

export class FileImage {
  readonly kind = 'file';
  readonly id: number;
  /** Where it was last seen: for messages. */
  path: string;
  /** Names and open handles; a file with neither takes no space. */
  links = 0;
  handles = 0;
  readonly #live: Bytes;
  readonly #durable: Bytes;
  #pending: PendingChange[] = [];

  constructor(id: number, path: string, live: Bytes = new Bytes(), durable: Bytes = new Bytes()) {
    this.id = id;
    this.path = path;
    this.#live = live;
    this.#durable = durable;
  }

  get sizeBytes(): number {
    return this.#live.size;
  }

  get durableSizeBytes(): number {
    return this.#durable.size;
  }

  /** Changes that no sync has made durable, oldest first. */
  get pending(): readonly PendingChange[] {
    return this.#pending;
  }

  /** A copy of the live bytes; fewer than asked for only at the end. */
  read(position: number, lengthBytes: number): Uint8Array {
    return this.#live.view(position, position + lengthBytes).slice();
  }

  readDurable(): Uint8Array {
    return this.#durable.view(0, this.#durable.size).slice();
  }

  write(chunks: readonly Uint8Array[], position: number, sequence: number): void {
    let lengthBytes = 0;
    for (const chunk of chunks) lengthBytes += chunk.length;
    if (lengthBytes === 0) return;
    this.#preserve(position, position + lengthBytes);
    let at = position;
    for (const chunk of chunks) {
      this.#live.set(chunk, at);
      at += chunk.length;
    }
    this.#pending.push({ kind: 'write', sequence, position, lengthBytes, bytes: undefined });
  }

  truncate(sizeBytes: number, sequence: number): void {
    this.#preserve(sizeBytes, Number.POSITIVE_INFINITY);
    this.#live.resize(sizeBytes);
    this.#pending.push({ kind: 'truncate', sequence, sizeBytes });
  }

  /** Makes all changes up to and including `sequence` durable. */
  sync(sequence: number): void {
    let count = 0;
    for (const change of this.#pending) {
      if (change.sequence > sequence) break;
      this.#applyTo(this.#durable, change);
      count++;
    }
    this.#forget(count);
  }

  /**
   * What a failed sync does: the changes are no longer pending, so no later sync writes them, and the live image still
   * shows them; `reached` says of each whether it came to the device all the same.
   */
  failSync(sequence: number, reached: () => boolean): void {
    let count = 0;
    for (const change of this.#pending) {
      if (change.sequence > sequence) break;
      if (reached()) this.#applyTo(this.#durable, change);
      count++;
    }
    this.#forget(count);
  }

  /** Flips one bit on the device, and in the page cache as if the page had been evicted since. */
  flipBit(offset: number, bit: number): void {
    this.#durable.flip(offset, bit);
    this.#live.flip(offset, bit);
  }

  /** The bytes of a pending write. */
  bytesOf(write: PendingWrite): Uint8Array {
    return write.bytes ?? this.#live.view(write.position, write.position + write.lengthBytes);
  }

  /** The file after a power failure. `replay` puts the changes that survived onto the durable bytes. */
  afterCrash(replay: (onto: DurableBytes) => void): FileImage {
    const bytes = this.#durable.clone();
    if (this.#pending.length > 0) replay(bytes);
    return new FileImage(this.id, this.path, bytes, bytes.clone());
  }

  #applyTo(target: Bytes, change: PendingChange): void {
    if (change.kind === 'write') target.set(this.bytesOf(change), change.position);
    else target.resize(change.sizeBytes);
  }

  #forget(count: number): void {
    if (count === this.#pending.length) clear(this.#pending);
    else this.#pending.splice(0, count);
  }

  #preserve(start: number, end: number): void {
    for (const change of this.#pending) {
      if (change.kind !== 'write' || change.bytes !== undefined) continue;
      if (change.position < end && change.position + change.lengthBytes > start) {
        change.bytes = this.read(change.position, change.lengthBytes);
      }
    }
  }
}

/** What a crash may do to the durable bytes. */
export interface DurableBytes {
  readonly size: number;
  set(chunk: Uint8Array, position: number): void;
  resize(sizeBytes: number): void;
}
