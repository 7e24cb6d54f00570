import type { Disk, File } from '@quorate/env';
import { assert } from '@quorate/patterns/base';
import { crc32c } from '@quorate/patterns/integrity';
import { SnapshotFile } from './snapshot-file.ts';
import {
  CHUNK_BYTES,
  chunkCrc,
  chunkOffset,
  encodeFooter,
  encodeHeader,
  footerOffset,
  type SnapshotHeader,
} from './snapshot-format.ts';
import type { SnapshotWriter } from './types.ts';

/** Synced this often on the way, so that the end of a large snapshot does not hold up everybody else's syncs. */
const SYNC_EVERY_BYTES = 4 * 1024 * 1024;

/** Writes one snapshot under a temporary name. One call at a time. */
export class ChunkedSnapshotWriter implements SnapshotWriter {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #header: SnapshotHeader;
  readonly #headerCrc: number;
  readonly #publish: () => Promise<void>;
  #file: File | undefined;
  #done = false;
  #chunk: Uint8Array = new Uint8Array(CHUNK_BYTES);
  #filled = 0;
  #chunks = 0;
  #digest = 0;
  #unsynced = 0;

  private constructor(disk: Disk, file: File, header: SnapshotHeader, headerCrc: number, publish: () => Promise<void>) {
    this.#disk = disk;
    this.#file = file;
    this.#path = file.path;
    this.#header = header;
    this.#headerCrc = headerCrc;
    this.#publish = publish;
  }

  /** `publish` gives the verified file its name. */
  static async create(
    disk: Disk,
    path: string,
    header: SnapshotHeader,
    publish: () => Promise<void>,
  ): Promise<ChunkedSnapshotWriter> {
    const { bytes, crc } = encodeHeader(header);
    const file = await disk.open(path, 'create');
    const writer = new ChunkedSnapshotWriter(disk, file, header, crc, publish);
    try {
      await file.write([bytes], 0);
      return writer;
    } catch (error) {
      await writer.abort();
      throw error;
    }
  }

  async write(content: Uint8Array): Promise<void> {
    const file = this.#opened();
    for (let taken = 0; taken < content.length; ) {
      const count = Math.min(content.length - taken, CHUNK_BYTES - this.#filled);
      this.#chunk.set(content.subarray(taken, taken + count), this.#filled);
      this.#filled += count;
      taken += count;
      if (this.#filled === CHUNK_BYTES) await this.#flush(file);
    }
  }

  async commit(): Promise<void> {
    const file = this.#opened();
    const contentBytes = this.#chunks * CHUNK_BYTES + this.#filled;
    if (this.#filled > 0) await this.#flush(file);
    await file.write(
      [encodeFooter({ contentBytes, digest: this.#digest }, this.#headerCrc)],
      footerOffset(contentBytes),
    );
    await file.sync();
    await this.#close();
    await this.#verify();
    await this.#publish();
    this.#done = true;
  }

  async abort(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    await this.#close();
    await this.#disk.remove(this.#path);
  }

  async #flush(file: File): Promise<void> {
    const content = this.#chunk.subarray(0, this.#filled);
    const crc = chunkCrc(this.#headerCrc, this.#chunks, content);
    await file.write([content, crc], chunkOffset(this.#chunks));
    this.#digest = crc32c(this.#digest, crc);
    this.#chunks += 1;
    this.#filled = 0;
    this.#unsynced += content.length;
    if (this.#unsynced < SYNC_EVERY_BYTES) return;
    await file.sync();
    this.#unsynced = 0;
  }

  async #verify(): Promise<void> {
    const file = await SnapshotFile.open(this.#disk, this.#path, this.#header);
    try {
      await file.verify();
    } finally {
      await file[Symbol.asyncDispose]();
    }
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  #opened(): File {
    assert(this.#file !== undefined, 'a snapshot that was committed or aborted takes no more calls');
    return this.#file;
  }
}
