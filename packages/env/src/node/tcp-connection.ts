import type { Socket } from 'node:net';
import type { Address, Connection, ConnectionHandler, NetError } from '../net.ts';
import { netError } from './net-errors.ts';
import type { Flushable, Turn } from './turn.ts';

/** Up to here the chunks of a turn are copied into one buffer, which is cheaper than handing the system a list of them. */
const JOIN_MAX_BYTES = 64 * 1024;
/** How long a closed connection waits for the peer's end. Cut off at once, the peer could lose what was sent last. */
const LINGER_MS = 1_000;

/**
 * One TCP connection. Writes are gathered until the turn ends and leave in one system call.
 *
 *     open --close()--> closing (flushed, FIN sent, input ignored) --peer's FIN, or LINGER_MS--> closed
 *       |                                                                                        ^
 *       +------------------------------ destroy(), error ----------------------------------------+
 */
export class TcpConnection implements Connection, Flushable {
  readonly remote: Address;
  readonly #socket: Socket;
  readonly #turn: Turn;
  readonly #highWaterBytes: number;
  #handler: ConnectionHandler | undefined;
  #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #inFlush = false;
  #congested = false;
  #closing = false;
  #error: NetError | undefined;
  #linger: ReturnType<typeof setTimeout> | undefined;
  readonly #taken = (): void => this.#onTaken();

  constructor(socket: Socket, remote: Address, turn: Turn, highWaterBytes: number) {
    this.#socket = socket;
    this.remote = remote;
    this.#turn = turn;
    this.#highWaterBytes = highWaterBytes;
  }

  /** Starts delivering to `handler`. */
  attach(handler: ConnectionHandler): void {
    this.#handler = handler;
    const socket = this.#socket;
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 15_000);
    if (socket.connecting) {
      socket.once('connect', () => {
        if (!this.#closing) handler.connected?.();
      });
    }
    socket.on('data', (chunk: Uint8Array) => {
      if (!this.#closing) handler.data(chunk);
    });
    socket.on('end', () => this.#onEnd());
    socket.on('error', (cause) => {
      this.#error = netError(`connection with ${this.remote.host}:${this.remote.port}`, cause);
    });
    socket.on('close', () => this.#onClose());
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength;
  }

  get congested(): boolean {
    return this.#congested;
  }

  write(chunk: Uint8Array): void {
    if (this.#closing || this.#socket.destroyed || chunk.length === 0) return;
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (!this.#congested && this.bufferedBytes > this.#highWaterBytes) this.#congested = true;
    if (this.#inFlush) return;
    this.#inFlush = true;
    this.#turn.flushAtEnd(this);
  }

  flush(): void {
    this.#inFlush = false;
    const chunks = this.#queue;
    if (chunks.length === 0 || this.#socket.destroyed) return;
    const sizeBytes = this.#queuedBytes;
    this.#queue = [];
    this.#queuedBytes = 0;
    // Whether all has been taken matters only to those who wait for `drained`.
    const taken = this.#congested ? this.#taken : undefined;
    if (chunks.length === 1) {
      this.#socket.write(chunks[0]!, taken);
    } else if (sizeBytes <= JOIN_MAX_BYTES) {
      this.#socket.write(joined(chunks, sizeBytes), taken);
    } else {
      this.#socket.cork();
      for (let i = 0; i < chunks.length - 1; i++) this.#socket.write(chunks[i]!);
      this.#socket.write(chunks[chunks.length - 1]!, taken);
      this.#socket.uncork();
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    if (this.#closing || this.#socket.destroyed) return;
    this.#closing = true;
    this.flush();
    this.#socket.end();
    this.#socket.resume();
    this.#linger = setTimeout(() => this.#socket.destroy(), LINGER_MS);
    this.#linger.unref();
  }

  destroy(): void {
    this.#closing = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#socket.destroy();
  }

  #onTaken(): void {
    if (!this.#congested || this.bufferedBytes > 0 || this.#closing) return;
    this.#congested = false;
    this.#handler?.drained?.();
  }

  #onEnd(): void {
    if (this.#closing) this.#socket.destroySoon();
    else if (this.#handler?.ended !== undefined) this.#handler.ended();
    else this.close();
    // Both directions have ended: nothing to linger for.
    if (this.#closing) this.#socket.destroySoon();
  }

  #onClose(): void {
    this.#closing = true;
    if (this.#linger !== undefined) clearTimeout(this.#linger);
    const handler = this.#handler;
    this.#handler = undefined;
    handler?.closed(this.#error);
  }
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  const all = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  for (let i = 0; i < chunks.length; i++) {
    all.set(chunks[i]!, at);
    at += chunks[i]!.length;
  }
  return all;
}
