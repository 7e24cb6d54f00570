import { ByteWriter } from '@quorate/patterns/base';
import { FRAME_HEADER_BYTES } from './frame.ts';

/** Pieces of at least this size are not copied but passed on as they are; smaller ones are cheaper to copy than to hand over one by one. */
export const SHARED_BYTES_MIN = 2048;

/**
 * Gathers frames into as few pieces as possible: small payloads are copied one behind the other, large ones are referenced, so that
 * one encoded batch can go to every follower. What is taken must not be changed afterwards.
 */
export class FrameWriter {
  readonly #writer: ByteWriter = new ByteWriter(512);
  #pieces: Uint8Array[] = [];
  #pieceBytes = 0;

  get sizeBytes(): number {
    return this.#pieceBytes + this.#writer.length;
  }

  /** One frame whose payload is `prefix` followed by `parts`. */
  frame(kind: number, parts: readonly Uint8Array[], prefix?: (writer: ByteWriter) => void): void {
    const writer = this.#writer;
    const start = writer.length;
    writer.u32(0);
    writer.u8(kind);
    prefix?.(writer);
    let length = writer.length - start - 4;
    for (const part of parts) length += part.length;
    writer.patchU32(start, length);
    for (const part of parts) this.#append(part);
  }

  /** One frame with a payload in one piece. */
  simple(kind: number, payload: Uint8Array): void {
    const writer = this.#writer;
    writer.reserve(FRAME_HEADER_BYTES);
    writer.u32(payload.length + 1);
    writer.u8(kind);
    this.#append(payload);
  }

  /** Everything gathered, in order; the writer is empty afterwards. */
  take(): Uint8Array[] {
    if (this.#writer.length > 0) this.#close();
    const pieces = this.#pieces;
    this.#pieces = [];
    this.#pieceBytes = 0;
    return pieces;
  }

  #append(part: Uint8Array): void {
    if (part.length < SHARED_BYTES_MIN) {
      this.#writer.raw(part);
      return;
    }
    if (this.#writer.length > 0) this.#close();
    this.#pieces.push(part);
    this.#pieceBytes += part.length;
  }

  #close(): void {
    const piece = this.#writer.take();
    this.#pieces.push(piece);
    this.#pieceBytes += piece.length;
  }
}
