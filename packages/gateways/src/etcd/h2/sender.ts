import type { HeaderList } from './hpack-decoder.ts';
import { type HeaderSet, HpackEncoder } from './hpack-encoder.ts';
import type { Output } from './output.ts';
import {
  ConnectionError,
  ErrorCode,
  Flag,
  FRAME_MAX_BYTES,
  FrameType,
  WINDOW_DEFAULT_BYTES,
  WINDOW_MAX_BYTES,
} from './protocol.ts';
import type { Http2Stream } from './stream.ts';

/** While more than this waits in the socket, streams hold their data back. */
export const BACKLOG_PAUSE_BYTES: number = 1024 * 1024;
/** A stream's share of one round while several wait for the connection's window. */
const ROUND_BYTES = 64 * 1024;
const NO_FIELDS: HeaderList = [];

/** The sending half of a connection: header blocks, data within the peer's windows, and who waits for them. */
export class Sender {
  readonly #output: Output;
  readonly encoder: HpackEncoder = new HpackEncoder();
  /** Streams with data that waits for a window or for the socket, each in its turn. */
  readonly #blocked = new Set<Http2Stream>();
  #window = WINDOW_DEFAULT_BYTES;

  constructor(output: Output) {
    this.#output = output;
  }

  headers(stream: Http2Stream, set: HeaderSet, more: HeaderList | undefined, end: boolean): void {
    const block = this.encoder.encode(set, more ?? NO_FIELDS);
    const endFlag = end ? Flag.endStream : 0;
    if (block.length <= FRAME_MAX_BYTES) {
      this.#output.frame(FrameType.headers, endFlag | Flag.endHeaders, stream.id, block);
      return;
    }
    this.#output.frame(FrameType.headers, endFlag, stream.id, block.subarray(0, FRAME_MAX_BYTES));
    for (let at = FRAME_MAX_BYTES; at < block.length; at += FRAME_MAX_BYTES) {
      const last = at + FRAME_MAX_BYTES >= block.length;
      const part = block.subarray(at, at + FRAME_MAX_BYTES);
      this.#output.frame(FrameType.continuation, last ? Flag.endHeaders : 0, stream.id, part);
    }
  }

  /** Sends as much of `data` as the windows allow and returns how much that was. With `end`, the last byte ends the stream. */
  data(stream: Http2Stream, data: Buffer, end: boolean): number {
    const room = this.#output.backlogBytes > BACKLOG_PAUSE_BYTES ? 0 : Math.min(this.#window, stream.sendWindow);
    const total = Math.max(0, Math.min(room, data.length));
    for (let at = 0; at < total; at += FRAME_MAX_BYTES) {
      const size = Math.min(FRAME_MAX_BYTES, total - at);
      const flags = end && at + size === data.length ? Flag.endStream : 0;
      this.#output.header(size, FrameType.data, flags, stream.id);
      this.#output.raw(size === data.length ? data : data.subarray(at, at + size));
    }
    this.#window -= total;
    stream.sendWindow -= total;
    return total;
  }

  /** An empty frame that ends the stream. */
  end(stream: Http2Stream): void {
    this.#output.header(0, FrameType.data, Flag.endStream, stream.id);
  }

  /** `stream` has data left that did not fit. */
  wait(stream: Http2Stream): void {
    this.#blocked.add(stream);
  }
  forget(stream: Http2Stream): void {
    this.#blocked.delete(stream);
  }
  clear(): void {
    this.#blocked.clear();
  }

  widen(bytes: number): void {
    this.#window += bytes;
    if (this.#window > WINDOW_MAX_BYTES) {
      throw new ConnectionError(ErrorCode.flowControl, 'the connection window was raised over 2^31 − 1');
    }
    this.pump();
  }

  /** Gives every waiting stream a share in turn, until all is sent or nothing moves. */
  pump(): void {
    let moved = true;
    while (moved && this.#blocked.size > 0) {
      moved = false;
      for (const stream of [...this.#blocked]) {
        const before = stream.queuedBytes;
        const done = stream.pump(ROUND_BYTES);
        if (done || stream.closed) this.#blocked.delete(stream);
        if (stream.queuedBytes < before) moved = true;
      }
    }
  }

  /** Only this stream's window has opened. */
  pumpOne(stream: Http2Stream): void {
    if (this.#blocked.has(stream) && stream.pump(WINDOW_MAX_BYTES)) this.#blocked.delete(stream);
  }
}
