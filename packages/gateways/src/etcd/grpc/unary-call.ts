import type { Http2Connection } from '../h2/connection.ts';
import type { HeaderList } from '../h2/hpack-decoder.ts';
import type { Http2Stream, StreamListener } from '../h2/stream.ts';
import { Context, faultError, frame, OK_TRAILERS, RESPONSE_HEADERS, sendError } from './call.ts';
import { type HoldBudget, MessageAssembler, PREFIX_BYTES } from './frames.ts';
import type { UnaryMethod } from './method.ts';
import type { GrpcServerOptions } from './server.ts';
import { GrpcCode, GrpcError } from './status.ts';

/** One request, one answer. */
export class UnaryCall<Request, Response> implements StreamListener {
  readonly #connection: Http2Connection;
  readonly #stream: Http2Stream;
  readonly #context: Context;
  readonly #method: UnaryMethod<Request, Response>;
  readonly #options: GrpcServerOptions;
  readonly #budget: HoldBudget;
  /** Only for a request that does not come in one piece. */
  #assembler: MessageAssembler | undefined;
  #message: Uint8Array | undefined;
  #state: 'receiving' | 'working' | 'abandoned' | 'done' = 'receiving';
  /** For the request to come. Once it is there, its method keeps the deadline. */
  #deadline: NodeJS.Timeout | undefined;

  constructor(
    connection: Http2Connection,
    stream: Http2Stream,
    headers: HeaderList,
    method: UnaryMethod<Request, Response>,
    options: GrpcServerOptions,
    budget: HoldBudget,
  ) {
    this.#connection = connection;
    this.#stream = stream;
    this.#context = new Context(headers);
    this.#method = method;
    this.#options = options;
    this.#budget = budget;
    const { timeoutMs } = this.#context;
    if (timeoutMs === undefined || timeoutMs >= 2 ** 31) return;
    this.#deadline = setTimeout(() => {
      this.#fail(new GrpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded'));
    }, timeoutMs);
  }

  data(chunk: Buffer, ended: boolean): void {
    if (this.#state !== 'receiving') return;
    if (ended && this.#assembler === undefined && isWhole(chunk)) {
      this.#message = chunk.subarray(PREFIX_BYTES);
      if (this.#message.length > this.#options.messageMaxBytes) this.#assemble(chunk);
    } else {
      this.#assemble(chunk);
    }
    if (ended && this.#state === 'receiving') this.#work();
  }

  #assemble(chunk: Buffer): void {
    this.#assembler ??= new MessageAssembler(this.#options.messageMaxBytes, this.#budget);
    const fault = this.#assembler.push(chunk, (message) => {
      if (this.#message === undefined) this.#message = message;
      else this.#fail(new GrpcError(GrpcCode.internal, 'more than one message in a unary call'));
    });
    if (fault !== undefined) this.#fail(faultError(fault, this.#options.messageMaxBytes));
  }

  #work(): void {
    clearTimeout(this.#deadline);
    const message = this.#message;
    if (message === undefined || this.#assembler?.partial === true) {
      this.#fail(new GrpcError(GrpcCode.internal, 'the request ended before its message was complete'));
      return;
    }
    this.#state = 'working';
    let answer: Promise<Response>;
    try {
      this.#options.admit?.(this.#context);
      this.#method.admitSize?.(message.length);
      answer = this.#method.handle(this.#method.request.decode(message), this.#context);
    } catch (error) {
      this.#failed(error);
      return;
    }
    answer.then(this.#succeeded, this.#failed);
  }

  readonly #succeeded = (response: Response): void => {
    if (!this.#finish()) return;
    const stream = this.#stream;
    let message: Buffer;
    try {
      message = frame(this.#method.response, response);
    } catch (error) {
      sendError(stream, this.#options.translateError(error, this.#context), false);
      return;
    }
    stream.headers(RESPONSE_HEADERS);
    stream.data(message);
    stream.end(OK_TRAILERS);
  };

  readonly #failed = (error: unknown): void => {
    if (this.#finish()) sendError(this.#stream, this.#options.translateError(error, this.#context), false);
  };

  /** The work has ended. False when nobody waits for its outcome any more. */
  #finish(): boolean {
    const abandoned = this.#state === 'abandoned';
    this.#state = 'done';
    if (abandoned) this.#connection.countAbandoned(-1);
    return !abandoned;
  }

  #fail(error: GrpcError): void {
    this.#state = 'done';
    clearTimeout(this.#deadline);
    this.#assembler?.drop();
    sendError(this.#stream, error, false);
  }

  headers(_trailers: HeaderList, ended: boolean): void {
    if (ended && this.#state === 'receiving') this.#work();
  }

  reset(): void {
    clearTimeout(this.#deadline);
    this.#assembler?.drop();
    if (this.#state !== 'working') return;
    this.#state = 'abandoned';
    this.#connection.countAbandoned(1);
  }

  drained(): void {}
}

/** Exactly one uncompressed message. */
function isWhole(chunk: Buffer): boolean {
  return chunk.length >= PREFIX_BYTES && chunk[0] === 0 && chunk.readUInt32BE(1) === chunk.length - PREFIX_BYTES;
}
