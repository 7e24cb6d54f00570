/** What a service is to the gRPC server: a table of methods by path, `/package.Service/Method`. */
import type { MessageType } from '../protobuf/message.ts';

export interface CallContext {
  /** The client's deadline, as time left when the call arrived; undefined when it set none. */
  readonly timeoutMs: number | undefined;
  /** Request metadata by lower-case name. */
  metadata(name: string): string | undefined;
}

export interface UnaryMethod<Request, Response> {
  readonly kind: 'unary';
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
  /** Refuses a request by the size of its message, by throwing, before it is decoded. */
  readonly admitSize?: (sizeBytes: number) => void;
  /** Rejects with what the service's error translation understands. */
  handle(request: Request, context: CallContext): Promise<Response>;
}

/** The server's end of a streaming call. After `end` or `fail`, and after `closed` was heard, all calls do nothing. */
export interface ServerStream<Response> {
  readonly context: CallContext;
  send(message: Response): void;
  /** True while the client takes less than is sent: stop sending until `drained`. */
  readonly congested: boolean;
  /** Stops and resumes giving the client room to send. What is under way still arrives. */
  hold(): void;
  release(): void;
  end(): void;
  fail(error: unknown): void;
}

export interface StreamListener<Request> {
  message(request: Request): void;
  /** The client will send no more. */
  ended(): void;
  /** The call is over, for whatever reason; always the last. */
  closed(): void;
  drained(): void;
}

export interface StreamMethod<Request, Response> {
  readonly kind: 'stream';
  readonly request: MessageType<Request>;
  readonly response: MessageType<Response>;
  open(stream: ServerStream<Response>): StreamListener<Request>;
}

// biome-ignore lint/suspicious/noExplicitAny: the table holds methods of all message types; each is consistent in itself.
export type Method = UnaryMethod<any, any> | StreamMethod<any, any>;
export type Methods = ReadonlyMap<string, Method>;
