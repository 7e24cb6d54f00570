import type { ByteWriter } from '@quorate/patterns/base';
import { FRAME_HEADER_BYTES, WireError } from '../../wire/index.ts';

export const ITEM_HEADER_BYTES = 9;
/** A frame that has grown to this is closed, and the next one begun: so that its receiver can start before all of it is there. */
const FRAME_BYTES_SOFT = 256 * 1024;

/**
 * Gathers requests or replies into frames, in place: a body is written once, straight to where the socket will take it from.
 * `begin`, then the body through the writer that it returns, then `end`.
 */
export class ItemWriter {
  readonly #writer: ByteWriter;
  readonly #frameKind: number;
  /** Where the open frame starts in the writer's record; −1 when none is open. */
  #frame = -1;
  #item = 0;

  constructor(writer: ByteWriter, frameKind: number) {
    this.#writer = writer;
    this.#frameKind = frameKind;
  }

  /** Bytes gathered. */
  get length(): number {
    return this.#writer.length;
  }

  begin(id: number, code: number): ByteWriter {
    const writer = this.#writer;
    writer.reserve(FRAME_HEADER_BYTES + ITEM_HEADER_BYTES);
    if (this.#frame < 0) {
      this.#frame = writer.length;
      writer.u32(0);
      writer.u8(this.#frameKind);
    }
    this.#item = writer.length;
    writer.u32(id);
    writer.u8(code);
    writer.u32(0);
    return writer;
  }

  /** Where the body of the item begun last starts within what `take` will return. */
  get bodyStart(): number {
    return this.#item + ITEM_HEADER_BYTES;
  }

  end(): void {
    const bodyBytes = this.#writer.length - this.#item - ITEM_HEADER_BYTES;
    this.#writer.patchU32(this.#item + 5, bodyBytes);
    if (this.#writer.length - this.#frame >= FRAME_BYTES_SOFT) this.#closeFrame();
  }

  /** Takes the item begun last back, whatever has been written of it. */
  cancel(): void {
    this.#writer.truncate(this.#item);
    if (this.#item === this.#frame + FRAME_HEADER_BYTES) {
      this.#writer.truncate(this.#frame);
      this.#frame = -1;
    }
  }

  /** Whole frames, to be written as they are. */
  take(): Uint8Array {
    this.#closeFrame();
    return this.#writer.take();
  }

  #closeFrame(): void {
    if (this.#frame < 0) return;
    this.#writer.patchU32(this.#frame, this.#writer.length - this.#frame - 4);
    this.#frame = -1;
  }
}

/** Receives the items of one frame; the body is `payload` from `start` to `end`. */
export interface ItemSink {
  item(id: number, code: number, payload: Uint8Array, start: number, end: number): void;
}

/** Throws `WireError` when the items do not fill the frame exactly: then nothing after it can be trusted. */
export function readItems(payload: Uint8Array, sink: ItemSink): void {
  let at = 0;
  while (at < payload.length) {
    if (payload.length - at < ITEM_HEADER_BYTES) {
      throw new WireError(
        'malformed',
        `${payload.length - at} bytes are left in a frame: an item's header has ${ITEM_HEADER_BYTES}`,
      );
    }
    const id = u32(payload, at);
    const start = at + ITEM_HEADER_BYTES;
    const length = u32(payload, at + 5);
    if (length > payload.length - start) {
      throw new WireError(
        'malformed',
        `an item claims ${length} bytes, but its frame has ${payload.length - start} left`,
      );
    }
    at = start + length;
    sink.item(id, payload[start - 5]!, payload, start, at);
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}
