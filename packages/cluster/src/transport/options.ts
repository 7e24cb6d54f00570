import type { Address, Env } from '@quorate/env';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { FRAME_BYTES_MAX } from '../wire/index.ts';
import type { BackoffOptions } from './backoff.ts';
import type { ClientConnection, ClientHandler } from './types.ts';

export interface TransportOptions {
  readonly env: Env;
  readonly self: NodeId;
  readonly clusterId: number;
  /** Where to listen for other nodes and for native clients. */
  readonly listen: Address;
  /** A native client has been welcomed; undefined refuses it. Without this all clients are refused. */
  readonly onClient?: (client: ClientConnection, clientId: string) => ClientHandler | undefined;
  /**
   * Whether a node of this cluster that calls may be talked to; a text says why not. Default: all may. A node that this one does not know yet
   * may be its leader (this one may have been away while it was added), so only those known to be gone should be refused.
   */
  readonly admit?: (peer: NodeId) => string | undefined;
  /** Client connections at the same time; one more is refused as `overloaded`. Default 10,000. */
  readonly clientsMax?: number;
  /** Connections whose handshake is not done; one more is closed at once. Default 256. */
  readonly handshakesMax?: number;
  /** From the start of an attempt to the end of the handshake. Default 2,000. */
  readonly handshakeTimeoutMs?: number;
  /** How often silent peers are asked whether they are there. Default 500. */
  readonly pingIntervalMs?: number;
  /** A peer from which nothing came for this long is given up. Default 2,500. */
  readonly silenceMaxMs?: number;
  readonly backoff?: BackoffOptions;
  /** The longest frame that is accepted. Default `FRAME_BYTES_MAX`. */
  readonly frameBytesMax?: number;
}

export type ResolvedTransportOptions = TransportOptions &
  Required<
    Pick<
      TransportOptions,
      | 'clientsMax'
      | 'handshakesMax'
      | 'handshakeTimeoutMs'
      | 'pingIntervalMs'
      | 'silenceMaxMs'
      | 'backoff'
      | 'frameBytesMax'
    >
  >;

export function resolveTransportOptions(options: TransportOptions): ResolvedTransportOptions {
  return {
    clientsMax: 10_000,
    handshakesMax: 256,
    handshakeTimeoutMs: 2_000,
    pingIntervalMs: 500,
    silenceMaxMs: 2_500,
    backoff: {},
    frameBytesMax: FRAME_BYTES_MAX,
    ...options,
  };
}
