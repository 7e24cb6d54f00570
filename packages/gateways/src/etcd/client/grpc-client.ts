/** gRPC's client side on one `Http2Connection`: many calls at once over one socket. Plain text, prior knowledge. */
import { connect, type Socket } from 'node:net';
import { frame } from '../grpc/call.ts';
import { MessageAssembler } from '../grpc/frames.ts';
import { decodeMessage, GrpcCode, GrpcError } from '../grpc/status.ts';
import { formatTimeout } from '../grpc/timeout.ts';
import { Http2Connection } from '../h2/connection.ts';
import { type HeaderList, header } from '../h2/hpack-decoder.ts';
import type { HeaderSet } from '../h2/hpack-encoder.ts';
import { ErrorCode } from '../h2/protocol.ts';
import type { Http2Stream, StreamListener } from '../h2/stream.ts';
import type { MessageType } from '../protobuf/message.ts';

export interface MethodRef<Request, Response> {
  /** `/package.Service/Method` */
  readonly path: string;
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
}

export interface ClientCallOptions {
  /** Sent as `grpc-timeout`; the client itself also gives up after it. */
  readonly timeoutMs?: number;
  /** Further request metadata: names in lower case and values, in turn. */
  readonly metadata?: HeaderList;
}

export interface ClientStreamListener<Response> {
  message(response: Response): void;
  /** Once, last: undefined for status OK. */
  ended(error: GrpcError | undefined): void;
}

export interface ClientStream<Request> {
  send(request: Request): void;
  /** No more requests. */
  end(): void;
  /** Gives the call up; `ended` is not called. */
  cancel(): void;
}

/** Answers of the core are bounded by its requests' limits, not by this. */
const MESSAGE_MAX_BYTES = 512 * 1024 * 1024;
const QUEUE_MAX = 100_000;

export class GrpcClient {
  readonly #connection: Http2Connection;
  readonly #authority: string;
  readonly #headerSets = new Map<string, HeaderSet>();
  /** Calls that wait for the server to allow another stream. */
  readonly #queue: ClientCall<unknown>[] = [];
  #queueHead = 0;

  /** Rejects when nothing listens there. */
  static connect(address: { readonly host: string; readonly port: number }): Promise<GrpcClient> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({ ...address, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new GrpcClient(socket, `${address.host}:${address.port}`));
      });
    });
  }

  private constructor(socket: Socket, authority: string) {
    this.#authority = authority;
    this.#connection = new Http2Connection(socket, {
      role: 'client',
      available: () => this.#startQueued(),
      closed: () => this.#failQueued(),
    });
  }

  get closed(): boolean {
    return this.#connection.closed;
  }

  /** Rejects with `GrpcError`. */
  unary<Q, A>(method: MethodRef<Q, A>, request: Q, options?: ClientCallOptions): Promise<A> {
    return new Promise((resolve, reject) => {
      let answer: A | undefined;
      const call = new ClientCall<A>(this.#headersOf(method.path), method.response, options, {
        message: (response) => {
          answer = response;
        },
        ended: (error) => {
          if (error !== undefined) reject(error);
          else if (answer === undefined) reject(new GrpcError(GrpcCode.internal, 'the server sent no message'));
          else resolve(answer);
        },
      });
      call.sendLast(frame(method.request, request));
      this.#start(call as ClientCall<unknown>);
    });
  }

  stream<Q, A>(
    method: MethodRef<Q, A>,
    listener: ClientStreamListener<A>,
    options?: ClientCallOptions,
  ): ClientStream<Q> {
    const call = new ClientCall<A>(this.#headersOf(method.path), method.response, options, listener);
    this.#start(call as ClientCall<unknown>);
    return {
      send: (request) => call.send(frame(method.request, request)),
      end: () => call.sendLast(undefined),
      cancel: () => call.cancel(),
    };
  }

  /** Open calls end with `unavailable`. */
  close(): void {
    this.#connection.destroy();
  }

  #headersOf(path: string): HeaderSet {
    let set = this.#headerSets.get(path);
    if (set === undefined) {
      set = {
        fields: [
          ...[':method', 'POST', ':scheme', 'http', ':path', path, ':authority', this.#authority],
          ...['content-type', 'application/grpc', 'te', 'trailers'],
        ],
      };
      this.#headerSets.set(path, set);
    }
    return set;
  }

  #start(call: ClientCall<unknown>): void {
    if (this.#connection.closed) call.lost();
    else if (this.#connection.canOpen && this.#queueHead === this.#queue.length) call.start(this.#connection);
    else if (this.#queue.length - this.#queueHead >= QUEUE_MAX) call.lost();
    else this.#queue.push(call);
  }

  #startQueued(): void {
    while (this.#queueHead < this.#queue.length && this.#connection.canOpen) {
      this.#queue[this.#queueHead++]!.start(this.#connection);
    }
    if (this.#queueHead === this.#queue.length) {
      this.#queue.length = 0;
      this.#queueHead = 0;
    }
  }

  #failQueued(): void {
    const waiting = this.#queue.splice(this.#queueHead);
    this.#queue.length = 0;
    this.#queueHead = 0;
    for (const call of waiting) call.lost();
  }
}

class ClientCall<Response> implements StreamListener {
  readonly #set: HeaderSet;
  readonly #type: MessageType<Response>;
  readonly #options: ClientCallOptions | undefined;
  readonly #listener: ClientStreamListener<Response>;
  readonly #assembler = new MessageAssembler(MESSAGE_MAX_BYTES);
  #stream: Http2Stream | undefined;
  /** What was sent before the stream could be opened. */
  #early: Buffer[] = [];
  #lastSent = false;
  #over = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(
    set: HeaderSet,
    type: MessageType<Response>,
    options: ClientCallOptions | undefined,
    listener: ClientStreamListener<Response>,
  ) {
    this.#set = set;
    this.#type = type;
    this.#options = options;
    this.#listener = listener;
  }

  start(connection: Http2Connection): void {
    if (this.#over) return;
    const timeoutMs = this.#options?.timeoutMs;
    const metadata = this.#options?.metadata;
    const stream = connection.open(this);
    this.#stream = stream;
    if (timeoutMs === undefined) {
      stream.headers(this.#set, metadata);
    } else {
      stream.headers(this.#set, ['grpc-timeout', formatTimeout(timeoutMs), ...(metadata ?? [])]);
      this.#timer = setTimeout(() => this.#giveUp(), timeoutMs);
    }
    const early = this.#early;
    this.#early = [];
    if (this.#lastSent) stream.dataAndEnd(early.length === 1 ? early[0]! : Buffer.concat(early));
    else for (const message of early) stream.data(message);
  }

  send(message: Buffer): void {
    if (this.#stream === undefined) this.#early.push(message);
    else this.#stream.data(message);
  }

  sendLast(message: Buffer | undefined): void {
    this.#lastSent = true;
    if (this.#stream !== undefined) this.#stream.dataAndEnd(message ?? Buffer.alloc(0));
    else if (message !== undefined) this.#early.push(message);
  }

  cancel(): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#stream?.reset(ErrorCode.cancel);
  }

  #giveUp(): void {
    this.#stream?.reset(ErrorCode.cancel);
    this.#end(new GrpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded'));
  }

  lost(): void {
    this.#end(new GrpcError(GrpcCode.unavailable, 'the connection to the server is closed'));
  }

  headers(headers: HeaderList, ended: boolean): void {
    if (ended) this.#trailers(headers);
  }

  data(chunk: Buffer, ended: boolean): void {
    if (this.#over) return;
    const fault = this.#assembler.push(chunk, this.#deliver);
    if (fault !== undefined) this.#end(new GrpcError(GrpcCode.internal, `the answer is ${fault.kind}`));
    else if (ended) this.#end(new GrpcError(GrpcCode.internal, 'the answer ended without trailers'));
  }

  readonly #deliver = (message: Uint8Array): void => {
    if (!this.#over) this.#listener.message(this.#type.decode(message));
  };

  #trailers(trailers: HeaderList): void {
    const status = header(trailers, 'grpc-status');
    if (status === '0') return this.#end(undefined);
    const code = status === undefined ? GrpcCode.unknown : Number(status);
    this.#end(new GrpcError(code, decodeMessage(header(trailers, 'grpc-message') ?? 'no status')));
  }

  #end(error: GrpcError | undefined): void {
    if (this.#over) return;
    this.#over = true;
    clearTimeout(this.#timer);
    this.#listener.ended(error);
  }

  reset(code: number): void {
    const said = code === ErrorCode.refusedStream ? 'the server refused the stream' : 'the stream was reset';
    this.#end(new GrpcError(GrpcCode.unavailable, `${said} (HTTP/2 error ${code})`));
  }

  drained(): void {}
}
