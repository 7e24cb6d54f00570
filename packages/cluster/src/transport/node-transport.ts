import type { Address, Listener } from '@quorate/env';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import {
  encodeWelcome,
  FrameKind,
  type FrameMemory,
  type Hello,
  PROTOCOL_VERSION,
  RecyclingMemory,
  type Refusal,
} from '../wire/index.ts';
import { ClientLink } from './client-link.ts';
import { TransportError, type TransportErrorCode } from './errors.ts';
import type { FramedConnection } from './framed-connection.ts';
import { Greeting, type GreetingOwner, refuse } from './greeting.ts';
import { type ResolvedTransportOptions, resolveTransportOptions, type TransportOptions } from './options.ts';
import type { PeerLink } from './peer-link.ts';
import { PEERS_MAX, Peers } from './peers.ts';
import { PendingRequests, REQUESTS_MAX, type RequestDone } from './pending-requests.ts';
import { RarelyLog } from './rarely-log.ts';
import type { Channel, Lane, PeerTransport } from './types.ts';

export type MessageHandler = (from: NodeId, payload: Uint8Array) => void;
export type RequestHandler = (from: NodeId, payload: Uint8Array, reply: (payload: Uint8Array) => void) => void;

export interface PeerStatus {
  readonly id: NodeId;
  /** This side dialled. */
  readonly dialled: boolean;
  readonly address: Address;
  readonly queuedBytes: number;
  readonly receivedBytes: number;
  readonly receivedFrames: number;
  /** Frames that were not sent because too much was queued. */
  readonly droppedFrames: number;
}

/** One node's connections: with all its peers, and from its native clients, on one port. */
export class NodeTransport implements PeerTransport {
  readonly self: NodeId;
  readonly #options: ResolvedTransportOptions;
  /** Tells this process from its predecessors under the same id. */
  readonly #incarnation: number;
  readonly #log: RarelyLog;
  readonly #peers: Peers;
  readonly #greetings: Set<Greeting> = new Set();
  readonly #clients: Set<ClientLink> = new Set();
  readonly #clientMemory: FrameMemory = new RecyclingMemory();
  readonly #handlers: Map<Channel, MessageHandler> = new Map();
  readonly #answerers: Map<Channel, RequestHandler> = new Map();
  readonly #requests: PendingRequests;
  readonly #listeners: Set<(peer: NodeId, reachable: boolean) => void> = new Set();
  #listener: Listener | undefined;
  #closed = false;

  private constructor(options: TransportOptions) {
    this.#options = resolveTransportOptions(options);
    this.self = options.self;
    this.#incarnation = options.env.random.stream('transport/incarnation').uint32();
    this.#log = new RarelyLog(options.env);
    this.#requests = new PendingRequests(options.env);
    this.#peers = new Peers(this.#options, this.#incarnation, {
      traffic: {
        message: (from, channel, payload) => this.#handlers.get(channel)?.(from, payload),
        request: (link, channel, id, payload) => this.#answer(link, channel, id, payload),
        reply: (from, id, payload) => this.#requests.answer(from, id, payload),
        refused: (from, id, code, message) => this.#requests.refuse(from, id, code, message),
      },
      reachable: (peer, reachable) => this.#reachable(peer, reachable),
    });
  }

  /** Binds the port. Rejects with `NetError`. Channels should be given their handlers in the same turn in which this resolves. */
  static async listen(options: TransportOptions): Promise<NodeTransport> {
    const transport = new NodeTransport(options);
    const { env, handshakesMax, handshakeTimeoutMs } = transport.#options;
    const owner = transport.#greetingOwner();
    transport.#listener = await env.net.listen(options.listen, (connection) => {
      if (transport.#greetings.size >= handshakesMax) {
        transport.#log.warn('connection closed: too many handshakes are under way', {
          remote: text(connection.remote),
        });
        return undefined;
      }
      const greeting = new Greeting(env, connection, handshakeTimeoutMs, owner);
      transport.#greetings.add(greeting);
      return greeting.framed;
    });
    return transport;
  }

  /** Where this node listens, with the port that the system chose when 0 was asked for. */
  get address(): Address {
    return this.#listener!.address;
  }

  get clientCount(): number {
    return this.#clients.size;
  }

  setPeers(peers: ReadonlyMap<NodeId, Address>): void {
    if (!this.#closed) this.#peers.setPeers(peers);
  }

  /** The connections with other nodes, for people to look at. */
  get peers(): readonly PeerStatus[] {
    return this.#peers.links.map((link) => ({
      id: link.peer,
      dialled: link.dialled,
      address: link.framed.connection.remote,
      queuedBytes: link.queuedBytes,
      receivedBytes: link.framed.bytesIn,
      receivedFrames: link.framed.framesIn,
      droppedFrames: link.dropped,
    }));
  }

  isReachable(peer: NodeId): boolean {
    return this.#peers.link(peer) !== undefined;
  }

  send(to: NodeId, channel: Channel, lane: Lane, payload: Uint8Array): void {
    this.#peers.link(to)?.message(channel, lane, [payload]);
  }

  sendParts(to: NodeId, channel: Channel, lane: Lane, parts: readonly Uint8Array[]): void {
    this.#peers.link(to)?.message(channel, lane, parts);
  }

  queuedBytes(to: NodeId): number {
    return this.#peers.link(to)?.queuedBytes ?? 0;
  }

  receive(channel: Channel, handler: MessageHandler): void {
    this.#handlers.set(channel, handler);
  }

  answer(channel: Channel, handler: RequestHandler): void {
    this.#answerers.set(channel, handler);
  }

  request(to: NodeId, channel: Channel, payload: Uint8Array, timeoutMs: number, done: RequestDone): void {
    const link = this.#peers.link(to);
    if (this.#closed) return this.#fail(done, 'stopped', 'this node is stopping');
    if (link === undefined) return this.#fail(done, 'unreachable', `node ${to} cannot be reached at present`);
    if (this.#requests.isFull) return this.#fail(done, 'overloaded', `${REQUESTS_MAX} requests wait already`);
    const id = this.#requests.add(to, timeoutMs, done);
    if (link.request(channel, id, payload)) return;
    this.#options.env.tasks.defer(() => this.#requests.refuse(to, id, 'overloaded', `node ${to} does not keep up`));
  }

  onReachable(listener: (peer: NodeId, reachable: boolean) => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Says goodbye to all, and to clients that they should go elsewhere. Idempotent. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const greeting of [...this.#greetings]) greeting.framed.destroy(undefined);
    for (const client of [...this.#clients]) client.close('this node is stopping');
    this.#peers.close();
    this.#requests.stop();
    await this.#listener?.close();
  }

  // --- Handshakes

  #greetingOwner(): GreetingOwner {
    return {
      judge: (hello) => this.#judge(hello),
      greeted: (hello, framed) => {
        if (hello.role === 'peer') this.#peerCalls(hello, framed);
        else this.#clientCalls(hello, framed);
      },
      over: (greeting, complaint) => {
        this.#greetings.delete(greeting);
        if (complaint === undefined) return;
        this.#log.warn('connection refused', { remote: text(greeting.framed.connection.remote), reason: complaint });
      },
    };
  }

  #judge(hello: Hello): Refusal | undefined {
    const { clusterId, admit, clientsMax, onClient } = this.#options;
    const anyCluster = hello.role === 'client' && hello.clusterId === 0;
    if (this.#closed) return { code: 'stopping', message: 'this node is stopping' };
    if (hello.clusterId !== clusterId && !anyCluster) {
      const message = `this is cluster ${clusterId}, you belong to cluster ${hello.clusterId}: check the address and the data directory`;
      return { code: 'wrong-cluster', message };
    }
    if (hello.role === 'client') {
      if (onClient === undefined) return { code: 'stopping', message: 'this node does not serve clients' };
      if (this.#clients.size < clientsMax) return undefined;
      return { code: 'overloaded', message: `${clientsMax} clients are connected already` };
    }
    if (hello.to !== this.self || hello.from === this.self) {
      return { code: 'wrong-node', message: `this is node ${this.self}, node ${hello.from} wants node ${hello.to}` };
    }
    if (!this.#peers.hasRoomFor(hello.from)) {
      return { code: 'overloaded', message: `there are connections with ${PEERS_MAX} nodes already` };
    }
    const objection = admit?.(hello.from);
    return objection === undefined ? undefined : { code: 'unknown-peer', message: objection };
  }

  #peerCalls(hello: Extract<Hello, { role: 'peer' }>, framed: FramedConnection): void {
    const kept = this.#peers.called(hello, framed, () => this.#welcome(hello, framed));
    if (!kept) refuse(framed, 'duplicate', `node ${this.self} is connected with node ${hello.from} already`);
  }

  #clientCalls(hello: Extract<Hello, { role: 'client' }>, framed: FramedConnection): void {
    const link = new ClientLink(framed, (gone) => this.#clients.delete(gone));
    const handler = this.#options.onClient?.(link, hello.clientId);
    if (handler === undefined) return refuse(framed, 'stopping', 'this node does not serve clients at present');
    this.#clients.add(link);
    link.attach(handler);
    framed.establish(link, this.#options.frameBytesMax, this.#clientMemory);
    this.#welcome(hello, framed);
  }

  #welcome(hello: Hello, framed: FramedConnection): void {
    const { clusterId, frameBytesMax } = this.#options;
    const version = Math.min(hello.versionMax, PROTOCOL_VERSION);
    const welcome = { version, clusterId, nodeId: this.self, incarnation: this.#incarnation, frameBytesMax };
    framed.send(FrameKind.welcome, encodeWelcome(welcome));
  }

  // --- Traffic

  #answer(link: PeerLink, channel: Channel, id: number, payload: Uint8Array): void {
    const handler = this.#answerers.get(channel);
    if (handler === undefined) return link.refuse(id, `node ${this.self} does not answer channel ${channel}`);
    handler(link.peer, payload, (reply) => link.reply(id, reply));
  }

  #reachable(peer: NodeId, reachable: boolean): void {
    if (!reachable) this.#requests.lose(peer, 'connection-lost', `the connection with node ${peer} is lost`);
    for (const listener of [...this.#listeners]) listener(peer, reachable);
  }

  #fail(done: RequestDone, code: TransportErrorCode, message: string): void {
    this.#options.env.tasks.defer(() => done(new TransportError(code, message), undefined));
  }
}

const text = (address: Address): string => `${address.host}:${address.port}`;
