import { EventCode, SimEvent } from '../engine/sim-event.ts';
import type { Link, Packet, Pipe } from './link.ts';
import type { TcpEndpoint } from './tcp-endpoint.ts';

/**
 * What travels between two ends of a connection. `open`, `opened` and `confirmed` are the three steps of the handshake;
 * `window` says that the receiver has taken bytes and the sender may go on.
 */
export type SegmentKind = 'open' | 'opened' | 'confirmed' | 'data' | 'end' | 'reset' | 'window';

export class Segment extends SimEvent implements Packet {
  readonly kind: SegmentKind;
  readonly link: Link;
  readonly pipe: Pipe;
  readonly receiver: TcpEndpoint;
  bytes: Uint8Array | undefined;
  /** Its place among the ordered segments of its direction; -1 for those that have none. */
  order = -1;
  /** It has come to the receiver's machine, where a paused process may let it wait. */
  #arrived = false;
  #isInOrder = false;

  constructor(kind: SegmentKind, link: Link, pipe: Pipe, receiver: TcpEndpoint, bytes: Uint8Array | undefined) {
    super(EventCode.segment, link.to);
    this.kind = kind;
    this.link = link;
    this.pipe = pipe;
    this.receiver = receiver;
    this.bytes = bytes;
  }

  get sizeBytes(): number {
    return this.bytes === undefined ? 0 : this.bytes.length;
  }

  override fire(): void {
    if (!this.#arrived) {
      if (this.link.stops(this)) return;
      this.#arrived = true;
    }
    if (!this.#isInOrder) {
      if (!this.receiver.isNext(this)) return;
      this.#isInOrder = true;
    }
    this.receiver.receive(this);
  }

  override describe(): string {
    const size = this.bytes === undefined ? '' : `, ${this.bytes.length} bytes`;
    return `${this.kind} on connection ${this.receiver.peer.id}>${this.receiver.id}${size}`;
  }
}
