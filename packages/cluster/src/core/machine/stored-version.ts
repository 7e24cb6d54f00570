import { type ByteWriter, bytesFromBinary } from '@quorate/patterns/base';
import type { Cell, Version } from '@quorate/patterns/transactions';
import type { SelfWritingKeyValue } from '../codec/index.ts';
import type { KeyValue } from '../requests.ts';
import type { Slab, Tenant } from './value-arena.ts';

export type KeyCell = Cell<string, StoredVersion>;

/**
 * A version of a key in memory, and at the same time a `KeyValue` that is encoded without being copied first. Of it, nothing changes but
 * where its bytes are and what is behind it.
 */
export class StoredVersion implements Version<string, StoredVersion>, Tenant, SelfWritingKeyValue {
  readonly cell: KeyCell;
  /** Points to the version itself once that is unreachable. */
  previous: StoredVersion | undefined;
  readonly revision: number;
  readonly createRevision: number;
  /** 0: deleted. */
  readonly version: number;
  readonly lease: number;
  slab: Slab;
  start: number;
  readonly length: number;

  constructor(
    cell: KeyCell,
    revision: number,
    createRevision: number,
    version: number,
    lease: number,
    slab: Slab,
    start: number,
    length: number,
  ) {
    this.cell = cell;
    this.previous = cell.newest;
    this.revision = revision;
    this.createRevision = createRevision;
    this.version = version;
    this.lease = lease;
    this.slab = slab;
    this.start = start;
    this.length = length;
  }

  get deleted(): boolean {
    return this.version === 0;
  }

  get dropped(): boolean {
    return this.previous === this;
  }

  get modRevision(): number {
    return this.revision;
  }

  /** A copy. */
  get key(): Uint8Array {
    return bytesFromBinary(this.cell.key);
  }

  /** A copy. */
  get value(): Uint8Array {
    return this.slab.bytes.slice(this.start, this.start + this.length);
  }

  writeTo(writer: ByteWriter): void {
    this.writeKeyTo(writer);
    this.writeValueTo(writer);
    this.writeMarksTo(writer);
  }

  writeKeyTo(writer: ByteWriter): void {
    writer.binary(this.cell.key);
  }

  writeValueTo(writer: ByteWriter): void {
    writer.uint(this.length);
    writer.raw(this.slab.bytes.subarray(this.start, this.start + this.length));
  }

  writeMarksTo(writer: ByteWriter): void {
    writer.uint(this.createRevision);
    writer.uint(this.revision);
    writer.uint(this.version);
    writer.uint(this.lease);
  }
}

/** A record of its own, with its own bytes: for callers inside this process. */
export function plainKeyValue(kv: KeyValue): KeyValue {
  if (!(kv instanceof StoredVersion || kv instanceof KeyOnly)) return kv;
  const { key, value, createRevision, modRevision, version, lease } = kv;
  return { key, value, createRevision, modRevision, version, lease };
}

const NO_VALUE = new Uint8Array(0);

/** A version without its value (`keysOnly`). */
export class KeyOnly implements SelfWritingKeyValue {
  readonly #stored: StoredVersion;

  constructor(stored: StoredVersion) {
    this.#stored = stored;
  }

  get key(): Uint8Array {
    return this.#stored.key;
  }
  get value(): Uint8Array {
    return NO_VALUE;
  }
  get createRevision(): number {
    return this.#stored.createRevision;
  }
  get modRevision(): number {
    return this.#stored.revision;
  }
  get version(): number {
    return this.#stored.version;
  }
  get lease(): number {
    return this.#stored.lease;
  }

  writeTo(writer: ByteWriter): void {
    this.#stored.writeKeyTo(writer);
    writer.uint(0);
    this.#stored.writeMarksTo(writer);
  }
}
