/** The network side of one machine: its ports, its ends of connections, and what happens to them when it goes down. */
import {
  type Address,
  type Connection,
  type ConnectionHandler,
  DATAGRAM_MAX_BYTES,
  type DatagramSocket,
  type Listener,
  type Net,
  NetError,
} from '@quorate/env';
import type { Engine } from '../engine/engine.ts';
import { EventCode } from '../engine/sim-event.ts';
import { Datagram, SimDatagramSocket } from './datagram.ts';
import type { SimNetwork } from './network.ts';
import type { NetLimits, NetProcess } from './process.ts';
import type { Slab } from './slab.ts';
import type { TcpEndpoint } from './tcp-endpoint.ts';

const EPHEMERAL_FIRST = 32_768;
const EPHEMERAL_LAST = 60_999;
const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);
const ANY = new Set(['', '0.0.0.0', '::']);

export interface BoundListener {
  readonly process: NetProcess;
  readonly host: string;
  accept(connection: Connection): ConnectionHandler | undefined;
}

export class NetStack {
  readonly engine: Engine;
  readonly network: SimNetwork;
  readonly nodeId: number;
  readonly name: string;
  readonly slab: Slab;
  readonly endpoints: Set<TcpEndpoint> = new Set();
  readonly sockets: Map<number, SimDatagramSocket> = new Map();
  isUp = true;
  readonly #listeners = new Map<number, BoundListener>();
  #nextPort = EPHEMERAL_FIRST;
  /** Far ends that do not know yet that their peer here is gone. */
  readonly #abandoned = new Set<TcpEndpoint>();

  constructor(network: SimNetwork, nodeId: number, name: string) {
    this.network = network;
    this.engine = network.engine;
    this.nodeId = nodeId;
    this.name = name;
    this.slab = network.slab;
  }

  get limits(): NetLimits {
    return this.network.limits;
  }

  /** The network as one process of this machine sees it. */
  netOf(process: NetProcess): Net {
    return {
      connect: (to, handler) => this.#connect(process, to, handler),
      listen: (at, accept) => this.#listen(process, at, accept),
      bind: (at, receive) => this.#bind(process, at, receive),
    };
  }

  /** Who accepts what that far end has dialled. */
  listenerFor(dialler: TcpEndpoint): BoundListener | undefined {
    const listener = this.#listeners.get(dialler.remote.port);
    if (listener === undefined || !listener.process.isAlive) return undefined;
    return LOOPBACK.has(listener.host) && dialler.stack !== this ? undefined : listener;
  }

  ephemeralPort(): number {
    for (let tries = EPHEMERAL_LAST - EPHEMERAL_FIRST; tries >= 0; tries--) {
      const port = this.#nextPort;
      this.#nextPort = port === EPHEMERAL_LAST ? EPHEMERAL_FIRST : port + 1;
      if (!this.#listeners.has(port) && !this.sockets.has(port)) return port;
    }
    throw new NetError('address-not-available', `${this.name} has no free port left`);
  }

  /** The system closes all that a dead process had open; its peers hear of it as far as the network lets them. */
  processEnded(process: NetProcess): void {
    for (const endpoint of this.endpoints) if (endpoint.process === process) endpoint.abandon();
    this.#release(process);
  }

  /** Silence: peers find out by themselves. */
  powerFailed(): void {
    this.isUp = false;
    for (const endpoint of this.endpoints) {
      this.#abandoned.add(endpoint.peer);
      endpoint.vanish();
    }
    this.#listeners.clear();
    this.sockets.clear();
    this.network.forgetPacketsFrom(this.nodeId);
    const delayUs = this.limits.deadAfterMs * 1000;
    const bereft = [...this.#abandoned];
    this.engine.act(delayUs, EventCode.control, this.nodeId, 'peers give up', () => {
      for (const endpoint of bereft) this.#giveUp(endpoint);
    });
  }

  /** The machine is there again: peers that try again are told that it knows nothing of them. */
  powerRestored(): void {
    this.isUp = true;
    for (const endpoint of this.#abandoned) {
      if (!endpoint.isUnanswered) continue;
      this.#abandoned.delete(endpoint);
      endpoint.peer.answerReset();
    }
  }

  #giveUp(endpoint: TcpEndpoint): void {
    if (!this.#abandoned.delete(endpoint)) return;
    if (this.isUp) endpoint.peer.answerReset();
    else endpoint.fail('timed-out', 'the peer has fallen silent');
  }

  #connect(process: NetProcess, to: Address, handler: ConnectionHandler): Connection {
    return this.network.connect(
      this,
      process,
      LOOPBACK.has(to.host) ? { host: this.name, port: to.port } : to,
      handler,
    );
  }

  async #listen(
    process: NetProcess,
    at: Address,
    accept: (connection: Connection) => ConnectionHandler | undefined,
  ): Promise<Listener> {
    this.#assertOwnAddress(at);
    const port = at.port === 0 ? this.ephemeralPort() : at.port;
    if (this.#listeners.has(port)) throw new NetError('address-in-use', `${at.host}:${port} is in use on ${this.name}`);
    const listener: BoundListener = { process, host: at.host, accept };
    if (process.isAlive) this.#listeners.set(port, listener);
    return {
      address: { host: at.host, port },
      close: async () => {
        if (this.#listeners.get(port) === listener) this.#listeners.delete(port);
      },
    };
  }

  async #bind(
    process: NetProcess,
    at: Address,
    receive: (from: Address, payload: Uint8Array) => void,
  ): Promise<DatagramSocket> {
    this.#assertOwnAddress(at);
    const port = at.port === 0 ? this.ephemeralPort() : at.port;
    if (this.sockets.has(port)) throw new NetError('address-in-use', `${at.host}:${port} is in use on ${this.name}`);
    const socket = new SimDatagramSocket(this, process, { host: at.host, port }, receive);
    if (process.isAlive) this.sockets.set(port, socket);
    return socket;
  }

  sendDatagram(fromPort: number, to: Address, payload: Uint8Array): void {
    if (payload.length > DATAGRAM_MAX_BYTES) {
      throw new RangeError(`a datagram holds at most ${DATAGRAM_MAX_BYTES} bytes, but had ${payload.length}`);
    }
    const target = this.network.stackOf(LOOPBACK.has(to.host) ? this.name : to.host);
    if (target === undefined) return;
    const link = this.network.link(this.nodeId, target.nodeId);
    const from = { host: this.name, port: fromPort };
    const make = (): Datagram => new Datagram(link, target, from, to.port, this.slab.copyOf(payload));
    link.sendDatagram(make(), make);
  }

  #release(process: NetProcess): void {
    for (const [port, listener] of this.#listeners) if (listener.process === process) this.#listeners.delete(port);
    for (const [port, socket] of this.sockets) if (socket.process === process) this.sockets.delete(port);
  }

  #assertOwnAddress(at: Address): void {
    if (at.host === this.name || ANY.has(at.host) || LOOPBACK.has(at.host)) return;
    throw new NetError('address-not-available', `${at.host} is not an address of ${this.name}`);
  }
}
