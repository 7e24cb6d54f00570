/** `host` is a name or a literal address; an IPv6 literal has no brackets. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** What a connection tells its owner. Never called inside a call of the owner's on the same connection. */
export interface ConnectionHandler {
  /** An outgoing connection is established. Not called on accepted ones, which are established from the start. */
  connected?(): void;
  /** Bytes, in order. The chunk belongs to the receiver and will not be changed. */
  data(chunk: Uint8Array): void;
  /** `bufferedBytes` has fallen to zero after having been over `highWaterBytes`. */
  drained?(): void;
  /** The peer will send no more (half-close). Default: the connection is closed. */
  ended?(): void;
  /** Once, last. `error` says why when it was not an orderly end. */
  closed(error: NetError | undefined): void;
}

export interface Connection {
  readonly remote: Address;
  /** Queues bytes; the buffer must not be changed afterwards. All writes of one turn leave in one system call. */
  write(chunk: Uint8Array): void;
  /** Bytes queued and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** True while the owner should stop writing and wait for `drained`. */
  readonly congested: boolean;
  /** Stops and resumes `data`, for back-pressure towards the peer. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. Idempotent. */
  close(): void;
  /** Closes now; what is queued is lost. Idempotent. */
  destroy(): void;
}

export interface Listener {
  /** The bound address, with the port the system chose when 0 was asked for. */
  readonly address: Address;
  /** Accepts no more; open connections stay. */
  close(): Promise<void>;
}

export interface DatagramSocket {
  readonly address: Address;
  /** Best effort: may be lost, doubled, reordered. At most `DATAGRAM_MAX_BYTES`. */
  send(to: Address, payload: Uint8Array): void;
  close(): void;
}

export const DATAGRAM_MAX_BYTES: number = 1400;

export type NetErrorCode =
  | 'address-in-use'
  | 'address-not-available'
  | 'refused'
  | 'reset'
  | 'timed-out'
  | 'unreachable'
  | 'not-found'
  | 'permission-denied'
  | 'closed'
  | 'other';

export class NetError extends Error {
  override readonly name = 'NetError';
  readonly code: NetErrorCode;
  constructor(code: NetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export interface Net {
  /** Starts connecting and returns at once; the handler hears how it went. */
  connect(to: Address, handler: ConnectionHandler): Connection;
  /**
   * Rejects with `NetError` when the address cannot be bound. `accept` returns the handler of the new connection, or
   * undefined to refuse it.
   */
  listen(at: Address, accept: (connection: Connection) => ConnectionHandler | undefined): Promise<Listener>;
  /** Binds a UDP socket. Rejects with `NetError`. */
  bind(at: Address, receive: (from: Address, payload: Uint8Array) => void): Promise<DatagramSocket>;
}
