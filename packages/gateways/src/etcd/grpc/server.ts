/** gRPC's server side (PROTOCOL-HTTP2 of the gRPC project) on `Http2Connection`. */
import type { Duplex } from 'node:stream';
import { Http2Connection } from '../h2/connection.ts';
import { type HeaderList, header } from '../h2/hpack-decoder.ts';
import type { HeaderSet } from '../h2/hpack-encoder.ts';
import type { Http2Stream, StreamListener } from '../h2/stream.ts';
import type { HoldBudget } from './frames.ts';
import type { CallContext, Methods } from './method.ts';
import { encodeMessage, GrpcCode, GrpcError } from './status.ts';
import { ServerStreamCall } from './stream-call.ts';
import { parseTimeout } from './timeout.ts';
import { UnaryCall } from './unary-call.ts';

export interface GrpcServerOptions {
  readonly methods: Methods;
  /** The largest request message. */
  readonly messageMaxBytes: number;
  readonly concurrentStreamsMax: number;
  /** What a rejection of a method tells the client. */
  readonly translateError: (error: unknown, context: CallContext) => GrpcError;
  /** Called before a method; what it throws is the answer. */
  readonly admit?: (context: CallContext) => void;
}

/** Makes a gRPC connection of a socket. `closed` hears why it ended, undefined after an orderly end. */
export function serveGrpc(
  socket: Duplex,
  options: GrpcServerOptions,
  closed: (reason: Error | undefined) => void,
): Http2Connection {
  const budget: HoldBudget = { heldBytes: 0, maxBytes: HELD_MAX_BYTES };
  const connection: Http2Connection = new Http2Connection(socket, {
    role: 'server',
    concurrentStreamsMax: options.concurrentStreamsMax,
    accept: (stream, headers) => accept(connection, stream, headers, options, budget),
    closed,
  });
  return connection;
}

/** What one connection's unfinished requests may hold together. */
const HELD_MAX_BYTES = 64 * 1024 * 1024;

/** Not `application/grpc-web`, which frames the same messages in another way. */
const CONTENT_TYPE = /^application\/grpc(?:$|[+;])/;
const IGNORE: StreamListener = { headers() {}, data() {}, reset() {}, drained() {} };
const NOT_GRPC: HeaderSet = { fields: [':status', '415', 'content-type', 'application/grpc'] };
const TRAILERS_ONLY: HeaderSet = { fields: [':status', '200', 'content-type', 'application/grpc'] };

function accept(
  connection: Http2Connection,
  stream: Http2Stream,
  headers: HeaderList,
  options: GrpcServerOptions,
  budget: HoldBudget,
): StreamListener {
  const contentType = header(headers, 'content-type') ?? '';
  if (header(headers, ':method') !== 'POST' || !CONTENT_TYPE.test(contentType)) {
    const said = `expected POST with content-type application/grpc, got "${contentType}"`;
    stream.end(NOT_GRPC, ['grpc-status', String(GrpcCode.unknown), 'grpc-message', encodeMessage(said)]);
    return IGNORE;
  }
  const path = header(headers, ':path') ?? '';
  const method = options.methods.get(path);
  if (method === undefined)
    return refuse(stream, new GrpcError(GrpcCode.unimplemented, unknownMethod(path, options.methods)));
  const encoding = header(headers, 'grpc-encoding') ?? 'identity';
  if (encoding !== 'identity') {
    const said = `grpc: Decompressor is not installed for grpc-encoding "${encoding}"`;
    return refuse(stream, new GrpcError(GrpcCode.unimplemented, said), ['grpc-accept-encoding', 'identity']);
  }
  const timeout = header(headers, 'grpc-timeout');
  if (timeout !== undefined && parseTimeout(timeout) === undefined)
    return refuse(stream, new GrpcError(GrpcCode.internal, `malformed grpc-timeout: "${timeout}"`));
  return method.kind === 'unary'
    ? new UnaryCall(connection, stream, headers, method, options, budget)
    : ServerStreamCall.open(stream, headers, method, options, budget);
}

function refuse(stream: Http2Stream, error: GrpcError, more: HeaderList = []): StreamListener {
  stream.end(TRAILERS_ONLY, [...more, 'grpc-status', String(error.code), 'grpc-message', encodeMessage(error.message)]);
  return IGNORE;
}

/** In the words of grpc-go, which clients show as they are. */
function unknownMethod(path: string, methods: Methods): string {
  const match = /^\/(.*)\/([^/]*)$/.exec(path);
  if (match === null) return `malformed method name: "${path}"`;
  const [, service, name] = match;
  const known = [...methods.keys()].some((other) => other.startsWith(`/${service}/`));
  return known ? `unknown method ${name} for service ${service}` : `unknown service ${service}`;
}
