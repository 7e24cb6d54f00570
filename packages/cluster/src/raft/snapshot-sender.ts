import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { GroupId, SnapshotReader, SnapshotStore } from '../storage/types.ts';
import { Channels } from '../transport/channels.ts';
import type { PeerTransport } from '../transport/types.ts';
import {
  decodeSnapshotReply,
  encodeSnapshotRequest,
  type SnapshotReply,
  type SnapshotRequest,
} from './snapshot-messages.ts';

const CHUNK_BYTES = 256 * 1024;
/** Chunks under way and not yet written by the receiver. */
const CHUNKS_IN_FLIGHT = 4;
/** Streams to all followers of all groups together. */
export const SENDS_MAX = 4;
/** A chunk is answered when it is written, the last request when all is synced and verified. */
const CHUNK_TIMEOUT_MS = 10_000;
const FINISH_TIMEOUT_MS = 60_000;

export interface SendJob {
  readonly group: GroupId;
  readonly to: NodeId;
  readonly term: number;
  /** False once this node is no longer the leader of `term`: the stream is given up. */
  readonly wanted: () => boolean;
}

/** The follower will not have it, at present: its reason is the message. */
export class SnapshotRefusal extends Error {
  override readonly name = 'SnapshotRefusal';
}

/** Streams the newest snapshot of a group to a follower, at the pace at which that writes it down. */
export class SnapshotSender {
  readonly #transport: PeerTransport;
  readonly #snapshots: SnapshotStore;
  readonly #running: Set<string> = new Set();
  sent = 0;

  constructor(transport: PeerTransport, snapshots: SnapshotStore) {
    this.#transport = transport;
    this.#snapshots = snapshots;
  }

  /** Resolves with the index of the snapshot that is durable there. Rejects, with the reason, when it is not. */
  async send(job: SendJob): Promise<number> {
    const name = `${job.group}/${job.to}`;
    if (this.#running.has(name)) throw new Error('a snapshot is on its way already');
    if (this.#running.size >= SENDS_MAX) throw new Error(`${SENDS_MAX} snapshots are on their way already`);
    this.#running.add(name);
    try {
      await using reader = await this.#snapshots.open(job.group);
      if (reader === undefined) throw new Error('there is no snapshot');
      await this.#stream(job, reader);
      this.sent += 1;
      return reader.mark.index;
    } finally {
      this.#running.delete(name);
    }
  }

  async #stream(job: SendJob, reader: SnapshotReader): Promise<void> {
    const { group, term } = job;
    const { mark, sizeBytes } = reader;
    const offered = await this.#ask(job, { kind: 'offer', group, term, mark, sizeBytes }, CHUNK_TIMEOUT_MS);
    if (offered.kind === 'done') return;
    let position = expectPosition(offered);
    const inFlight: Promise<SnapshotReply>[] = [];
    while (position < sizeBytes) {
      if (!job.wanted()) throw new Error('leadership has moved');
      if (inFlight.length >= CHUNKS_IN_FLIGHT) expectPosition(await inFlight.shift()!);
      const bytes = await reader.read(position, CHUNK_BYTES);
      const chunk = this.#ask(job, { kind: 'chunk', group, index: mark.index, position, bytes }, CHUNK_TIMEOUT_MS);
      // Those behind a failed one fail as well; the first is heard.
      chunk.catch(() => {});
      inFlight.push(chunk);
      position += bytes.length;
    }
    for (const chunk of inFlight) expectPosition(await chunk);
    const finished = await this.#ask(job, { kind: 'finish', group, index: mark.index }, FINISH_TIMEOUT_MS);
    if (finished.kind === 'continue') throw new Error('not finished');
    if (finished.kind === 'rejected') throw new SnapshotRefusal(finished.reason);
  }

  #ask(job: SendJob, request: SnapshotRequest, timeoutMs: number): Promise<SnapshotReply> {
    return new Promise((resolve, reject) => {
      this.#transport.request(job.to, Channels.snapshot, encodeSnapshotRequest(request), timeoutMs, (error, reply) => {
        if (reply === undefined) return reject(error ?? new Error('no reply'));
        try {
          resolve(decodeSnapshotReply(reply));
        } catch (malformed) {
          reject(malformed);
        }
      });
    });
  }
}

function expectPosition(reply: SnapshotReply): number {
  if (reply.kind === 'continue') return reply.position;
  throw reply.kind === 'rejected' ? new SnapshotRefusal(reply.reason) : new Error('the stream ended early');
}
