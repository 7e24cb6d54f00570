import type { Disk, File } from '@quorate/env';
import type { SnapshotMark } from '@quorate/patterns/consensus/raft';
import { crc32c } from '@quorate/patterns/integrity';
import { StorageError } from './errors.ts';
import type { LogOwner } from './log-recovery.ts';
import {
  CHUNK_BYTES,
  CRC_BYTES,
  chunkCrc,
  chunkOffset,
  decodeFooter,
  decodeHeader,
  FOOTER_BYTES,
  footerOffset,
  HEADER_BYTES,
} from './snapshot-format.ts';
import type { SnapshotReader } from './types.ts';

/** A whole snapshot, opened for reading. Nothing is returned whose CRC has not been checked. */
export class SnapshotFile implements SnapshotReader {
  readonly mark: SnapshotMark;
  readonly sizeBytes: number;
  readonly #file: File;
  readonly #headerCrc: number;
  readonly #digest: number;
  /** The chunk read last: consumers read on from where they were. */
  #cached: { readonly chunk: number; readonly content: Uint8Array } | undefined;

  private constructor(file: File, mark: SnapshotMark, headerCrc: number, sizeBytes: number, digest: number) {
    this.#file = file;
    this.mark = mark;
    this.#headerCrc = headerCrc;
    this.sizeBytes = sizeBytes;
    this.#digest = digest;
  }

  /** Checks header and footer. Rejects with `StorageError` when the file is not a whole snapshot, or somebody else's. */
  static async open(disk: Disk, path: string, owner: LogOwner & { readonly group: number }): Promise<SnapshotFile> {
    const file = await disk.open(path, 'read');
    try {
      const { header, crc } = decodeHeader(await file.read(0, HEADER_BYTES), path);
      if (header.clusterId !== owner.clusterId || header.nodeId !== owner.nodeId || header.group !== owner.group) {
        throw new StorageError(
          'foreign',
          `${path} belongs to group ${header.group} on node ${header.nodeId} of cluster ${header.clusterId}, not to group ${owner.group} ` +
            `on node ${owner.nodeId} of cluster ${owner.clusterId}: start with that node's own directory`,
        );
      }
      const fileBytes = await file.size();
      const at = Math.max(0, fileBytes - FOOTER_BYTES);
      const footer = decodeFooter(await file.read(at, FOOTER_BYTES), crc, path);
      if (footerOffset(footer.contentBytes) !== at) throw new StorageError('damaged', `${path}: chunks are missing`);
      return new SnapshotFile(file, header.mark, crc, footer.contentBytes, footer.digest);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  async read(position: number, lengthBytes: number): Promise<Uint8Array> {
    if (position >= this.sizeBytes) return new Uint8Array(0);
    const chunk = Math.floor(position / CHUNK_BYTES);
    if (this.#cached?.chunk !== chunk) this.#cached = { chunk, content: (await this.#readChunk(chunk)).content };
    const from = position - chunk * CHUNK_BYTES;
    return this.#cached.content.subarray(from, from + lengthBytes);
  }

  /** Reads everything once. Rejects with `StorageError` on damage. */
  async verify(): Promise<void> {
    let digest = 0;
    const room = new Uint8Array(Math.min(CHUNK_BYTES, this.sizeBytes) + CRC_BYTES);
    for (let chunk = 0; chunk * CHUNK_BYTES < this.sizeBytes; chunk++) {
      digest = crc32c(digest, (await this.#readChunk(chunk, room)).crc);
    }
    if (digest !== this.#digest)
      throw new StorageError('damaged', `${this.#file.path}: the chunks do not belong together`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }

  async #readChunk(
    chunk: number,
    into?: Uint8Array,
  ): Promise<{ readonly content: Uint8Array; readonly crc: Uint8Array }> {
    const contentBytes = Math.min(CHUNK_BYTES, this.sizeBytes - chunk * CHUNK_BYTES);
    const bytes = await this.#file.read(chunkOffset(chunk), contentBytes + CRC_BYTES, into);
    const content = bytes.subarray(0, contentBytes);
    const crc = bytes.subarray(contentBytes);
    const expected = chunkCrc(this.#headerCrc, chunk, content);
    if (crc.length !== CRC_BYTES || expected.some((byte, i) => byte !== crc[i])) {
      throw new StorageError(
        'damaged',
        `${this.#file.path}: chunk ${chunk} at byte ${chunkOffset(chunk)} has a wrong CRC`,
      );
    }
    return { content, crc };
  }
}
