import type { Connection } from '@quorate/env';
import { ByteWriter } from '@quorate/patterns/base';
import { FrameKind, WireError } from '../wire/index.ts';
import type { FramedConnection, FrameListener } from './framed-connection.ts';
import type { ClientConnection, ClientHandler } from './types.ts';

/** The server's side of a native client's connection, after the handshake. */
export class ClientLink implements ClientConnection, FrameListener {
  readonly #framed: FramedConnection;
  readonly #gone: (link: ClientLink) => void;
  #handler: ClientHandler | undefined;

  constructor(framed: FramedConnection, gone: (link: ClientLink) => void) {
    this.#framed = framed;
    this.#gone = gone;
  }

  /** Who hears the client's frames; set once, before any can come. */
  attach(handler: ClientHandler): void {
    this.#handler = handler;
  }

  get connection(): Connection {
    return this.#framed.connection;
  }

  send(kind: number, payload: Uint8Array): void {
    this.#framed.send(kind, payload);
  }

  release(payload: Uint8Array): void {
    this.#framed.release(payload);
  }

  close(reason: string): void {
    const w = new ByteWriter(64);
    w.text(reason);
    this.#framed.finish(FrameKind.goodbye, w.take(), undefined);
  }

  frame(kind: number, payload: Uint8Array): void {
    if (kind >= FrameKind.clientFirst) this.#handler?.frame(kind, payload);
    else if (kind === FrameKind.ping) this.#framed.send(FrameKind.pong, payload);
    else if (kind === FrameKind.goodbye) this.#framed.destroy(undefined);
    else if (kind !== FrameKind.pong) {
      throw new WireError('unexpected', `a frame of kind ${kind} must not come from a client`);
    }
  }

  drained(): void {
    this.#handler?.drained?.();
  }

  closed(): void {
    this.#gone(this);
    this.#handler?.closed();
  }
}
