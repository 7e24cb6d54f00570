import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { NodeId, SnapshotMark } from '@quorate/patterns/consensus/raft';
import type { GroupId, SnapshotStore, SnapshotWriter } from '../storage/types.ts';
import type { SnapshotReply, SnapshotRequest } from './snapshot-messages.ts';

/** A stream of which nothing was heard for this long is given up. */
const IDLE_MS = 30_000;
/** Streams of all groups together. */
const RECEPTIONS_MAX = 8;

export interface ReceiverOwner {
  /** The snapshot would bring the group nothing: it has all of it. */
  has(group: GroupId, index: number): boolean;
  /** Why a snapshot of the group cannot be written now; undefined when it can. */
  objection(group: GroupId): string | undefined;
  /** The snapshot is durable: the newest in the store. */
  received(group: GroupId, from: NodeId, term: number, mark: SnapshotMark): void;
  /** The snapshot could not be written. */
  failed(group: GroupId, error: unknown): void;
}

interface Reception {
  readonly from: NodeId;
  readonly term: number;
  readonly mark: SnapshotMark;
  readonly sizeBytes: number;
  readonly writer: SnapshotWriter;
  /** Everything up to here has been handed to the writer. */
  position: number;
  /** In how many pieces that came. */
  chunks: number;
  /** Writes are one after the other. */
  tail: Promise<void>;
  idle: Disposable;
}

const rejected = (reason: string): SnapshotReply => ({ kind: 'rejected', reason });

/** Writes snapshots that leaders send. A stream that breaks off may be taken up where it stood, by the same sender, until it is given up. */
export class SnapshotReceiver {
  readonly #env: Env;
  readonly #snapshots: SnapshotStore;
  readonly #owner: ReceiverOwner;
  readonly #receptions: Map<GroupId, Reception> = new Map();
  readonly #opening: Set<GroupId> = new Set();
  received = 0;

  constructor(env: Env, snapshots: SnapshotStore, owner: ReceiverOwner) {
    this.#env = env;
    this.#snapshots = snapshots;
    this.#owner = owner;
  }

  isReceiving(group: GroupId): boolean {
    return this.#receptions.has(group) || this.#opening.has(group);
  }

  /** Never rejects: a failure of the disk becomes a reply, and the owner, who may have to stop, hears of it. */
  async handle(from: NodeId, request: SnapshotRequest): Promise<SnapshotReply> {
    const group = request.group as GroupId;
    try {
      if (request.kind === 'offer') return await this.#offered(group, from, request);
      const reception = this.#receptions.get(group);
      if (reception === undefined || reception.from !== from || reception.mark.index !== request.index) {
        return rejected('this stream is not known here: offer the snapshot again');
      }
      this.#stayAwake(group, reception);
      return request.kind === 'chunk'
        ? await this.#chunk(group, reception, request)
        : await this.#finish(group, reception);
    } catch (error) {
      this.#env.log.error('a snapshot could not be received', { group, from, reason: String(error) });
      this.#owner.failed(group, error);
      await this.#abort(group).catch(() => {});
      return rejected(`it cannot be written: ${String(error)}`);
    }
  }

  async stop(): Promise<void> {
    await Promise.allSettled([...this.#receptions.keys()].map((group) => this.#abort(group)));
  }

  async #offered(
    group: GroupId,
    from: NodeId,
    offer: Extract<SnapshotRequest, { kind: 'offer' }>,
  ): Promise<SnapshotReply> {
    if (this.#owner.has(group, offer.mark.index)) return { kind: 'done' };
    const objection = this.#opening.has(group) ? 'another stream is being opened' : this.#owner.objection(group);
    if (objection !== undefined) return rejected(objection);
    const known = this.#receptions.get(group);
    if (known !== undefined) {
      const { mark, sizeBytes } = known;
      const same = mark.index === offer.mark.index && mark.term === offer.mark.term && sizeBytes === offer.sizeBytes;
      if (known.from === from && same) {
        await known.tail;
        return { kind: 'continue', position: known.position };
      }
      await this.#abort(group);
    }
    if (this.#receptions.size >= RECEPTIONS_MAX) return rejected(`${RECEPTIONS_MAX} snapshots are being received`);
    return this.#begin(group, from, offer);
  }

  async #begin(
    group: GroupId,
    from: NodeId,
    { term, mark, sizeBytes }: Extract<SnapshotRequest, { kind: 'offer' }>,
  ): Promise<SnapshotReply> {
    this.#opening.add(group);
    try {
      const writer = await this.#snapshots.create(group, mark);
      const tail = Promise.resolve();
      const idle = this.#idleTimer(group);
      this.#receptions.set(group, { from, term, mark, sizeBytes, writer, position: 0, chunks: 0, tail, idle });
      return { kind: 'continue', position: 0 };
    } finally {
      this.#opening.delete(group);
    }
  }

  async #chunk(
    group: GroupId,
    reception: Reception,
    { position, bytes }: Extract<SnapshotRequest, { kind: 'chunk' }>,
  ): Promise<SnapshotReply> {
    if (position !== reception.position) return rejected(`bytes from ${reception.position} on were expected`);
    if (position + bytes.length > reception.sizeBytes) return rejected('there are more bytes than were offered');
    reception.position += bytes.length;
    reception.chunks += 1;
    reception.tail = reception.tail.then(() => reception.writer.write(bytes));
    await reception.tail;
    return this.#receptions.get(group) === reception
      ? { kind: 'continue', position: position + bytes.length }
      : rejected('another stream has taken the place of this one');
  }

  async #finish(group: GroupId, reception: Reception): Promise<SnapshotReply> {
    await reception.tail;
    if (reception.position !== reception.sizeBytes) {
      return rejected(`${reception.position} of ${reception.sizeBytes} bytes have come`);
    }
    if (this.#receptions.get(group) !== reception) return rejected('another stream has taken the place of this one');
    this.#opening.add(group);
    this.#forget(group, reception);
    try {
      await reception.writer.commit();
    } catch (error) {
      await reception.writer.abort().catch(() => {});
      throw error;
    } finally {
      this.#opening.delete(group);
    }
    this.received += 1;
    const { from, mark, sizeBytes, chunks } = reception;
    this.#env.log.info('received a snapshot', { group, from, index: mark.index, sizeBytes, chunks });
    this.#owner.received(group, from, reception.term, mark);
    return { kind: 'done' };
  }

  async #abort(group: GroupId): Promise<void> {
    const reception = this.#receptions.get(group);
    if (reception === undefined) return;
    this.#forget(group, reception);
    await reception.tail.catch(() => {});
    await reception.writer.abort();
  }

  #forget(group: GroupId, reception: Reception): void {
    this.#receptions.delete(group);
    reception.idle[Symbol.dispose]();
  }

  #stayAwake(group: GroupId, reception: Reception): void {
    reception.idle[Symbol.dispose]();
    reception.idle = this.#idleTimer(group);
  }

  #idleTimer(group: GroupId): Disposable {
    return this.#env.timers.at(Instant.add(this.#env.clock.monotonic(), IDLE_MS), () => {
      void this.#abort(group).catch(() => {});
    });
  }
}
