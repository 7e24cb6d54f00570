/** etcd's JSON gateway: the gRPC methods as POST requests with JSON bodies. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StringDecoder } from 'node:string_decoder';
import { frame } from '../grpc/call.ts';
import { PREFIX_BYTES } from '../grpc/frames.ts';
import type { CallContext, Method, ServerStream, StreamMethod, UnaryMethod } from '../grpc/method.ts';
import type { GrpcServerOptions } from '../grpc/server.ts';
import { GrpcCode, GrpcError } from '../grpc/status.ts';
import { fromJson, type Json, toJson } from '../protobuf/json.ts';
import type { MessageType } from '../protobuf/message.ts';
import { ProtobufError } from '../protobuf/reader.ts';
import { JsonSplitter } from './json-splitter.ts';
import { httpStatusOf } from './routes.ts';

/** Base64 makes bytes a third longer. */
const lengthMax = (messageMaxBytes: number): number => Math.ceil((messageMaxBytes * 4) / 3) + 1024;

class HttpContext implements CallContext {
  readonly timeoutMs: undefined;
  readonly #request: IncomingMessage;
  constructor(request: IncomingMessage) {
    this.#request = request;
  }
  /** Metadata are headers, with or without the prefix that the gateway gives them. */
  metadata(name: string): string | undefined {
    const { headers } = this.#request;
    const value = headers[`grpc-metadata-${name}`] ?? headers[name];
    return typeof value === 'string' ? value : undefined;
  }
}

export function serveJson(
  request: IncomingMessage,
  response: ServerResponse,
  method: Method,
  options: GrpcServerOptions,
): void {
  const call = new JsonCall(request, response, options);
  if (method.kind === 'unary') call.unary(method);
  else call.streaming(method);
}

class JsonCall {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #options: GrpcServerOptions;
  readonly #context: HttpContext;

  constructor(request: IncomingMessage, response: ServerResponse, options: GrpcServerOptions) {
    this.#request = request;
    this.#response = response;
    this.#options = options;
    this.#context = new HttpContext(request);
  }

  unary<Q, A>(method: UnaryMethod<Q, A>): void {
    let message: Q | undefined;
    this.#read(
      (json) => {
        message ??= fromJson(method.request, json);
      },
      () => {
        void this.#answer(method, message ?? method.request.create());
      },
    );
  }

  async #answer<Q, A>(method: UnaryMethod<Q, A>, request: Q): Promise<void> {
    try {
      this.#options.admit?.(this.#context);
      method.admitSize?.(sizeOf(method.request, request));
      const answer = await method.handle(request, this.#context);
      sendJson(this.#response, 200, toJson(method.response, answer));
    } catch (error) {
      this.#fail(error);
    }
  }

  streaming<Q, A>(method: StreamMethod<Q, A>): void {
    const response = this.#response;
    response.setHeader('content-type', 'application/json');
    const stream: ServerStream<A> = {
      context: this.#context,
      send: (message) => {
        // The method hears only later that it is over, and writing after the end is an error that nobody would catch.
        if (response.writableEnded) return;
        response.write(`${JSON.stringify({ result: toJson(method.response, message) })}\n`);
      },
      get congested() {
        return response.writableNeedDrain;
      },
      hold: () => this.#request.pause(),
      release: () => this.#request.resume(),
      end: () => response.end(),
      fail: (error) => this.#fail(error),
    };
    try {
      this.#options.admit?.(this.#context);
      const listener = method.open(stream);
      response.on('close', () => listener.closed());
      response.on('drain', () => listener.drained());
      this.#read(
        (json) => listener.message(fromJson(method.request, json)),
        () => listener.ended(),
      );
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Gives every JSON object of the body to `take`, then calls `ended`. */
  #read(take: (json: Json) => void, ended: () => void): void {
    const request = this.#request;
    const splitter = new JsonSplitter(lengthMax(this.#options.messageMaxBytes));
    const decoder = new StringDecoder('utf8');
    let failed = false;
    const guarded = (work: () => void): void => {
      if (failed) return;
      try {
        work();
      } catch (error) {
        failed = true;
        this.#fail(error);
      }
    };
    request.on('data', (chunk: Buffer) => {
      guarded(() => {
        for (const json of splitter.push(decoder.write(chunk))) take(json as Json);
      });
    });
    request.on('end', () => {
      guarded(() => {
        if (splitter.partial) throw new SyntaxError('the body is not a complete JSON object');
        ended();
      });
    });
    request.on('error', () => {});
  }

  #fail(error: unknown): void {
    if (this.#response.writableEnded) return;
    const badInput = error instanceof SyntaxError || error instanceof ProtobufError;
    const { code, message } = badInput
      ? new GrpcError(GrpcCode.invalidArgument, error.message)
      : this.#options.translateError(error, this.#context);
    const body = { error: message, message, code };
    if (this.#response.headersSent) this.#response.end(`${JSON.stringify({ error: body })}\n`);
    else sendJson(this.#response, httpStatusOf(code), body);
  }
}

/** As it would have come over gRPC. */
function sizeOf<T>(type: MessageType<T>, message: T): number {
  return frame(type, message).length - PREFIX_BYTES;
}

export function sendJson(response: ServerResponse, status: number, body: Json): void {
  if (response.headersSent || response.destroyed) return;
  const text = JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
  response.end(text);
}
