import type { Address, Connection, ConnectionHandler, Env, NetError } from '@quorate/env';
import { ByteWriter, withoutStack } from '@quorate/patterns/base';
import { CoreError } from '../core/errors.ts';
import {
  decodeRefusal,
  decodeWelcome,
  encodeHello,
  FrameDecoder,
  FrameKind,
  FrameWriter,
  PREFACE,
  PROTOCOL_VERSION,
  PROTOCOL_VERSION_MIN,
  type Welcome,
  WireError,
} from '../wire/index.ts';
import { type ItemSink, ItemWriter, readItems } from './protocol/envelope.ts';
import { ClientFrame } from './protocol/operations.ts';

export type Dial = (to: Address, handler: ConnectionHandler) => Connection;

export interface LinkOwner {
  /** The handshake is done: requests may be sent. */
  opened(link: ServerLink, welcome: Welcome): void;
  /** An answer: `payload` from `start` to `end`. Throws `WireError` when it cannot be read. */
  item(link: ServerLink, id: number, status: number, payload: Uint8Array, start: number, end: number): void;
  /** Once, last. `error.outcome` speaks of the connection, not of the requests that were on it. */
  closed(link: ServerLink, error: CoreError): void;
}

export interface LinkOptions {
  readonly env: Pick<Env, 'tasks'>;
  readonly dial: Dial;
  readonly address: Address;
  /** 0 when it is not known yet. */
  readonly clusterId: number;
  readonly clientId: string;
}

/** A request whose body stays where it was encoded, so that it can be sent again: `chunk` from `start` to `end`. */
export interface Encoded {
  chunk: Uint8Array | undefined;
  start: number;
  end: number;
}

/**
 * The one socket to one server: handshake, frames, and all requests of a turn in one write (Joshi, "Patterns of Distributed Systems",
 * Single-Socket Channel, Request Pipeline).
 */
export class ServerLink implements ConnectionHandler, ItemSink {
  readonly address: Address;
  readonly #env: Pick<Env, 'tasks'>;
  readonly #owner: LinkOwner;
  readonly #connection: Connection;
  readonly #decoder: FrameDecoder;
  readonly #hello: Uint8Array;
  readonly #writer: ByteWriter = new ByteWriter(1024);
  readonly #items: ItemWriter = new ItemWriter(this.#writer, ClientFrame.requests);
  #phase: 'dialling' | 'greeting' | 'open' | 'closed' = 'dialling';
  /** Encoded since the last flush: their bytes are somewhere in the chunk that the next one takes. */
  #batch: Encoded[] = [];
  #flushing = false;
  #failure: CoreError | undefined;
  #welcome: Welcome | undefined;
  /** Something has come since this was last cleared: for the owner's liveness check, as is the other. */
  heard = true;
  silentTicks = 0;

  constructor(options: LinkOptions, owner: LinkOwner) {
    this.#env = options.env;
    this.#owner = owner;
    this.address = options.address;
    this.#hello = encodeHello({
      role: 'client',
      clientId: options.clientId,
      clusterId: options.clusterId,
      versionMin: PROTOCOL_VERSION_MIN,
      versionMax: PROTOCOL_VERSION,
    });
    this.#decoder = new FrameDecoder((kind, payload) => this.#frame(kind, payload));
    this.#connection = options.dial(options.address, this);
  }

  get open(): boolean {
    return this.#phase === 'open';
  }

  get welcome(): Welcome | undefined {
    return this.#welcome;
  }

  get gone(): boolean {
    return this.#phase === 'closed';
  }

  /** Starts a request; its body goes through the writer that is returned, then `end` must be called. The link must be open. */
  begin(id: number, operation: number): ByteWriter {
    return this.#items.begin(id, operation);
  }

  /** Ends the request begun last; where its body went is noted in `encoded`, at the latest when the turn ends. */
  end(encoded: Encoded): void {
    encoded.start = this.#items.bodyStart;
    encoded.end = this.#items.length;
    this.#items.end();
    this.#batch.push(encoded);
    this.#flushSoon();
  }

  /** Takes the request begun last back. */
  cancel(): void {
    this.#items.cancel();
  }

  /** Bytes of the request begun last. */
  get bodyBytes(): number {
    return this.#items.length - this.#items.bodyStart;
  }

  /** A request without an answer, or one that is not to be repeated. */
  post(id: number, operation: number, body?: (writer: ByteWriter) => void): void {
    const writer = this.#items.begin(id, operation);
    body?.(writer);
    this.#items.end();
    this.#flushSoon();
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#env.tasks.defer(() => this.#flush());
  }

  #flush(): void {
    this.#flushing = false;
    if (this.#items.length === 0) return;
    const chunk = this.#items.take();
    const batch = this.#batch;
    for (let i = 0; i < batch.length; i++) batch[i]!.chunk = chunk;
    this.#batch = [];
    if (this.#phase === 'open') this.#connection.write(chunk);
  }

  ping(): void {
    if (this.#phase === 'open') this.#write(FrameKind.ping, EMPTY);
  }

  /** Sends what is queued, then closes. */
  close(): void {
    this.#flush();
    if (this.#phase !== 'closed') this.#connection.close();
  }

  /** Gives the connection up at once. */
  fail(error: CoreError): void {
    if (this.#phase === 'closed') return;
    this.#failure ??= error;
    this.#decoder.stop();
    this.#connection.destroy();
  }

  connected(): void {
    this.#phase = 'greeting';
    this.#connection.write(PREFACE);
    this.#write(FrameKind.hello, this.#hello);
  }

  data(chunk: Uint8Array): void {
    this.heard = true;
    try {
      this.#decoder.push(chunk);
    } catch (error) {
      this.fail(wireFailure(error, this.address));
    }
  }

  closed(error: NetError | undefined): void {
    this.#phase = 'closed';
    this.#flush();
    const reason = error === undefined ? 'the server closed the connection' : error.message;
    this.#owner.closed(this, this.#failure ?? unavailable(this.address, reason, error));
  }

  #frame(kind: number, payload: Uint8Array): void {
    if (kind === ClientFrame.replies && this.#phase === 'open') return readItems(payload, this);
    switch (kind) {
      case FrameKind.welcome:
        return this.#welcomed(payload);
      case FrameKind.refusal: {
        const { code, message } = decodeRefusal(payload);
        const known = code === 'wrong-cluster' || code === 'wrong-protocol' ? code : 'unavailable';
        return this.fail(new CoreError(known, message, { retryable: known === 'unavailable' }));
      }
      case FrameKind.ping:
        return this.#write(FrameKind.pong, payload);
      case FrameKind.pong:
        return;
      case FrameKind.goodbye:
        return this.fail(unavailable(this.address, 'the server says goodbye', undefined));
      default:
        throw new WireError('unexpected', `a frame of kind ${kind} must not come from a server`);
    }
  }

  item(id: number, status: number, payload: Uint8Array, start: number, end: number): void {
    this.#owner.item(this, id, status, payload, start, end);
  }

  #welcomed(payload: Uint8Array): void {
    if (this.#phase !== 'greeting') throw new WireError('unexpected', 'a second welcome');
    this.#welcome = decodeWelcome(payload);
    this.#decoder.established();
    this.#phase = 'open';
    this.#owner.opened(this, this.#welcome);
  }

  #write(kind: number, payload: Uint8Array): void {
    const frames = new FrameWriter();
    frames.simple(kind, payload);
    for (const piece of frames.take()) this.#connection.write(piece);
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

export function unavailable(address: Address, reason: string, cause: unknown): CoreError {
  const message = `${address.host}:${address.port}: ${reason}`;
  return withoutStack(() => new CoreError('unavailable', message, { retryable: true, cause }));
}

function wireFailure(error: unknown, address: Address): CoreError {
  if (!(error instanceof WireError)) throw error;
  return new CoreError('wrong-protocol', `${address.host}:${address.port} broke the protocol: ${error.message}`, {
    retryable: true,
    cause: error,
  });
}
