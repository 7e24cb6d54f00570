import type { Address, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { type Hello, PROTOCOL_VERSION, PROTOCOL_VERSION_MIN, TRUSTING_MEMORY, type Welcome } from '../wire/index.ts';
import { Backoff } from './backoff.ts';
import { Dialling, type DiallingOwner } from './dialling.ts';
import type { FramedConnection } from './framed-connection.ts';
import type { ResolvedTransportOptions } from './options.ts';
import { Peer } from './peer.ts';
import { PeerLink, type PeerLinkOwner } from './peer-link.ts';
import { RarelyLog } from './rarely-log.ts';

/** Nodes with which there may be connections. One more that calls is refused. */
export const PEERS_MAX = 1024;
/** The side that is not preferred as the dialler lets the other go first. */
const COURTESY_MS = 40;

export interface PeersOwner {
  /** What links hand on, but their end, which stays here. */
  readonly traffic: Omit<PeerLinkOwner, 'closed'>;
  reachable(peer: NodeId, reachable: boolean): void;
}

/** Connections with the other nodes: dials, accepts, keeps at most one with each, and notices when one has died. */
export class Peers implements DiallingOwner, PeerLinkOwner {
  readonly #env: Env;
  readonly #options: ResolvedTransportOptions;
  readonly #incarnation: number;
  readonly #owner: PeersOwner;
  readonly #log: RarelyLog;
  readonly #peers: Map<NodeId, Peer> = new Map();
  #look: Disposable | undefined;
  #closed = false;

  constructor(options: ResolvedTransportOptions, incarnation: number, owner: PeersOwner) {
    this.#env = options.env;
    this.#options = options;
    this.#incarnation = incarnation;
    this.#owner = owner;
    this.#log = new RarelyLog(options.env);
    this.message = owner.traffic.message.bind(owner.traffic);
    this.request = owner.traffic.request.bind(owner.traffic);
    this.reply = owner.traffic.reply.bind(owner.traffic);
    this.refused = owner.traffic.refused.bind(owner.traffic);
  }

  readonly message: PeerLinkOwner['message'];
  readonly request: PeerLinkOwner['request'];
  readonly reply: PeerLinkOwner['reply'];
  readonly refused: PeerLinkOwner['refused'];

  link(id: NodeId): PeerLink | undefined {
    return this.#peers.get(id)?.link;
  }

  get links(): readonly PeerLink[] {
    return [...this.#peers.values()].flatMap((peer) => (peer.link === undefined ? [] : [peer.link]));
  }

  /** Whether there is room for that node, known or not. */
  hasRoomFor(id: NodeId): boolean {
    return this.#peers.has(id) || this.#peers.size < PEERS_MAX;
  }

  /** A link with a node that is no longer listed stays until either side closes it: the node may have to hear that it was removed. */
  setPeers(addresses: ReadonlyMap<NodeId, Address>): void {
    for (const peer of this.#peers.values()) {
      if (addresses.has(peer.id)) continue;
      peer.address = undefined;
      peer.pause?.[Symbol.dispose]();
      peer.pause = undefined;
      peer.dialling?.abandon();
      peer.dialling = undefined;
      if (peer.link === undefined) this.#peers.delete(peer.id);
    }
    for (const [id, address] of addresses) {
      if (id === this.#options.self) continue;
      const known = this.#peers.get(id);
      const peer = known ?? this.#add(id);
      const moved = peer.address?.host !== address.host || peer.address.port !== address.port;
      peer.address = address;
      if (!moved) continue;
      peer.dialling?.abandon();
      peer.dialling = undefined;
      peer.backoff.reset();
      this.#dialLater(peer, known === undefined && this.#options.self > id ? COURTESY_MS : 0);
    }
  }

  /** Another node has called. True when its connection becomes the link; otherwise ours, or our own attempt, stays. */
  called(hello: Extract<Hello, { role: 'peer' }>, framed: FramedConnection, welcome: () => void): boolean {
    const peer = this.#peers.get(hello.from) ?? this.#add(hello.from);
    if (peer.keepsOwn(this.#options.self, hello.incarnation)) {
      // It would not call if it knew of our connection: find out whether that still lives.
      peer.link?.ping();
      return false;
    }
    peer.dialling?.abandon();
    peer.dialling = undefined;
    peer.link?.framed.destroy(new Error('replaced by a newer connection'));
    welcome();
    this.#establish(peer, framed, { incarnation: hello.incarnation, dialled: false });
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#look?.[Symbol.dispose]();
    for (const peer of this.#peers.values()) {
      peer.pause?.[Symbol.dispose]();
      peer.dialling?.abandon();
      peer.link?.goodbye();
    }
    this.#peers.clear();
  }

  // --- DiallingOwner

  welcomed(dialling: Dialling, welcome: Welcome): void {
    const peer = this.#dialler(dialling);
    if (peer === undefined) return dialling.framed.destroy(undefined);
    const { clusterId } = this.#options;
    if (welcome.clusterId !== clusterId || welcome.nodeId !== peer.id) {
      const complaint = `node ${welcome.nodeId} of cluster ${welcome.clusterId} answers where node ${peer.id} of cluster ${clusterId} was expected`;
      dialling.framed.destroy(undefined);
      return this.failed(dialling, 'somebody else answers', complaint);
    }
    peer.dialling = undefined;
    peer.link?.framed.destroy(new Error('replaced by a newer connection'));
    this.#establish(peer, dialling.framed, { incarnation: welcome.incarnation, dialled: true });
  }

  failed(dialling: Dialling, reason: string, complaint: string | undefined): void {
    const peer = this.#dialler(dialling);
    if (peer === undefined) return;
    peer.dialling = undefined;
    const address = `${peer.address?.host}:${peer.address?.port}`;
    if (complaint !== undefined)
      this.#log.warn('a node refuses this one', { peer: peer.id, address, reason: complaint });
    else this.#env.log.debug('a node cannot be reached', { peer: peer.id, address, reason });
    this.#dialLater(peer, peer.backoff.next());
  }

  // --- PeerLinkOwner

  closed(link: PeerLink, reason: Error | undefined): void {
    const peer = this.#peers.get(link.peer);
    if (peer?.link !== link) return;
    peer.link = undefined;
    this.#env.log.info('the connection with a node is lost', { peer: peer.id, reason: reason?.message ?? 'closed' });
    this.#owner.reachable(peer.id, false);
    if (peer.address === undefined) this.#peers.delete(peer.id);
    else this.#dialLater(peer, peer.backoff.next());
  }

  // --- Inside

  #add(id: NodeId): Peer {
    const peer = new Peer(id, new Backoff(this.#env.random.stream(`transport/${id}`), this.#options.backoff));
    this.#peers.set(id, peer);
    return peer;
  }

  #dialler(dialling: Dialling): Peer | undefined {
    for (const peer of this.#peers.values()) if (peer.dialling === dialling) return peer;
    return undefined;
  }

  #dialLater(peer: Peer, delayMs: number): void {
    peer.pause?.[Symbol.dispose]();
    peer.pause = this.#env.timers.at(Instant.add(this.#env.clock.monotonic(), delayMs), () => {
      peer.pause = undefined;
      this.#dial(peer);
    });
  }

  /** Level-triggered: dials when there is an address and neither a connection nor an attempt. */
  #dial(peer: Peer): void {
    if (this.#closed || peer.address === undefined || peer.link !== undefined || peer.dialling !== undefined) return;
    const { self, clusterId, handshakeTimeoutMs } = this.#options;
    const hello: Hello = {
      role: 'peer',
      versionMin: PROTOCOL_VERSION_MIN,
      versionMax: PROTOCOL_VERSION,
      clusterId,
      from: self,
      to: peer.id,
      incarnation: this.#incarnation,
    };
    peer.dialling = new Dialling(this.#env, peer.address, hello, handshakeTimeoutMs, this);
  }

  #establish(peer: Peer, framed: FramedConnection, identity: { incarnation: number; dialled: boolean }): void {
    const link = new PeerLink(this, framed, { peer: peer.id, ...identity });
    peer.link = link;
    // With the connection that this one replaces, a peer without an address was forgotten.
    this.#peers.set(peer.id, peer);
    peer.pause?.[Symbol.dispose]();
    peer.pause = undefined;
    peer.backoff.reset();
    framed.establish(link, this.#options.frameBytesMax, TRUSTING_MEMORY);
    this.#env.log.info('connected with a node', { peer: peer.id, dialled: identity.dialled });
    this.#lookLater();
    this.#owner.reachable(peer.id, true);
  }

  #lookLater(): void {
    if (this.#look !== undefined || this.#closed) return;
    const at = Instant.add(this.#env.clock.monotonic(), this.#options.pingIntervalMs);
    this.#look = this.#env.timers.at(at, () => {
      this.#look = undefined;
      // What arrived while the event loop stood still is in the sockets: read it before anybody is called silent.
      this.#env.tasks.defer(() => this.#lookAtAll());
    });
  }

  /** Counts looks, not time, for the same reason. */
  #lookAtAll(): void {
    if (this.#closed) return;
    const looksMax = Math.ceil(this.#options.silenceMaxMs / this.#options.pingIntervalMs);
    for (const link of this.links) {
      const heard = link.framed.bytesIn;
      link.silentLooks = heard === link.heardBytes ? link.silentLooks + 1 : 0;
      link.heardBytes = heard;
      if (link.silentLooks >= looksMax) link.framed.destroy(new Error('nothing heard any more'));
      else if (link.silentLooks > 0) link.ping();
    }
    if (this.links.length > 0) this.#lookLater();
  }
}
