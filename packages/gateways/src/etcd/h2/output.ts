import type { Duplex } from 'node:stream';
import { FRAME_HEADER_BYTES, type FrameType } from './protocol.ts';

const SLAB_BYTES = 64 * 1024;
/** Payloads from this size on are handed to the socket as they are instead of being copied. */
const COPY_MAX_BYTES = 4096;

/** Outputs with something to send, flushed together once the events of this turn have been handled. */
const waiting: Output[] = [];
let scheduled = false;

function flushAll(): void {
  scheduled = false;
  // What a flush makes wait again (a socket that failed) goes into the next turn.
  const batch = waiting.splice(0);
  for (const output of batch) output.flush();
}

/** Gathers the frames of one connection and writes them once per turn of the event loop. */
export class Output {
  readonly #socket: Duplex;
  #slab: Buffer = Buffer.allocUnsafeSlow(SLAB_BYTES);
  /** The slab's part from here to `#used` has not been handed to the socket. */
  #sent = 0;
  #used = 0;
  /** Finished pieces ahead of the slab's present part. */
  #chunks: Buffer[] = [];
  #queuedBytes = 0;
  #waiting = false;

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** Bytes that the operating system has not taken yet. */
  get backlogBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  frame(type: number, flags: number, streamId: number, payload: Uint8Array): void {
    this.header(payload.length, type, flags, streamId);
    this.raw(payload);
  }

  header(length: number, type: number, flags: number, streamId: number): void {
    if (this.#used + FRAME_HEADER_BYTES > SLAB_BYTES) this.#nextSlab();
    const slab = this.#slab;
    let at = this.#used;
    slab[at++] = length >>> 16;
    slab[at++] = length >>> 8;
    slab[at++] = length;
    slab[at++] = type;
    slab[at++] = flags;
    slab[at++] = streamId >>> 24;
    slab[at++] = streamId >>> 16;
    slab[at++] = streamId >>> 8;
    slab[at++] = streamId;
    this.#used = at;
    this.#queued(FRAME_HEADER_BYTES);
  }

  raw(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length > COPY_MAX_BYTES) {
      this.#cut();
      this.#chunks.push(Buffer.from(bytes.buffer, bytes.byteOffset, length));
    } else {
      if (this.#used + length > SLAB_BYTES) this.#nextSlab();
      const slab = this.#slab;
      // A loop beats `set` for the few bytes of a header block.
      if (length < 16) for (let i = 0; i < length; i++) slab[this.#used + i] = bytes[i]!;
      else slab.set(bytes, this.#used);
      this.#used += length;
    }
    this.#queued(length);
  }

  /** A frame whose payload is one 32-bit number: WINDOW_UPDATE and RST_STREAM. */
  number(type: typeof FrameType.windowUpdate | typeof FrameType.rstStream, streamId: number, value: number): void {
    this.header(4, type, 0, streamId);
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeUInt32BE(value);
    this.raw(bytes);
  }

  #queued(bytes: number): void {
    this.#queuedBytes += bytes;
    if (this.#waiting) return;
    this.#waiting = true;
    waiting.push(this);
    if (scheduled) return;
    scheduled = true;
    setImmediate(flushAll);
  }

  #cut(): void {
    if (this.#used === this.#sent) return;
    this.#chunks.push(this.#slab.subarray(this.#sent, this.#used));
    this.#sent = this.#used;
  }

  #nextSlab(): void {
    this.#cut();
    this.#slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#sent = 0;
    this.#used = 0;
  }

  flush(): void {
    this.#waiting = false;
    this.#cut();
    const chunks = this.#chunks;
    const socket = this.#socket;
    this.#queuedBytes = 0;
    if (chunks.length === 0) return;
    this.#chunks = [];
    if (socket.destroyed || socket.writableEnded) return;
    if (chunks.length === 1) {
      socket.write(chunks[0]!);
    } else {
      socket.cork();
      for (const chunk of chunks) socket.write(chunk);
      socket.uncork();
    }
    // The system took everything at once: nobody refers to the slab any more.
    if (socket.writableLength === 0) {
      this.#sent = 0;
      this.#used = 0;
    }
  }
}
