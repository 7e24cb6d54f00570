import type { Address, Connection } from '@quorate/env';
import type { NodeId } from '@quorate/patterns/consensus/raft';

/**
 * One single-socket channel per pair of nodes, for all groups and services (Joshi, "Patterns of Distributed Systems", Single-Socket
 * Channel). Frames to one peer arrive in order, or not at all once the connection breaks.
 * `urgent` frames (votes, heartbeats) leave before everything that is queued, and are small.
 */
export type Lane = 'urgent' | 'bulk';

/** Names the receiver within a node. Registered in one list, `channels.ts`. */
export type Channel = number;

export interface PeerTransport {
  readonly self: NodeId;
  /** Who can be reached and where; replaced as the membership changes. */
  setPeers(peers: ReadonlyMap<NodeId, Address>): void;
  /** Queues; everything of one turn leaves in one write. Dropped silently when there is no connection: Raft's messages may get lost. */
  send(to: NodeId, channel: Channel, lane: Lane, payload: Uint8Array): void;
  /** Like `send`, with the payload in pieces, which may be shared between peers and must not be changed afterwards. */
  sendParts(to: NodeId, channel: Channel, lane: Lane, parts: readonly Uint8Array[]): void;
  /** Bytes queued towards that peer: for flow control of snapshots. */
  queuedBytes(to: NodeId): number;
  receive(channel: Channel, handler: (from: NodeId, payload: Uint8Array) => void): void;
  /** A question with one answer. `done` is called exactly once; on an error the outcome is unknown unless the error says otherwise. */
  request(
    to: NodeId,
    channel: Channel,
    payload: Uint8Array,
    timeoutMs: number,
    done: (error: Error | undefined, reply: Uint8Array | undefined) => void,
  ): void;
  answer(
    channel: Channel,
    handler: (from: NodeId, payload: Uint8Array, reply: (payload: Uint8Array) => void) => void,
  ): void;
  onReachable(listener: (peer: NodeId, reachable: boolean) => void): Disposable;
  close(): Promise<void>;
}

/** A native client's connection after a good handshake; the server side reads and writes whole frames. */
export interface ClientConnection {
  readonly connection: Connection;
  send(kind: number, payload: Uint8Array): void;
  /** To be called within `frame`: nothing of this payload is kept, and its memory may take a later frame. */
  release(payload: Uint8Array): void;
  close(reason: string): void;
}
export interface ClientHandler {
  /** A frame of a kind from `FrameKind.clientFirst` on. Throws `WireError` when it is malformed: the client is told, and its connection closed. */
  frame(kind: number, payload: Uint8Array): void;
  /** The connection was congested and takes more again. */
  drained?(): void;
  /** The connection is no longer congested: to be passed on from `ConnectionHandler.drained`. */
  drained?(): void;
  closed(): void;
}
