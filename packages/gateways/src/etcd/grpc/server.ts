import http2 from 'node:http2';
import type { MessageType } from '../protobuf/message.ts';
import { Writer } from '../protobuf/writer.ts';
import { MessageAssembler } from './frames.ts';
import type { CallContext, Methods, StreamListener, StreamMethod, UnaryMethod } from './method.ts';
import { encodeMessage, GrpcCode, GrpcError } from './status.ts';
import { parseTimeout } from './timeout.ts';

export interface GrpcServerOptions {
  readonly methods: Methods;
  readonly maxMessageBytes: number;
  readonly translateError: (error: unknown) => GrpcError;
}

const writer = new Writer();
function frame<T>(type: MessageType<T>, message: T): Buffer {
  type.write(writer, message);
  writer.uint32be(writer.written);
  writer.byte(0);
  return writer.finish();
}

const RESPONSE_HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const OK_TRAILERS = { 'grpc-status': '0', 'grpc-message': '' };

class Call implements CallContext {
  readonly stream: http2.ServerHttp2Stream;
  readonly headers: http2.IncomingHttpHeaders;
  readonly options: GrpcServerOptions;
  readonly timeoutMs: number | undefined;
  trailers: Record<string, string> = OK_TRAILERS;
  constructor(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders, options: GrpcServerOptions) {
    this.stream = stream;
    this.headers = headers;
    this.options = options;
    const t = headers['grpc-timeout'];
    this.timeoutMs = t === undefined ? undefined : parseTimeout(t as string);
  }
  metadata(name: string): string | undefined {
    const value = this.headers[name];
    return Array.isArray(value) ? value.join(',') : value;
  }
  fail(error: unknown): void {
    const { code, message } = this.options.translateError(error);
    const trailers = { 'grpc-status': String(code), 'grpc-message': encodeMessage(message) };
    const { stream } = this;
    if (stream.destroyed || stream.closed) return;
    if (stream.headersSent) {
      this.trailers = trailers;
      stream.end();
    } else stream.respond({ ...RESPONSE_HEADERS, ...trailers }, { endStream: true });
  }
  respond(): void {
    this.stream.respond(RESPONSE_HEADERS, { waitForTrailers: true });
    this.stream.on('wantTrailers', () => this.stream.sendTrailers(this.trailers));
  }
  unary<Q, A>(method: UnaryMethod<Q, A>): void {
    const assembler = new MessageAssembler(this.options.maxMessageBytes);
    let message: Uint8Array | undefined;
    this.stream.on('data', (chunk: Buffer) => {
      const fault = assembler.push(chunk, (m) => {
        message = m;
      });
      if (fault) this.fail(new GrpcError(GrpcCode.resourceExhausted, fault.kind));
    });
    this.stream.on('end', () => {
      if (message === undefined) return this.fail(new GrpcError(GrpcCode.internal, 'no message'));
      let request: Q;
      try {
        request = method.request.decode(message);
      } catch (error) {
        return this.fail(error);
      }
      method.handle(request, this).then(
        (response) => {
          if (this.stream.destroyed) return;
          this.respond();
          this.stream.end(frame(method.response, response));
        },
        (error: unknown) => this.fail(error),
      );
    });
  }
  streaming<Q, A>(method: StreamMethod<Q, A>): void {
    const assembler = new MessageAssembler(this.options.maxMessageBytes);
    const { stream } = this;
    let congested = false;
    const listener: StreamListener<Q> = method.open({
      context: this,
      send: (m) => {
        if (stream.destroyed || stream.writableEnded) return;
        congested = !stream.write(frame(method.response, m));
      },
      get congested() {
        return congested;
      },
      end: () => stream.end(),
      fail: (e) => this.fail(e),
    });
    this.respond();
    stream.on('drain', () => {
      congested = false;
      listener.drained();
    });
    stream.on('data', (chunk: Buffer) => {
      try {
        assembler.push(chunk, (m) => listener.message(method.request.decode(m)));
      } catch (e) {
        this.fail(e);
      }
    });
    stream.on('end', () => listener.ended());
    stream.on('close', () => listener.closed());
  }
}

export function createGrpcServer(options: GrpcServerOptions): http2.Http2Server {
  const server = http2.createServer({ settings: { maxConcurrentStreams: 100_000 } });
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    const call = new Call(stream, headers, options);
    const method = options.methods.get(headers[':path'] ?? '');
    if (method === undefined)
      return call.fail(new GrpcError(GrpcCode.unimplemented, `unknown method ${headers[':path']}`));
    if (method.kind === 'unary') call.unary(method);
    else call.streaming(method);
  });
  return server;
}
