import { ByteReader, type ByteWriter } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { decoding, FrameKind, FrameWriter, WireError } from '../wire/index.ts';
import type { TransportErrorCode } from './errors.ts';
import type { FramedConnection, FrameListener } from './framed-connection.ts';
import { Lanes } from './lanes.ts';
import type { Channel, Lane } from './types.ts';

/** What a link hands on. */
export interface PeerLinkOwner {
  message(from: NodeId, channel: Channel, payload: Uint8Array): void;
  request(link: PeerLink, channel: Channel, id: number, payload: Uint8Array): void;
  reply(from: NodeId, id: number, payload: Uint8Array): void;
  refused(from: NodeId, id: number, code: TransportErrorCode, message: string): void;
  closed(link: PeerLink, reason: Error | undefined): void;
}

const MESSAGE_BYTES_MAX = 512;

/** An established connection with another node: both sides know who the other is. */
export class PeerLink implements FrameListener {
  readonly peer: NodeId;
  readonly incarnation: number;
  /** This side dialled. */
  readonly dialled: boolean;
  readonly framed: FramedConnection;
  readonly #owner: PeerLinkOwner;
  readonly #lanes: Lanes;
  readonly #writer: FrameWriter = new FrameWriter();
  /** Bytes that had come when the owner last looked, and for how many looks there have been no more. */
  heardBytes = 0;
  silentLooks = 0;
  dropped = 0;

  constructor(
    owner: PeerLinkOwner,
    framed: FramedConnection,
    identity: { peer: NodeId; incarnation: number; dialled: boolean },
  ) {
    this.#owner = owner;
    this.framed = framed;
    this.peer = identity.peer;
    this.incarnation = identity.incarnation;
    this.dialled = identity.dialled;
    this.#lanes = new Lanes(framed);
  }

  get queuedBytes(): number {
    return this.#lanes.queuedBytes;
  }

  message(channel: Channel, lane: Lane, parts: readonly Uint8Array[]): void {
    this.#writer.frame(FrameKind.peerMessage, parts, (w) => w.uint(channel));
    const taken = lane === 'urgent' ? this.#lanes.urgent(this.#writer.take()) : this.#lanes.bulk(this.#writer.take());
    if (!taken) this.dropped += 1;
  }

  /** False when it was not taken: too much is queued. */
  request(channel: Channel, id: number, payload: Uint8Array): boolean {
    return this.#bulk(FrameKind.peerRequest, [payload], (w) => {
      w.uint(channel);
      w.uint(id);
    });
  }

  reply(id: number, payload: Uint8Array): void {
    if (!this.#bulk(FrameKind.peerReply, [payload], (w) => w.uint(id))) this.dropped += 1;
  }

  refuse(id: number, message: string): void {
    this.#bulk(FrameKind.peerRefused, [], (w) => {
      w.uint(id);
      w.text(message);
    });
  }

  goodbye(): void {
    this.framed.finish(FrameKind.goodbye, EMPTY, undefined);
  }

  ping(): void {
    this.framed.send(FrameKind.ping, EMPTY);
  }

  // --- FrameListener

  frame(kind: number, payload: Uint8Array): void {
    switch (kind) {
      case FrameKind.peerMessage: {
        const { numbers, rest } = split('peer message', payload, 1);
        this.#owner.message(this.peer, numbers[0]!, rest);
        return;
      }
      case FrameKind.peerRequest: {
        const { numbers, rest } = split('peer request', payload, 2);
        this.#owner.request(this, numbers[0]!, numbers[1]!, rest);
        return;
      }
      case FrameKind.peerReply: {
        const { numbers, rest } = split('peer reply', payload, 1);
        this.#owner.reply(this.peer, numbers[0]!, rest);
        return;
      }
      case FrameKind.peerRefused: {
        const { numbers, rest } = split('peer refusal', payload, 1);
        const message = decoding('peer refusal', () => new ByteReader(rest).text(MESSAGE_BYTES_MAX));
        this.#owner.refused(this.peer, numbers[0]!, 'no-handler', message);
        return;
      }
      case FrameKind.ping:
        this.framed.send(FrameKind.pong, EMPTY);
        return;
      case FrameKind.pong:
        return;
      case FrameKind.goodbye:
        this.framed.destroy(undefined);
        return;
      default:
        throw new WireError('unexpected', `a frame of kind ${kind} must not come from a node`);
    }
  }

  drained(): void {
    this.#lanes.drained();
  }

  closed(reason: Error | undefined): void {
    this.#owner.closed(this, reason);
  }

  #bulk(kind: number, parts: readonly Uint8Array[], prefix: (writer: ByteWriter) => void): boolean {
    this.#writer.frame(kind, parts, prefix);
    return this.#lanes.bulk(this.#writer.take());
  }
}

const EMPTY: Uint8Array = new Uint8Array(0);

function split(what: string, payload: Uint8Array, count: 1 | 2): { numbers: readonly number[]; rest: Uint8Array } {
  return decoding(what, () => {
    const r = new ByteReader(payload);
    const numbers = count === 1 ? [r.uint()] : [r.uint(), r.uint()];
    return { numbers, rest: r.rest() };
  });
}
