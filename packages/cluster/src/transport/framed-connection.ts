import type { Connection, ConnectionHandler, NetError } from '@quorate/env';
import {
  encodeRefusal,
  FrameDecoder,
  FrameKind,
  type FrameMemory,
  FrameWriter,
  foreignAnswer,
  PREFACE,
  WireError,
} from '../wire/index.ts';

/** Who hears what arrives on a framed connection; replaced when the handshake is done. */
export interface FrameListener {
  frame(kind: number, payload: Uint8Array): void;
  drained?(): void;
  /** Once, last, from whichever side the end came; `reason` says why when it was not an orderly one. */
  closed(reason: Error | undefined): void;
}

/**
 * A connection that speaks frames: decodes what arrives, and closes when that is not what it should be. A listener may throw
 * `WireError` when a frame's content is malformed; that closes the connection too, and disturbs no other.
 */
export class FramedConnection implements ConnectionHandler {
  #connection: Connection | undefined;
  #listener: FrameListener;
  readonly #decoder: FrameDecoder = new FrameDecoder((kind, payload) => {
    this.framesIn += 1;
    this.#listener.frame(kind, payload);
  });
  readonly #writer: FrameWriter = new FrameWriter();
  readonly #onConnected: (() => void) | undefined;
  #prefaceSent = false;
  #closed = false;
  bytesIn = 0;
  framesIn = 0;

  constructor(listener: FrameListener, onConnected?: () => void) {
    this.#listener = listener;
    this.#onConnected = onConnected;
  }

  /** To be called before anything else, with the connection whose handler this is. */
  attach(connection: Connection): void {
    this.#connection = connection;
  }

  get connection(): Connection {
    if (this.#connection === undefined) throw new TypeError('a framed connection must be attached first');
    return this.#connection;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** The handshake is done: longer frames may come, into `memory`, and `listener` hears them. */
  establish(listener: FrameListener, frameBytesMax: number, memory: FrameMemory): void {
    this.#listener = listener;
    this.#decoder.established(frameBytesMax, memory);
  }

  /** Nothing is kept of the frame that the listener is just hearing: see `FrameDecoder.release`. */
  release(payload: Uint8Array): void {
    this.#decoder.release(payload);
  }

  /** One frame, which leaves with all others of this turn. */
  send(kind: number, payload: Uint8Array): void {
    if (this.#closed) return;
    this.#open();
    this.#writer.simple(kind, payload);
    this.write(this.#writer.take());
  }

  write(pieces: readonly Uint8Array[]): void {
    if (this.#closed) return;
    for (let i = 0; i < pieces.length; i++) this.connection.write(pieces[i]!);
  }

  /** Sends a last frame and closes. */
  finish(kind: number, payload: Uint8Array, reason: Error | undefined): void {
    if (this.#closed) return;
    this.send(kind, payload);
    this.connection.close();
    this.#end(reason);
  }

  /** Closes at once; what is queued is lost. */
  destroy(reason: Error | undefined): void {
    if (this.#closed) return;
    this.connection.destroy();
    this.#end(reason);
  }

  // --- ConnectionHandler

  connected(): void {
    this.#onConnected?.();
  }

  data(chunk: Uint8Array): void {
    if (this.#closed) return;
    this.bytesIn += chunk.length;
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      this.#malformed(error, chunk);
    }
  }

  drained(): void {
    if (!this.#closed) this.#listener.drained?.();
  }

  closed(error: NetError | undefined): void {
    this.#end(error);
  }

  /** Tells the caller what was wrong, in its own protocol where that is known, and closes. */
  #malformed(error: WireError, chunk: Uint8Array): void {
    const answer = error.code === 'wrong-protocol' ? foreignAnswer(chunk) : undefined;
    if (answer === undefined) {
      const code = error.code === 'wrong-protocol' ? 'wrong-protocol' : 'other';
      this.finish(FrameKind.refusal, encodeRefusal({ code, message: error.message }), error);
      return;
    }
    const connection = this.connection;
    connection.write(answer);
    connection.close();
    this.#end(error);
  }

  #open(): void {
    if (this.#prefaceSent) return;
    this.#prefaceSent = true;
    this.connection.write(PREFACE);
  }

  #end(reason: Error | undefined): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#decoder.stop();
    this.#listener.closed(reason);
  }
}
