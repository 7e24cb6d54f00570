import type { ByteReader, ByteWriter } from '@quorate/patterns/base';
import { CoreError } from '../core/errors.ts';
import type { Operation } from './protocol/operations.ts';
import type { ServerLink } from './server-link.ts';

/** Watches that one client may have open. */
export const STREAMS_MAX = 65_536;
/** Tells a stream's id from a call's. */
const STREAM_BIT = 0x8000_0000;

/** Something that a server sends messages for until it is closed, and that begins anew elsewhere when the connection ends. */
export interface Stream {
  readonly operation: Operation;
  /** Writes the request that begins it, or goes on from where it stands. */
  request(writer: ByteWriter): void;
  item(status: number, reader: ByteReader): void;
  /** It cannot begin, or go on, anywhere. */
  stop(error: CoreError): void;
}

/** The streams of a client and the connection that each is on. */
export class StreamTable {
  readonly #streams: Map<number, Stream> = new Map();
  readonly #links: Map<number, ServerLink> = new Map();
  #next = 1;

  get size(): number {
    return this.#streams.size;
  }

  /** Registers a stream; it begins on `link`, or when there is a connection. Returns its id. Throws `too-many-requests` beyond the bound. */
  add(stream: Stream, link: ServerLink | undefined): number {
    if (this.#streams.size >= STREAMS_MAX) {
      const message = `watch: a client may have at most ${STREAMS_MAX} watches`;
      throw new CoreError('too-many-requests', message, { retryable: true });
    }
    const id = STREAM_BIT + this.#next;
    this.#next += 1;
    this.#streams.set(id, stream);
    if (link !== undefined) this.#begin(id, stream, link);
    return id;
  }

  /** Sends something about the stream to the server that it is on; nothing when it is on none. */
  post(id: number, operation: Operation): void {
    this.#links.get(id)?.post(id, operation);
  }

  /** Forgets the stream; what is still on its way is dropped. */
  remove(id: number): void {
    this.#streams.delete(id);
    this.#links.delete(id);
  }

  /** The server ended it: it begins anew with the next `resume`. */
  interrupted(id: number): void {
    this.#links.delete(id);
  }

  item(link: ServerLink, id: number, status: number, reader: ByteReader): void {
    // A stream that has gone elsewhere, or has been closed, hears nothing from where it was.
    if (this.#links.get(id) === link) this.#streams.get(id)?.item(status, reader);
  }

  lost(link: ServerLink): void {
    for (const [id, other] of this.#links) if (other === link) this.#links.delete(id);
  }

  /** Ends every stream that is on no connection. */
  refuse(error: CoreError): void {
    for (const [id, stream] of [...this.#streams]) if (!this.#links.has(id)) stream.stop(error);
  }

  /** Begins on `link` every stream that is on no connection. */
  resume(link: ServerLink): void {
    for (const [id, stream] of this.#streams) if (!this.#links.has(id)) this.#begin(id, stream, link);
  }

  /** The connections that streams are on, some more than once. */
  get links(): Iterable<ServerLink> {
    return this.#links.values();
  }

  #begin(id: number, stream: Stream, link: ServerLink): void {
    this.#links.set(id, link);
    link.post(id, stream.operation, (writer) => stream.request(writer));
  }
}
