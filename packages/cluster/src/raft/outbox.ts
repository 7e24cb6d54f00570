import { clear } from '@quorate/patterns/base';
import type { NodeId, RaftMessage } from '@quorate/patterns/consensus/raft';
import { Channels } from '../transport/channels.ts';
import type { Lane, PeerTransport } from '../transport/types.ts';
import { EntryEncoder, RaftFrame } from '../wire/index.ts';

/** Beyond this a frame is closed and another begun, so that an urgent frame never waits behind more of one frame than this. */
const FRAME_BYTES_SOFT_MAX = 1024 * 1024;

interface PeerFrames {
  readonly to: NodeId;
  readonly urgent: RaftFrame;
  readonly bulk: RaftFrame;
  touched: boolean;
}

/** What this turn sends: the messages of all groups to one node leave as one frame per lane. */
export class Outbox {
  readonly #transport: PeerTransport;
  readonly #entries: EntryEncoder = new EntryEncoder();
  readonly #peers: Map<NodeId, PeerFrames> = new Map();
  readonly #touched: PeerFrames[] = [];
  frames = 0;
  messages = 0;
  bytes = 0;

  constructor(transport: PeerTransport) {
    this.#transport = transport;
  }

  add(to: NodeId, group: number, message: RaftMessage): void {
    let peer = this.#peers.get(to);
    if (peer === undefined) {
      peer = { to, urgent: new RaftFrame(this.#entries), bulk: new RaftFrame(this.#entries), touched: false };
      this.#peers.set(to, peer);
    }
    if (!peer.touched) {
      peer.touched = true;
      this.#touched.push(peer);
    }
    this.messages += 1;
    // Appends stay in order among themselves: one that overtakes another looks like a gap to the follower.
    if (message.kind !== 'append-request') peer.urgent.add(group, message);
    else {
      peer.bulk.add(group, message);
      if (peer.bulk.sizeBytes >= FRAME_BYTES_SOFT_MAX) this.#send(peer.to, 'bulk', peer.bulk);
    }
  }

  /** Hands everything to the sockets. */
  flush(): void {
    if (this.#touched.length === 0) return;
    for (const peer of this.#touched) {
      peer.touched = false;
      if (peer.urgent.messages > 0) this.#send(peer.to, 'urgent', peer.urgent);
      if (peer.bulk.messages > 0) this.#send(peer.to, 'bulk', peer.bulk);
    }
    clear(this.#touched);
    this.#entries.clear();
  }

  #send(to: NodeId, lane: Lane, frame: RaftFrame): void {
    this.frames += 1;
    this.bytes += frame.sizeBytes;
    this.#transport.sendParts(to, Channels.raft, lane, frame.take());
  }
}
