/**
 * The sending half of an end: what is queued, how much may be on its way, and in what pieces it travels. Pieces are cut
 * and joined at random, since a stream has no borders and decoders must not see any.
 */
import { hashBytes } from '../engine/digest.ts';
import type { Link, Pipe } from './link.ts';
import { Outbox } from './outbox.ts';
import { Segment, type SegmentKind } from './segment.ts';
import type { NetStack } from './stack.ts';
import type { TcpEndpoint } from './tcp-endpoint.ts';

/** A write is delivered in chunks of at most this, as a read of the system's is. */
const CHUNK_MAX_BYTES = 64 * 1024;

export class TcpSender {
  readonly outbox: Outbox;
  readonly out: Link;
  readonly back: Link;
  /** The peer's process must take bytes before more may leave. */
  waitsForWindow = false;
  readonly #stack: NetStack;
  readonly #id: number;
  readonly #receiver: TcpEndpoint;
  readonly #pipe: Pipe = { lastArrivalUs: 0, interruption: 0 };
  #sentSegments = 0;
  #sentBytes = 0;
  /** As far as this end has heard. */
  #takenBytes = 0;
  /** The newest data on its way, to which more may be added while it arrives at the same time. */
  #newest: Segment | undefined;

  constructor(stack: NetStack, id: number, receiver: TcpEndpoint, out: Link, back: Link) {
    this.#stack = stack;
    this.#id = id;
    this.#receiver = receiver;
    this.out = out;
    this.back = back;
    this.outbox = new Outbox(stack.slab);
  }

  /** Something was sent that the peer has not been heard to have taken. */
  get isUnanswered(): boolean {
    return this.#sentBytes > this.#takenBytes || this.outbox.sizeBytes > 0;
  }

  /** Sends what the window lets pass. `reset` says that the network has reset the connection instead. */
  sendQueued(): 'done' | 'waiting' | 'reset' {
    while (this.outbox.sizeBytes > 0) {
      if (!this.back.isInterrupted) this.#takenBytes = this.#receiver.takenBytes;
      const room = this.#stack.limits.windowBytes - (this.#sentBytes - this.#takenBytes);
      if (room <= 0) {
        this.waitsForWindow = true;
        return 'waiting';
      }
      if (!this.#sendData(this.outbox.take(Math.min(room, this.outbox.sizeBytes, CHUNK_MAX_BYTES)))) return 'reset';
    }
    return 'done';
  }

  send(kind: SegmentKind, bytes?: Uint8Array): Segment {
    const segment = new Segment(kind, this.out, this.#pipe, this.#receiver, bytes);
    // A reset overtakes what it makes worthless, and a window has no place of its own.
    if (kind !== 'reset' && kind !== 'window') segment.order = this.#sentSegments++;
    this.out.sendOrdered(segment);
    return segment;
  }

  #sendData(bytes: Uint8Array): boolean {
    const { digest } = this.#stack.engine;
    digest.fold(this.#id);
    digest.fold(hashBytes(bytes));
    this.#sentBytes += bytes.length;
    const { random, quality } = this.out;
    if (random.chance(quality.reset)) {
      this.out.disturbed += 1;
      this.send('reset');
      return false;
    }
    let from = 0;
    while (bytes.length - from > 1 && random.chance(quality.split)) {
      const to = from + 1 + random.below(bytes.length - from - 1);
      this.#newest = this.send('data', bytes.subarray(from, to));
      from = to;
    }
    if (from === 0) this.#sendOrJoin(bytes);
    else this.#newest = this.send('data', bytes.subarray(from));
    return true;
  }

  /** Two chunks that arrive at the same time are read as one. */
  #sendOrJoin(bytes: Uint8Array): void {
    const before = this.#newest;
    const segment = this.send('data', bytes);
    this.#newest = segment;
    const { queue } = this.#stack.engine;
    if (before === undefined || !queue.areTogether(before, segment)) return;
    if (before.sizeBytes + bytes.length > CHUNK_MAX_BYTES) return;
    const joined = this.#stack.slab.take(before.sizeBytes + bytes.length);
    joined.set(before.bytes!);
    joined.set(bytes, before.sizeBytes);
    before.bytes = joined;
    queue.cancel(segment);
    this.#sentSegments -= 1;
    this.#newest = before;
  }
}
