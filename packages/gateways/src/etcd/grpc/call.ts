/** What unary and streaming calls have in common. */
import { type HeaderList, header } from '../h2/hpack-decoder.ts';
import type { HeaderSet } from '../h2/hpack-encoder.ts';
import type { Http2Stream } from '../h2/stream.ts';
import type { MessageType } from '../protobuf/message.ts';
import { Writer } from '../protobuf/writer.ts';
import type { FrameFault } from './frames.ts';
import type { CallContext } from './method.ts';
import { encodeMessage, GrpcCode, GrpcError } from './status.ts';
import { parseTimeout } from './timeout.ts';

export const RESPONSE_HEADERS: HeaderSet = { fields: [':status', '200', 'content-type', 'application/grpc'] };
export const OK_TRAILERS: HeaderSet = { fields: ['grpc-status', '0'] };
const NOTHING: HeaderSet = { fields: [] };

const writer = new Writer();

/** A message with gRPC's prefix in front. */
export function frame<T>(type: MessageType<T>, message: T): Buffer {
  try {
    type.write(writer, message);
    writer.uint32be(writer.written);
    writer.byte(0);
    return writer.finish();
  } catch (error) {
    writer.discard();
    throw error;
  }
}

export class Context implements CallContext {
  readonly #headers: HeaderList;
  readonly timeoutMs: number | undefined;

  constructor(headers: HeaderList) {
    this.#headers = headers;
    const timeout = header(headers, 'grpc-timeout');
    this.timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
  }

  metadata(name: string): string | undefined {
    return header(this.#headers, name);
  }
}

/** Ends a call with an error; with headers in front when none were sent yet. */
export function sendError(stream: Http2Stream, error: GrpcError, headersSent: boolean): void {
  const fields = ['grpc-status', String(error.code), 'grpc-message', encodeMessage(error.message)];
  stream.end(headersSent ? NOTHING : RESPONSE_HEADERS, fields);
}

/** In the words of grpc-go where it has some, which clients show as they are. */
export function faultError(fault: FrameFault, maxBytes: number): GrpcError {
  switch (fault.kind) {
    case 'compressed':
      return new GrpcError(GrpcCode.internal, 'grpc: compressed flag set with identity or empty encoding');
    case 'unknown-flag':
      return new GrpcError(GrpcCode.internal, `grpc: received unexpected payload format ${fault.flag}`);
    case 'too-large':
      return new GrpcError(
        GrpcCode.resourceExhausted,
        `grpc: received message larger than max (${fault.sizeBytes} vs. ${maxBytes})`,
      );
    case 'too-much-held':
      return new GrpcError(
        GrpcCode.resourceExhausted,
        'too many unfinished requests on this connection: send them one after the other',
      );
  }
}
