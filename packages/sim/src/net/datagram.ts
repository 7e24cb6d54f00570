import type { Address, DatagramSocket } from '@quorate/env';
import { hashBytes } from '../engine/digest.ts';
import { EventCode, SimEvent } from '../engine/sim-event.ts';
import type { Link, Packet, Pipe } from './link.ts';
import type { NetProcess } from './process.ts';
import type { NetStack } from './stack.ts';

/** Datagrams that wait for a paused process; more are lost, as when a socket's buffer is full. */
const WAITING_MAX = 1000;

export class SimDatagramSocket implements DatagramSocket {
  readonly process: NetProcess;
  readonly address: Address;
  waiting = 0;
  readonly #stack: NetStack;
  readonly #receive: (from: Address, payload: Uint8Array) => void;

  constructor(
    stack: NetStack,
    process: NetProcess,
    address: Address,
    receive: (from: Address, payload: Uint8Array) => void,
  ) {
    this.#stack = stack;
    this.process = process;
    this.address = address;
    this.#receive = receive;
  }

  send(to: Address, payload: Uint8Array): void {
    if (!this.#isOpen) return;
    this.#stack.engine.digest.fold(hashBytes(payload));
    this.#stack.sendDatagram(this.address.port, to, payload);
  }

  close(): void {
    if (this.#isOpen) this.#stack.sockets.delete(this.address.port);
  }

  deliver(datagram: Datagram): void {
    if (datagram.isWaiting) this.waiting -= 1;
    if (this.waiting >= WAITING_MAX) return;
    if (this.process.admit(datagram)) this.#receive(datagram.from, datagram.payload);
    else {
      datagram.isWaiting = true;
      this.waiting += 1;
    }
  }

  get #isOpen(): boolean {
    return this.#stack.sockets.get(this.address.port) === this;
  }
}

export class Datagram extends SimEvent implements Packet {
  readonly pipe: Pipe | undefined = undefined;
  readonly from: Address;
  readonly payload: Uint8Array;
  /** It has arrived and waits for its process. */
  isWaiting = false;
  readonly #link: Link;
  readonly #target: NetStack;
  readonly #port: number;

  constructor(link: Link, target: NetStack, from: Address, port: number, payload: Uint8Array) {
    super(EventCode.datagram, link.to);
    this.#link = link;
    this.#target = target;
    this.from = from;
    this.#port = port;
    this.payload = payload;
  }

  get sizeBytes(): number {
    return this.payload.length;
  }

  override fire(): void {
    if (!this.isWaiting && this.#link.stops(this)) return;
    if (this.#target.isUp) this.#target.sockets.get(this.#port)?.deliver(this);
  }

  override describe(): string {
    return `datagram from ${this.from.host}:${this.from.port} to port ${this.#port}, ${this.payload.length} bytes`;
  }
}
