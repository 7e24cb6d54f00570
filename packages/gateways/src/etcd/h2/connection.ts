/**
 * One HTTP/2 connection (RFC 9113), either side of it, over any duplex stream.
 *
 * Written here because what a call costs on `node:http2` is several times what the call itself costs
 * (docs/decisions/0004-http2-connection.md). It implements what gRPC uses: no server push, no priorities.
 */
import type { Duplex } from 'node:stream';
import { FrameReader } from './frame-reader.ts';
import { type HeaderList, HpackDecoder } from './hpack-decoder.ts';
import { Output } from './output.ts';
import { type HeaderBlock, HeaderGatherer, unpad } from './payload.ts';
import {
  ConnectionError,
  ErrorCode,
  Flag,
  FrameType,
  PREFACE,
  Setting,
  WINDOW_DEFAULT_BYTES,
  WINDOW_MAX_BYTES,
} from './protocol.ts';
import { BACKLOG_PAUSE_BYTES, Sender } from './sender.ts';
import { decodeSettings, encodeSettings, type SettingEntry } from './settings.ts';
import { Http2Stream, type StreamHost, type StreamListener } from './stream.ts';

export interface ConnectionOptions {
  readonly role: 'server' | 'client';
  /** Server: streams the peer may have open at once, counting those it reset whose work is not done. */
  readonly concurrentStreamsMax?: number;
  /** Server: takes a new stream with its request headers. */
  readonly accept?: (stream: Http2Stream, headers: HeaderList) => StreamListener;
  /** Client: the peer allows more streams than before, or one has ended. */
  readonly available?: () => void;
  /** Once, last; `reason` is undefined after an orderly end. All streams have heard of it. */
  readonly closed: (reason: Error | undefined) => void;
}

/** What the peer may send on one stream, and on all together, ahead of our taking it. */
const STREAM_WINDOW_BYTES = 1024 * 1024;
const CONNECTION_WINDOW_BYTES = 16 * 1024 * 1024;
const HEADER_LIST_MAX_BYTES = 64 * 1024;
const NO_DATA: Buffer = Buffer.alloc(0);
/** A peer that reads nothing but keeps us answering pings and settings is cut off here. */
const BACKLOG_MAX_BYTES = 64 * 1024 * 1024;

export class Http2Connection implements StreamHost {
  readonly role: 'server' | 'client';
  readonly #socket: Duplex;
  readonly #options: ConnectionOptions;
  readonly #output: Output;
  readonly #sender: Sender;
  readonly #reader: FrameReader;
  readonly #decoder = new HpackDecoder();
  readonly #gatherer = new HeaderGatherer();
  readonly #streams = new Map<number, Http2Stream>();
  /** Bytes of the client's preface still to come. */
  #prefaceLeft: number;
  #settingsSeen = false;
  #peerWindow = WINDOW_DEFAULT_BYTES;
  #peerStreamsMax = 100;
  /** Bytes taken on the connection's window and not yet given back. */
  #received = 0;
  #lastPeerId = 0;
  #nextOwnId = 1;
  #abandoned = 0;
  #draining = false;
  #over = false;

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.role = options.role;
    this.#socket = socket;
    this.#options = options;
    this.#output = new Output(socket);
    this.#sender = new Sender(this.#output);
    this.#reader = new FrameReader(this.#frame.bind(this));
    this.#prefaceLeft = options.role === 'server' ? PREFACE.length : 0;
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.#drained());
    socket.on('end', () => this.#shutdown(undefined));
    socket.on('error', (error: Error) => this.#shutdown(error));
    socket.on('close', () => this.#shutdown(undefined));
    this.#greet();
  }

  #greet(): void {
    const settings: SettingEntry[] = [[Setting.initialWindowSize, STREAM_WINDOW_BYTES]];
    if (this.role === 'client') {
      this.#output.raw(PREFACE);
      settings.push([Setting.enablePush, 0]);
    } else {
      settings.push([Setting.maxConcurrentStreams, this.#options.concurrentStreamsMax ?? 100]);
      settings.push([Setting.maxHeaderListSize, HEADER_LIST_MAX_BYTES]);
    }
    this.#output.frame(FrameType.settings, 0, 0, encodeSettings(settings));
    this.#output.number(FrameType.windowUpdate, 0, CONNECTION_WINDOW_BYTES - WINDOW_DEFAULT_BYTES);
  }

  get streamCount(): number {
    return this.#streams.size;
  }
  get closed(): boolean {
    return this.#over;
  }
  /** Client: may another stream be opened now? */
  get canOpen(): boolean {
    return !this.#over && !this.#draining && this.#streams.size < this.#peerStreamsMax;
  }

  /** Client: opens a stream; its headers are still to be sent. */
  open(listener: StreamListener): Http2Stream {
    const stream = new Http2Stream(this.#nextOwnId, this, this.#sender, this.#peerWindow);
    this.#nextOwnId += 2;
    stream.listener = listener;
    this.#streams.set(stream.id, stream);
    return stream;
  }

  /** Server: the peer has reset a stream whose work goes on (+1), or such work has ended (−1). */
  countAbandoned(change: 1 | -1): void {
    this.#abandoned += change;
  }

  /** Takes no new streams, lets the open ones end, then closes. */
  closeGently(): void {
    if (this.#over || this.#draining) return;
    this.#draining = true;
    this.#sendGoaway(ErrorCode.none, '');
    if (this.#streams.size === 0) this.#shutdown(undefined);
  }

  /** Ends all streams and the connection now. */
  destroy(): void {
    this.#shutdown(undefined);
  }

  /** Bytes from the peer that did not come through the socket's own events. */
  receive(chunk: Buffer): void {
    if (this.#over) return;
    try {
      const rest = this.#prefaceLeft > 0 ? this.#preface(chunk) : chunk;
      if (rest.length > 0) this.#reader.push(rest);
      this.#checkBacklog();
    } catch (error) {
      this.#fail(error);
    }
  }

  #preface(chunk: Buffer): Buffer {
    const done = PREFACE.length - this.#prefaceLeft;
    const take = Math.min(this.#prefaceLeft, chunk.length);
    if (PREFACE.compare(chunk, 0, take, done, done + take) !== 0) {
      throw new ConnectionError(ErrorCode.protocol, 'the client preface is not that of HTTP/2');
    }
    this.#prefaceLeft -= take;
    return chunk.subarray(take);
  }

  /** A server stops reading from a peer that does not read. A client does not, or the two could wait for each other. */
  #checkBacklog(): void {
    const { backlogBytes } = this.#output;
    if (backlogBytes > BACKLOG_MAX_BYTES) {
      throw new ConnectionError(ErrorCode.enhanceYourCalm, `the peer left ${backlogBytes} bytes unread`);
    }
    if (backlogBytes > BACKLOG_PAUSE_BYTES && this.role === 'server') this.#socket.pause();
  }

  #drained(): void {
    if (this.#over) return;
    this.#sender.pump();
    if (this.#output.backlogBytes <= BACKLOG_PAUSE_BYTES) this.#socket.resume();
  }

  #frame(type: number, flags: number, id: number, buffer: Buffer, start: number, end: number): void {
    if (this.#over) return;
    if (this.#gatherer.open && type !== FrameType.continuation) {
      throw new ConnectionError(ErrorCode.protocol, 'a header block was not finished before the next frame');
    }
    if (!this.#settingsSeen && type !== FrameType.settings) {
      throw new ConnectionError(ErrorCode.protocol, `frame type ${type} before the first SETTINGS`);
    }
    const payload = buffer.subarray(start, end);
    switch (type) {
      case FrameType.data:
        this.#onData(flags, id, payload);
        return;
      case FrameType.headers:
        if ((id & 1) === 0) throw new ConnectionError(ErrorCode.protocol, `HEADERS on stream ${id}`);
        this.#onHeaders(this.#gatherer.headers(flags, id, payload));
        return;
      case FrameType.continuation:
        this.#onHeaders(this.#gatherer.continuation(flags, id, payload));
        return;
      case FrameType.windowUpdate:
        this.#onWindowUpdate(id, payload);
        return;
      case FrameType.rstStream:
        this.#onReset(id, payload);
        return;
      case FrameType.ping:
        this.#onPing(flags, id, payload);
        return;
      case FrameType.settings:
        this.#onSettings(flags, id, payload);
        return;
      case FrameType.goaway:
        this.#onGoaway(payload);
        return;
      case FrameType.pushPromise:
        throw new ConnectionError(ErrorCode.protocol, 'PUSH_PROMISE, which is not enabled');
    }
  }

  #onHeaders(complete: HeaderBlock | undefined): void {
    if (complete === undefined) return;
    const { streamId, ended, block } = complete;
    // Decoded in any case: the header tables of both ends must stay the same.
    const headers = this.#decoder.decode(block);
    const stream = this.#streams.get(streamId);
    if (stream !== undefined) {
      if (stream.remoteEnded) {
        stream.reset(ErrorCode.streamClosed);
        return;
      }
      const { listener } = stream;
      if (ended) this.#remoteEnded(stream);
      listener?.headers(headers, ended);
    } else if (this.role === 'server') {
      this.#accept(streamId, headers, ended);
    }
  }

  #accept(id: number, headers: HeaderList, ended: boolean): void {
    // A stream that is gone here may still get trailers that were under way.
    if (id <= this.#lastPeerId) return;
    this.#lastPeerId = id;
    if (this.#draining || this.#streams.size + this.#abandoned >= (this.#options.concurrentStreamsMax ?? 100)) {
      this.#output.number(FrameType.rstStream, id, ErrorCode.refusedStream);
      return;
    }
    const stream = new Http2Stream(id, this, this.#sender, this.#peerWindow);
    stream.remoteEnded = ended;
    this.#streams.set(id, stream);
    stream.listener = this.#options.accept!(stream, headers);
    if (ended) stream.listener?.data(NO_DATA, true);
  }

  #onData(flags: number, id: number, payload: Buffer): void {
    // Padding counts against the windows too.
    this.#received += payload.length;
    if (this.#received > CONNECTION_WINDOW_BYTES) {
      throw new ConnectionError(ErrorCode.flowControl, 'more data than the connection window allows');
    }
    if (this.#received > CONNECTION_WINDOW_BYTES / 2) {
      this.#output.number(FrameType.windowUpdate, 0, this.#received);
      this.#received = 0;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      if (id === 0 || id > Math.max(this.#lastPeerId, this.#nextOwnId)) {
        throw new ConnectionError(ErrorCode.protocol, `DATA on stream ${id}, which was never opened`);
      }
      return;
    }
    if (stream.remoteEnded) {
      stream.reset(ErrorCode.streamClosed);
      return;
    }
    stream.received += payload.length;
    if (stream.received > STREAM_WINDOW_BYTES) {
      throw new ConnectionError(ErrorCode.flowControl, `more data on stream ${id} than its window allows`);
    }
    const data = unpad(flags, payload);
    const ended = (flags & Flag.endStream) !== 0;
    const { listener } = stream;
    if (ended) this.#remoteEnded(stream);
    else if (!stream.held && stream.received > STREAM_WINDOW_BYTES / 2) this.credit(stream);
    listener?.data(data, ended);
  }

  #remoteEnded(stream: Http2Stream): void {
    stream.remoteEnded = true;
    if (stream.localEnded) this.forget(stream);
  }

  credit(stream: Http2Stream): void {
    if (stream.received === 0) return;
    this.#output.number(FrameType.windowUpdate, stream.id, stream.received);
    stream.received = 0;
  }

  sendReset(stream: Http2Stream, code: number): void {
    this.#output.number(FrameType.rstStream, stream.id, code);
  }

  forget(stream: Http2Stream): void {
    this.#sender.forget(stream);
    if (!this.#streams.delete(stream.id)) return;
    if (this.#draining && this.#streams.size === 0) this.#endSoon();
    this.#options.available?.();
  }

  #onWindowUpdate(id: number, payload: Buffer): void {
    if (payload.length !== 4)
      throw new ConnectionError(ErrorCode.frameSize, `WINDOW_UPDATE of ${payload.length} bytes`);
    const bytes = payload.readUInt32BE(0) & 0x7fffffff;
    if (id === 0) {
      if (bytes === 0) throw new ConnectionError(ErrorCode.protocol, 'WINDOW_UPDATE by 0');
      this.#sender.widen(bytes);
      return;
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.sendWindow += bytes;
    if (bytes === 0 || stream.sendWindow > WINDOW_MAX_BYTES) {
      stream.reset(bytes === 0 ? ErrorCode.protocol : ErrorCode.flowControl);
      return;
    }
    this.#sender.pumpOne(stream);
  }

  #onReset(id: number, payload: Buffer): void {
    if (payload.length !== 4) throw new ConnectionError(ErrorCode.frameSize, `RST_STREAM of ${payload.length} bytes`);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.lost(payload.readUInt32BE(0));
    this.forget(stream);
  }

  #onPing(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.protocol, `PING on stream ${id}`);
    if (payload.length !== 8) throw new ConnectionError(ErrorCode.frameSize, `PING of ${payload.length} bytes`);
    if ((flags & Flag.ack) === 0) this.#output.frame(FrameType.ping, Flag.ack, 0, payload);
  }

  #onSettings(flags: number, id: number, payload: Buffer): void {
    if (id !== 0) throw new ConnectionError(ErrorCode.protocol, `SETTINGS on stream ${id}`);
    this.#settingsSeen = true;
    if ((flags & Flag.ack) !== 0) return;
    for (const [setting, value] of decodeSettings(payload)) {
      if (setting === Setting.headerTableSize) this.#sender.encoder.limit(value);
      else if (setting === Setting.maxConcurrentStreams) this.#peerStreamsMax = value;
      else if (setting === Setting.initialWindowSize) this.#shiftWindows(value);
    }
    this.#output.header(0, FrameType.settings, Flag.ack, 0);
    this.#sender.pump();
    this.#options.available?.();
  }

  #shiftWindows(initial: number): void {
    const change = initial - this.#peerWindow;
    this.#peerWindow = initial;
    for (const stream of this.#streams.values()) stream.sendWindow += change;
  }

  #onGoaway(payload: Buffer): void {
    if (payload.length < 8) throw new ConnectionError(ErrorCode.frameSize, `GOAWAY of ${payload.length} bytes`);
    this.#draining = true;
    const last = payload.readUInt32BE(0) & 0x7fffffff;
    if (this.role === 'client') {
      for (const stream of [...this.#streams.values()]) {
        if (stream.id <= last) continue;
        stream.lost(ErrorCode.refusedStream);
        this.forget(stream);
      }
    }
    if (this.#streams.size === 0) this.#endSoon();
  }

  #sendGoaway(code: number, debug: string): void {
    const text = Buffer.from(debug, 'utf8').subarray(0, 256);
    const payload = Buffer.alloc(8 + text.length);
    payload.writeUInt32BE(this.#lastPeerId, 0);
    payload.writeUInt32BE(code, 4);
    text.copy(payload, 8);
    this.#output.frame(FrameType.goaway, 0, 0, payload);
  }

  /** The last stream has ended: what it sent must still leave. */
  #endSoon(): void {
    setImmediate(() => this.#shutdown(undefined));
  }

  #fail(error: unknown): void {
    if (this.#over) return;
    const reason = error instanceof Error ? error : new Error(String(error));
    this.#sendGoaway(error instanceof ConnectionError ? error.code : ErrorCode.internal, reason.message);
    this.#shutdown(reason);
  }

  #shutdown(reason: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#output.flush();
    // `end` sends what is queued; the peer's answer to it, or its absence, is no longer of interest.
    if (!this.#socket.destroyed) this.#socket.end(() => this.#socket.destroy());
    this.#sender.clear();
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const stream of streams) stream.lost(ErrorCode.cancel);
    this.#options.closed(reason);
  }
}
