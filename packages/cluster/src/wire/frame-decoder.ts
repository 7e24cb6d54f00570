import { WireError } from './error.ts';
import { describeForeignBytes } from './foreign.ts';
import { FRAME_BYTES_MAX, FRAME_HEADER_BYTES, HANDSHAKE_BYTES_MAX, PREFACE } from './frame.ts';
import { FRUGAL_MEMORY, type FrameMemory } from './frame-memory.ts';

/** Takes one whole frame. `payload` is a view of the chunk it came in, or of a buffer made for it; it is never written to again, unless `release` says so. */
export type FrameSink = (kind: number, payload: Uint8Array) => void;

/**
 * Cuts a stream of chunks of any size into frames. A frame within one chunk is handed on without a copy; one that spans chunks is
 * copied once into a buffer of its `FrameMemory`, by default one that grows with what has arrived (at most twice the bytes received).
 *
 * Starts by expecting `PREFACE` and with `HANDSHAKE_BYTES_MAX` as the bound; `established` raises it. Throws only `WireError`, after
 * which it must not be used.
 */
export class FrameDecoder {
  readonly #sink: FrameSink;
  #bytesMax: number = HANDSHAKE_BYTES_MAX;
  #memory: FrameMemory = FRUGAL_MEMORY;
  #prefaceSeen = 0;
  /** The length field and kind of a frame whose header came in pieces. */
  readonly #header: Uint8Array = new Uint8Array(FRAME_HEADER_BYTES);
  #headerFilled = 0;
  /** Holds the payload under construction; undefined between frames. */
  #partial: Uint8Array | undefined;
  #partialKind = 0;
  #partialFilled = 0;
  #partialLength = 0;
  /** The payload handed on last that was put together here, and the buffer that it is in. */
  #handed: { readonly payload: Uint8Array; readonly buffer: Uint8Array } | undefined;
  #stopped = false;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** The handshake is done: frames of up to `bytesMax` may come, from the next one on. */
  established(bytesMax: number = FRAME_BYTES_MAX, memory: FrameMemory = FRUGAL_MEMORY): void {
    this.#bytesMax = bytesMax;
    this.#memory = memory;
  }

  /** The sink keeps nothing of `payload`, the last one it was given: its memory may be written to again. To be called by the sink, if at all. */
  release(payload: Uint8Array): void {
    const handed = this.#handed;
    if (handed?.payload !== payload) return;
    this.#handed = undefined;
    this.#memory.give?.(handed.buffer);
  }

  /** Ignores the rest of the current chunk and all later ones. May be called by the sink. */
  stop(): void {
    this.#stopped = true;
    this.#partial = undefined;
  }

  /** All frames that `chunk` completes go to the sink, in order, before this returns. */
  push(chunk: Uint8Array): void {
    let at = this.#prefaceSeen < PREFACE.length ? this.#preface(chunk) : 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#partial !== undefined) at = this.#fill(chunk, at);
      else if (this.#headerFilled === 0 && chunk.length - at >= FRAME_HEADER_BYTES) at = this.#frame(chunk, at);
      else at = this.#headerByte(chunk, at);
    }
  }

  #preface(chunk: Uint8Array): number {
    let at = 0;
    while (at < chunk.length && this.#prefaceSeen < PREFACE.length) {
      if (chunk[at] !== PREFACE[this.#prefaceSeen]) {
        const seen = this.#prefaceSeen === at ? chunk : undefined;
        throw new WireError('wrong-protocol', `not Quorate's native protocol: ${describeForeignBytes(seen)}`);
      }
      at += 1;
      this.#prefaceSeen += 1;
    }
    return at;
  }

  /** A header lies in this chunk. */
  #frame(chunk: Uint8Array, at: number): number {
    const length = (chunk[at]! | (chunk[at + 1]! << 8) | (chunk[at + 2]! << 16) | (chunk[at + 3]! << 24)) >>> 0;
    this.#check(length);
    const start = at + FRAME_HEADER_BYTES;
    const end = at + 4 + length;
    if (end <= chunk.length) {
      this.#sink(chunk[at + 4]!, chunk.subarray(start, end));
      return end;
    }
    this.#begin(chunk[at + 4]!, length - 1);
    return start;
  }

  #headerByte(chunk: Uint8Array, at: number): number {
    const header = this.#header;
    header[this.#headerFilled++] = chunk[at]!;
    if (this.#headerFilled < FRAME_HEADER_BYTES) return at + 1;
    this.#headerFilled = 0;
    const length = (header[0]! | (header[1]! << 8) | (header[2]! << 16) | (header[3]! << 24)) >>> 0;
    this.#check(length);
    if (length === 1) this.#sink(header[4]!, EMPTY);
    else if (chunk.length - at >= length) {
      this.#sink(header[4]!, chunk.subarray(at + 1, at + length));
      return at + length;
    } else this.#begin(header[4]!, length - 1);
    return at + 1;
  }

  #begin(kind: number, payloadBytes: number): void {
    this.#partial = this.#memory.take(payloadBytes);
    this.#partialKind = kind;
    this.#partialFilled = 0;
    this.#partialLength = payloadBytes;
  }

  #fill(chunk: Uint8Array, at: number): number {
    const length = this.#partialLength;
    const take = Math.min(chunk.length - at, length - this.#partialFilled);
    const filled = this.#partialFilled + take;
    let partial = this.#partial!;
    if (filled > partial.length) {
      const grown = new Uint8Array(Math.min(length, Math.max(filled, partial.length * 2)));
      grown.set(partial.subarray(0, this.#partialFilled));
      partial = grown;
      this.#partial = grown;
    }
    partial.set(chunk.subarray(at, at + take), this.#partialFilled);
    this.#partialFilled = filled;
    if (filled === length) this.#complete(partial);
    return at + take;
  }

  #complete(buffer: Uint8Array): void {
    const payload = buffer.length === this.#partialLength ? buffer : buffer.subarray(0, this.#partialLength);
    this.#partial = undefined;
    this.#handed = { payload, buffer };
    this.#sink(this.#partialKind, payload);
    this.#handed = undefined;
  }

  #check(length: number): void {
    if (length === 0) throw new WireError('malformed', 'a frame of no bytes: at least its kind was expected');
    if (length > this.#bytesMax) {
      throw new WireError('too-large', `a frame of ${length} bytes: at most ${this.#bytesMax} are allowed here`);
    }
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);
