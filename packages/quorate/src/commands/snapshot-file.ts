/**
 * A saved snapshot: the stream as the cluster sent it, and behind it 48 bytes that say that it is whole: a magic with the format's version, the
 * stream's length (8 bytes, little-endian) and its SHA-256.
 */
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

const MAGIC = Buffer.from('QSNAPv01', 'latin1');
const DIGEST_BYTES = 32;
const FOOTER_BYTES = MAGIC.length + 8 + DIGEST_BYTES;
const READ_BYTES = 256 * 1024;

/** The file is not a whole snapshot. */
export class SnapshotFileError extends Error {
  override readonly name = 'SnapshotFileError';
}

export interface SnapshotFile {
  readonly fileBytes: number;
  /** SHA-256 of the stream, in hexadecimal. */
  readonly digest: string;
  chunks(): AsyncIterable<Uint8Array>;
}

/** Under a temporary name until it is whole and synced: a file of that name is never a part. Resolves with the file's size in bytes. */
export async function saveSnapshotFile(file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const part = `${file}.part`;
  const handle = await open(part, 'w');
  let sizeBytes = 0;
  try {
    const hash = createHash('sha256');
    for await (const chunk of chunks) {
      await handle.writeFile(chunk);
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    await handle.writeFile(footer(sizeBytes, hash.digest()));
    await handle.sync();
  } catch (error) {
    await handle.close();
    await rm(part, { force: true });
    throw error;
  }
  await handle.close();
  try {
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await syncDirectory(dirname(file));
  return sizeBytes + FOOTER_BYTES;
}

/** Reads everything once. Rejects with `SnapshotFileError` when the file is damaged or not whole. */
export async function verifySnapshotFile(file: string): Promise<SnapshotFile> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    const expected = await readFooter(handle, size, file);
    const hash = createHash('sha256');
    for await (const chunk of read(handle, size - FOOTER_BYTES)) hash.update(chunk);
    const digest = hash.digest();
    if (!digest.equals(expected)) {
      throw new SnapshotFileError(`${file} is damaged: its checksum does not match its content; use another copy`);
    }
    return { fileBytes: size, digest: digest.toString('hex'), chunks: () => stream(file, size - FOOTER_BYTES) };
  } finally {
    await handle.close();
  }
}

function footer(contentBytes: number, digest: Buffer): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(contentBytes));
  return Buffer.concat([MAGIC, length, digest]);
}

/** The digest that the file ends with. */
async function readFooter(handle: FileHandle, fileBytes: number, file: string): Promise<Buffer> {
  const bytes = Buffer.alloc(FOOTER_BYTES);
  if (fileBytes >= FOOTER_BYTES) await handle.read(bytes, 0, FOOTER_BYTES, fileBytes - FOOTER_BYTES);
  const digest = bytes.subarray(FOOTER_BYTES - DIGEST_BYTES);
  if (!footer(fileBytes - Math.min(fileBytes, FOOTER_BYTES), digest).equals(bytes)) {
    throw new SnapshotFileError(
      `${file} is not a whole snapshot: expected a file that "quorate snapshot save" has written, all of it`,
    );
  }
  return digest;
}

async function* stream(file: string, lengthBytes: number): AsyncGenerator<Uint8Array> {
  const handle = await open(file, 'r');
  try {
    yield* read(handle, lengthBytes);
  } finally {
    await handle.close();
  }
}

async function* read(handle: FileHandle, lengthBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < lengthBytes; ) {
    const chunk = Buffer.alloc(Math.min(READ_BYTES, lengthBytes - at));
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield chunk.subarray(0, bytesRead);
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
