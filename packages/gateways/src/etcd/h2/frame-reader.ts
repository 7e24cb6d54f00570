import { ConnectionError, ErrorCode, FRAME_HEADER_BYTES, FRAME_MAX_BYTES } from './protocol.ts';

/** Takes a frame; `buffer` from `start` to `end` is its payload, a view of the bytes that came in. */
export type FrameHandler = (
  type: number,
  flags: number,
  streamId: number,
  buffer: Buffer,
  start: number,
  end: number,
) => void;

/** Cuts the byte stream into frames, whatever the chunks. Holds at most one frame. */
export class FrameReader {
  readonly #handle: FrameHandler;
  /** The beginning of a frame that has not wholly arrived. */
  #carry: Buffer | undefined;

  constructor(handle: FrameHandler) {
    this.#handle = handle;
  }

  /** @throws ConnectionError for a frame longer than allowed, and what the handler throws. */
  push(chunk: Buffer): void {
    let pos = this.#carry === undefined ? 0 : this.#complete(chunk);
    while (chunk.length - pos >= FRAME_HEADER_BYTES) {
      const end = pos + FRAME_HEADER_BYTES + frameLength(chunk, pos);
      if (end > chunk.length) break;
      this.#emit(chunk, pos, end);
      pos = end;
    }
    if (pos < chunk.length) this.#carry = chunk.subarray(pos);
  }

  /** Completes the carried frame from the beginning of `chunk`; returns how much of it that took. */
  #complete(chunk: Buffer): number {
    let carry = this.#carry!;
    let pos = 0;
    this.#carry = undefined;
    if (carry.length < FRAME_HEADER_BYTES) {
      pos = Math.min(FRAME_HEADER_BYTES - carry.length, chunk.length);
      carry = Buffer.concat([carry, chunk.subarray(0, pos)]);
    }
    if (carry.length >= FRAME_HEADER_BYTES) {
      const missing = FRAME_HEADER_BYTES + frameLength(carry, 0) - carry.length;
      const take = Math.min(missing, chunk.length - pos);
      if (take > 0) carry = Buffer.concat([carry, chunk.subarray(pos, pos + take)]);
      pos += take;
      if (take === missing) {
        this.#emit(carry, 0, carry.length);
        return pos;
      }
    }
    this.#carry = carry;
    return pos;
  }

  #emit(buffer: Buffer, pos: number, end: number): void {
    const streamId = buffer.readUInt32BE(pos + 5) & 0x7fffffff;
    this.#handle(buffer[pos + 3]!, buffer[pos + 4]!, streamId, buffer, pos + FRAME_HEADER_BYTES, end);
  }
}

function frameLength(buffer: Buffer, pos: number): number {
  const length = (buffer[pos]! << 16) | (buffer[pos + 1]! << 8) | buffer[pos + 2]!;
  if (length > FRAME_MAX_BYTES) {
    throw new ConnectionError(
      ErrorCode.frameSize,
      `a frame of ${length} bytes, at most ${FRAME_MAX_BYTES} are allowed`,
    );
  }
  return length;
}
