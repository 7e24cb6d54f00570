import type { HeaderList } from './hpack-decoder.ts';
import type { HeaderSet } from './hpack-encoder.ts';
import { ErrorCode } from './protocol.ts';
import type { Sender } from './sender.ts';

/** Who uses a stream. Never called inside a call of its own on the same stream. */
export interface StreamListener {
  /** Response headers or trailers. A server's listener hears only trailers: it was made from the headers. */
  headers(headers: HeaderList, ended: boolean): void;
  /** The chunk is a view of the bytes that came in: copy what is kept for long. */
  data(chunk: Buffer, ended: boolean): void;
  /** The stream is over before its time: reset by the peer, or the connection was lost. The last call. */
  reset(code: number): void;
  /** Everything sent has left, after `congested` was true. */
  drained(): void;
}

/** What a stream needs of its connection besides sending. */
export interface StreamHost {
  readonly role: 'server' | 'client';
  sendReset(stream: Http2Stream, code: number): void;
  /** Gives the peer back the room that the stream has taken. */
  credit(stream: Http2Stream): void;
  /** Both sides have ended, or the stream was reset. */
  forget(stream: Http2Stream): void;
}

/** More than this waiting in one stream makes it `congested`. */
const CONGESTED_BYTES = 64 * 1024;

/** One HTTP/2 stream: its two halves, its windows, and what waits for the peer to open them. */
export class Http2Stream {
  readonly id: number;
  readonly #host: StreamHost;
  readonly #sender: Sender;
  listener: StreamListener | undefined;
  /** Bytes the peer lets us send; negative after it lowered its settings. */
  sendWindow: number;
  /** Bytes received and not yet given back to the peer's window. */
  received = 0;
  remoteEnded = false;
  localEnded = false;
  /** Over before its time: reset by either side, or lost with the connection. */
  closed = false;
  #held = false;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #congested = false;
  #ending = false;
  #trailers: { readonly set: HeaderSet; readonly more: HeaderList | undefined } | undefined;

  constructor(id: number, host: StreamHost, sender: Sender, sendWindow: number) {
    this.id = id;
    this.#host = host;
    this.#sender = sender;
    this.sendWindow = sendWindow;
  }

  /** The peer takes less than is sent. `drained` follows. */
  get congested(): boolean {
    return this.#congested;
  }
  get queuedBytes(): number {
    return this.#queuedBytes;
  }
  /** True while the peer's window is not replenished. */
  get held(): boolean {
    return this.#held;
  }

  headers(set: HeaderSet, more?: HeaderList): void {
    if (this.#finished()) return;
    this.#sender.headers(this, set, more, false);
  }

  /** Sends the bytes as soon as the windows allow; they must not be changed afterwards. */
  data(data: Buffer): void {
    if (this.#finished() || data.length === 0) return;
    this.#queueOrSend(data);
  }

  /** `data` and then the end of this side, without trailers. */
  dataAndEnd(data: Buffer): void {
    if (this.#finished()) return;
    this.#ending = true;
    if (data.length > 0) this.#queueOrSend(data);
    if (this.#queue.length === 0 && !this.localEnded) this.#ended(data.length === 0);
  }

  /** Ends this side with trailers, or with headers and nothing else when none were sent before. */
  end(set: HeaderSet, more?: HeaderList): void {
    if (this.#finished()) return;
    this.#ending = true;
    if (this.#queue.length > 0) this.#trailers = { set, more };
    else this.#endWith(set, more);
  }

  #finished(): boolean {
    return this.#ending || this.closed;
  }

  #queueOrSend(data: Buffer): void {
    const sent = this.#queue.length > 0 ? 0 : this.#sender.data(this, data, this.#ending);
    if (sent === data.length) return;
    this.#queue.push(sent === 0 ? data : data.subarray(sent));
    this.#queuedBytes += data.length - sent;
    if (this.#queuedBytes > CONGESTED_BYTES) this.#congested = true;
    this.#sender.wait(this);
  }

  #endWith(set: HeaderSet, more: HeaderList | undefined): void {
    this.#sender.headers(this, set, more, true);
    this.localEnded = true;
    if (this.remoteEnded) this.#host.forget(this);
    // The answer is complete: the rest of the request is not wanted (RFC 9113, section 8.1).
    else if (this.#host.role === 'server') this.reset(ErrorCode.none);
  }

  #ended(needsFrame: boolean): void {
    if (needsFrame) this.#sender.end(this);
    this.localEnded = true;
    if (this.remoteEnded) this.#host.forget(this);
  }

  /** Sends what waits, up to `limit` bytes. True when nothing waits any more. */
  pump(limit: number): boolean {
    let budget = limit;
    while (this.#queue.length > 0 && budget > 0) {
      const head = this.#queue[0]!;
      const last = this.#ending && this.#trailers === undefined && this.#queue.length === 1;
      const part = head.length > budget ? head.subarray(0, budget) : head;
      const sent = this.#sender.data(this, part, last && part.length === head.length);
      this.#queuedBytes -= sent;
      budget -= sent;
      if (sent === head.length) this.#queue.shift();
      else this.#queue[0] = head.subarray(sent);
      if (sent < part.length) return false;
    }
    if (this.#queue.length > 0) return false;
    this.#flushed();
    return true;
  }

  #flushed(): void {
    if (this.#trailers !== undefined) {
      this.#endWith(this.#trailers.set, this.#trailers.more);
    } else if (this.#ending) {
      this.#ended(false);
    } else if (this.#congested) {
      this.#congested = false;
      this.listener?.drained();
    }
  }

  /** Stops giving the peer room to send: back-pressure on what it sends. What is under way still arrives. */
  hold(): void {
    this.#held = true;
  }
  release(): void {
    if (!this.#held) return;
    this.#held = false;
    if (!this.closed && !this.remoteEnded) this.#host.credit(this);
  }

  /** Ends the stream in both directions at once. The listener hears nothing more. */
  reset(code: number): void {
    if (this.closed || (this.localEnded && this.remoteEnded)) return;
    this.#host.sendReset(this, code);
    this.#drop();
    this.#host.forget(this);
  }

  /** The peer or the connection has ended it. */
  lost(code: number): void {
    if (this.closed) return;
    const { listener } = this;
    this.#drop();
    listener?.reset(code);
  }

  #drop(): void {
    this.closed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#trailers = undefined;
    this.listener = undefined;
  }
}
