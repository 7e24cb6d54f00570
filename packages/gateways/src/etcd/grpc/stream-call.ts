import type { HeaderList } from '../h2/hpack-decoder.ts';
import { ErrorCode } from '../h2/protocol.ts';
import type { StreamListener as Http2Listener, Http2Stream } from '../h2/stream.ts';
import { Context, faultError, frame, OK_TRAILERS, RESPONSE_HEADERS, sendError } from './call.ts';
import { type HoldBudget, MessageAssembler } from './frames.ts';
import type { CallContext, ServerStream, StreamListener, StreamMethod } from './method.ts';
import type { GrpcServerOptions } from './server.ts';
import { GrpcCode, GrpcError } from './status.ts';

/** A call with a stream of messages in either direction or both. */
export class ServerStreamCall<Request, Response> implements Http2Listener, ServerStream<Response> {
  readonly context: CallContext;
  readonly #stream: Http2Stream;
  readonly #method: StreamMethod<Request, Response>;
  readonly #options: GrpcServerOptions;
  readonly #assembler: MessageAssembler;
  #listener: StreamListener<Request> | undefined;
  #headersSent = false;
  #over = false;
  #deadline: NodeJS.Timeout | undefined;

  static open<Q, A>(
    stream: Http2Stream,
    headers: HeaderList,
    method: StreamMethod<Q, A>,
    options: GrpcServerOptions,
    budget: HoldBudget,
  ): Http2Listener {
    const call = new ServerStreamCall(stream, headers, method, options, budget);
    call.#start();
    return call;
  }

  private constructor(
    stream: Http2Stream,
    headers: HeaderList,
    method: StreamMethod<Request, Response>,
    options: GrpcServerOptions,
    budget: HoldBudget,
  ) {
    this.#stream = stream;
    this.context = new Context(headers);
    this.#method = method;
    this.#options = options;
    this.#assembler = new MessageAssembler(options.messageMaxBytes, budget);
  }

  #start(): void {
    const { timeoutMs } = this.context;
    if (timeoutMs !== undefined && timeoutMs < 2 ** 31) {
      this.#deadline = setTimeout(() => {
        this.fail(new GrpcError(GrpcCode.deadlineExceeded, 'context deadline exceeded'));
      }, timeoutMs);
    }
    try {
      this.#options.admit?.(this.context);
      this.#listener = this.#method.open(this);
    } catch (error) {
      this.fail(error);
    }
  }

  get congested(): boolean {
    return this.#stream.congested;
  }

  hold(): void {
    this.#stream.hold();
  }
  release(): void {
    this.#stream.release();
  }

  send(message: Response): void {
    if (this.#over) return;
    this.#sendHeaders();
    this.#stream.data(frame(this.#method.response, message));
  }

  #sendHeaders(): void {
    if (this.#headersSent) return;
    this.#headersSent = true;
    this.#stream.headers(RESPONSE_HEADERS);
  }

  end(): void {
    if (this.#over) return;
    this.#sendHeaders();
    this.#stream.end(OK_TRAILERS);
    this.#close();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    sendError(this.#stream, this.#options.translateError(error, this.context), this.#headersSent);
    this.#close();
  }

  #close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#assembler.drop();
    clearTimeout(this.#deadline);
    this.#listener?.closed();
  }

  data(chunk: Buffer, ended: boolean): void {
    if (this.#over) return;
    try {
      const fault = this.#assembler.push(chunk, this.#deliver);
      if (fault !== undefined) throw faultError(fault, this.#options.messageMaxBytes);
    } catch (error) {
      this.fail(error);
    }
    if (ended) this.#ended();
  }

  readonly #deliver = (message: Uint8Array): void => {
    if (!this.#over) this.#listener?.message(this.#method.request.decode(message));
  };

  headers(_trailers: HeaderList, ended: boolean): void {
    if (ended) this.#ended();
  }

  #ended(): void {
    if (this.#over) return;
    if (this.#assembler.partial) this.fail(new GrpcError(GrpcCode.internal, 'the request ended inside a message'));
    else this.#listener?.ended();
  }

  reset(_code: number = ErrorCode.cancel): void {
    this.#close();
  }

  drained(): void {
    if (!this.#over) this.#listener?.drained();
  }
}
