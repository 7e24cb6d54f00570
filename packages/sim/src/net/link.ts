/**
 * One direction between two nodes. Packets are delayed here, and stand still while the link is cut or held: bytes of a
 * connection until their sender tries again after the end of it, as retransmission does; datagrams only of a held link.
 */
import type { Engine } from '../engine/engine.ts';
import type { SimEvent } from '../engine/sim-event.ts';
import type { SeededStream } from '../random/index.ts';
import type { LinkQuality } from './quality.ts';

/** The order-keeping state of one direction of one connection. */
export interface Pipe {
  /** Nothing of it arrives before this. */
  lastArrivalUs: number;
  /** Which interruption of the link it has last waited out. */
  interruption: number;
}

export interface Packet extends SimEvent {
  readonly sizeBytes: number;
  /** Undefined for a datagram. */
  readonly pipe: Pipe | undefined;
}

/** Retransmission timeouts: the first, and the longest after doubling that this model waits. */
const RETRANSMIT_FIRST_US = 200_000;
const RETRANSMIT_MAX_US = 2_000_000;
/** Packets that stand still on one link; more are lost, connections' included. */
const STALLED_MAX = 100_000;

export class Link {
  readonly from: number;
  readonly to: number;
  quality: LinkQuality;
  /** How often the link has been interrupted. */
  interruptions = 0;
  /** Packets that were lost, doubled or held back by the quality of the link or a cut. */
  disturbed = 0;
  readonly #engine: Engine;
  readonly #random: SeededStream;
  #cuts = 0;
  #holds = 0;
  #interruptedAtUs = 0;
  #clogUntilUs = 0;
  #freeAtUs = 0;
  #stalled: Packet[] = [];

  constructor(engine: Engine, from: number, to: number, quality: LinkQuality) {
    this.#engine = engine;
    this.from = from;
    this.to = to;
    this.quality = quality;
    this.#random = engine.stream(`link ${from} ${to}`);
  }

  get random(): SeededStream {
    return this.#random;
  }

  get isInterrupted(): boolean {
    return this.#cuts + this.#holds > 0;
  }

  get interruptedAtUs(): number {
    return this.#interruptedAtUs;
  }

  cut(): void {
    this.#interrupt();
    this.#cuts += 1;
  }

  mend(): void {
    this.#cuts -= 1;
    if (!this.isInterrupted) this.#resume();
  }

  hold(): void {
    this.#interrupt();
    this.#holds += 1;
  }

  release(): void {
    this.#holds -= 1;
    if (!this.isInterrupted) this.#resume();
  }

  /** What is sent until then arrives afterwards. */
  clogUntil(atUs: number): void {
    this.#clogUntilUs = Math.max(this.#clogUntilUs, atUs);
  }

  unclog(): void {
    this.#clogUntilUs = 0;
  }

  /** Sends a segment of a connection. The receiver puts segments in order where this does not. */
  sendOrdered(packet: Packet & { readonly pipe: Pipe }): void {
    if (this.isInterrupted) {
      this.#stall(packet);
      return;
    }
    let atUs = this.#arrivalUs(packet.sizeBytes);
    if (this.#random.chance(this.quality.loss)) {
      this.disturbed += 1;
      atUs += this.#retransmissionUs();
    }
    this.#scheduleOrdered(packet, atUs);
  }

  /** Sends a datagram, which may come to nothing. `copy` makes the same datagram again. */
  sendDatagram(packet: Packet, copy: () => Packet): void {
    if (this.#cuts > 0 || this.#random.chance(this.quality.loss)) {
      this.disturbed += 1;
      return;
    }
    if (this.#holds > 0) {
      this.#stall(packet);
      return;
    }
    this.#scheduleDatagram(packet);
    if (this.#random.chance(this.quality.duplicate)) {
      this.disturbed += 1;
      this.#scheduleDatagram(copy());
    }
  }

  /** Called by a packet that would arrive now: true when it cannot, because the link broke under it. */
  stops(packet: Packet): boolean {
    if (!this.isInterrupted) return false;
    if (packet.pipe !== undefined || this.#cuts === 0) this.#stall(packet);
    return true;
  }

  /** The sending machine is gone, and with it everything that it would have sent again. */
  forget(): void {
    this.#stalled = [];
  }

  /** How long one packet takes now, without the order of a connection. */
  latencyUs(): number {
    return this.#random.delayUs(this.quality.latency);
  }

  #arrivalUs(sizeBytes: number): number {
    const { nowUs } = this.#engine;
    let departsUs = nowUs;
    if (this.quality.bytesPerMs !== Number.POSITIVE_INFINITY) {
      departsUs = Math.max(nowUs, this.#freeAtUs) + Math.ceil((sizeBytes * 1000) / this.quality.bytesPerMs);
      this.#freeAtUs = departsUs;
    }
    return Math.max(departsUs, this.#clogUntilUs) + this.#random.delayUs(this.quality.latency);
  }

  #scheduleOrdered(packet: Packet & { readonly pipe: Pipe }, atUs: number): void {
    const { pipe } = packet;
    const arrivalUs = this.#engine.align(Math.max(atUs, pipe.lastArrivalUs));
    pipe.lastArrivalUs = arrivalUs;
    this.#engine.queue.schedule(packet, arrivalUs);
  }

  #scheduleDatagram(packet: Packet): void {
    let atUs = this.#arrivalUs(packet.sizeBytes);
    if (this.#random.chance(this.quality.reorder)) {
      this.disturbed += 1;
      const { minMs, meanMs } = this.quality.latency;
      atUs += this.#random.below(Math.ceil((minMs + meanMs) * 10_000) + 1);
    }
    this.#engine.queue.schedule(packet, this.#engine.align(atUs));
  }

  #interrupt(): void {
    if (this.isInterrupted) return;
    this.interruptions += 1;
    this.#interruptedAtUs = this.#engine.nowUs;
  }

  /** Every connection tries again at a time of its own; what was held comes at once. */
  #resume(): void {
    const stalled = this.#stalled;
    this.#stalled = [];
    const waitedUs = this.#engine.nowUs - this.#interruptedAtUs;
    for (const packet of stalled) {
      const { pipe } = packet;
      if (pipe === undefined) {
        this.#scheduleDatagram(packet);
        continue;
      }
      if (pipe.interruption !== this.interruptions) {
        pipe.interruption = this.interruptions;
        const retryUs = this.#random.below(Math.floor(Math.min(waitedUs, RETRANSMIT_MAX_US)) + 1);
        pipe.lastArrivalUs = Math.max(pipe.lastArrivalUs, this.#engine.nowUs + retryUs);
      }
      this.#scheduleOrdered(packet as Packet & { readonly pipe: Pipe }, this.#arrivalUs(packet.sizeBytes));
    }
  }

  #stall(packet: Packet): void {
    this.disturbed += 1;
    if (this.#stalled.length < STALLED_MAX) this.#stalled.push(packet);
  }

  #retransmissionUs(): number {
    let totalUs = 0;
    let timeoutUs = RETRANSMIT_FIRST_US;
    do {
      totalUs += timeoutUs;
      timeoutUs = Math.min(timeoutUs * 2, RETRANSMIT_MAX_US);
    } while (this.#random.chance(this.quality.loss) && totalUs < 10 * RETRANSMIT_MAX_US);
    return totalUs;
  }
}
