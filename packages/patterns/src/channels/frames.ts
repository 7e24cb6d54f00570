/**
 * Frames on a stream of bytes: length (4 bytes, of what follows), id (4 bytes), payload; big-endian. The reader takes chunks as they come
 * and gives payloads as views of them; only a frame that lies across chunks is copied, once.
 */
import { assert } from '../base/index.ts';

export const FRAME_HEADER_BYTES: number = 8;

/** What the peer sent is not a stream of frames, or one is too long: the line is to be closed. */
export class FrameError extends Error {
  override readonly name = 'FrameError';
}

/** Frames of one turn in one buffer, so that they leave in one write. */
export class FrameWriter {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(initialBytes = 4_096) {
    assert(initialBytes >= FRAME_HEADER_BYTES, `initialBytes must be at least ${FRAME_HEADER_BYTES}`);
    this.#bytes = new Uint8Array(initialBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** O(payload). `id` in [0, 2^32). */
  add(id: number, payload: Uint8Array): void {
    const end = this.#length + FRAME_HEADER_BYTES + payload.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#view.setUint32(this.#length, payload.length + 4);
    this.#view.setUint32(this.#length + 4, id);
    this.#bytes.set(payload, this.#length + FRAME_HEADER_BYTES);
    this.#length = end;
  }

  /** All frames since the last time, or undefined. The bytes are the caller's. */
  take(): Uint8Array | undefined {
    if (this.#length === 0) return undefined;
    const taken = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }

  #grow(neededBytes: number): void {
    const bytes = new Uint8Array(Math.max(neededBytes, this.#bytes.length * 2));
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer);
  }
}

export class FrameReader {
  readonly #payloadMax: number;
  /** The beginning of a frame whose end has not come yet: what there is of it, and how long it is when that is known. */
  #partial: Uint8Array = new Uint8Array(FRAME_HEADER_BYTES);
  #have = 0;
  #need: number = FRAME_HEADER_BYTES;

  constructor(payloadMaxBytes: number) {
    assert(payloadMaxBytes >= 0, `payloadMaxBytes must be >= 0, not ${payloadMaxBytes}`);
    this.#payloadMax = payloadMaxBytes;
  }

  /** Calls `frame` for each frame that is complete with `chunk`. Throws `FrameError`; then nothing more is to be read. */
  read(chunk: Uint8Array, frame: (id: number, payload: Uint8Array) => void): void {
    let at = 0;
    while (this.#have > 0 && at < chunk.length) at = this.#readPartial(chunk, at, frame);
    const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.length);
    while (chunk.length - at >= FRAME_HEADER_BYTES) {
      const end = at + this.#lengthOf(view.getUint32(at));
      if (end > chunk.length) break;
      frame(view.getUint32(at + 4), chunk.subarray(at + FRAME_HEADER_BYTES, end));
      at = end;
    }
    if (at < chunk.length) this.#keep(chunk.subarray(at));
  }

  /** Whether the stream may end here. */
  get isBetweenFrames(): boolean {
    return this.#have === 0;
  }

  #readPartial(chunk: Uint8Array, from: number, frame: (id: number, payload: Uint8Array) => void): number {
    const part = chunk.subarray(from, from + this.#need - this.#have);
    this.#partial.set(part, this.#have);
    this.#have += part.length;
    if (this.#have < this.#need) return from + part.length;
    const view = new DataView(this.#partial.buffer);
    if (this.#need === FRAME_HEADER_BYTES) {
      this.#need = this.#lengthOf(view.getUint32(0));
      const whole = new Uint8Array(this.#need);
      whole.set(this.#partial.subarray(0, FRAME_HEADER_BYTES));
      this.#partial = whole;
      if (this.#have < this.#need) return from + part.length;
    }
    const whole = this.#partial;
    this.#partial = new Uint8Array(FRAME_HEADER_BYTES);
    this.#have = 0;
    this.#need = FRAME_HEADER_BYTES;
    frame(view.getUint32(4), whole.subarray(FRAME_HEADER_BYTES));
    return from + part.length;
  }

  #keep(rest: Uint8Array): void {
    if (rest.length >= FRAME_HEADER_BYTES) {
      this.#need = this.#lengthOf(new DataView(rest.buffer, rest.byteOffset, 4).getUint32(0));
      this.#partial = new Uint8Array(this.#need);
    }
    this.#partial.set(rest);
    this.#have = rest.length;
  }

  /** Of the whole frame. */
  #lengthOf(length: number): number {
    if (length < 4 || length - 4 > this.#payloadMax) {
      throw new FrameError(`a frame of ${length} bytes, expected 4 to ${this.#payloadMax + 4}: close the connection`);
    }
    return length + 4;
  }
}
