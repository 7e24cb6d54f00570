/**
 * All writes of a node, whoever asked for them, gathered per turn of the event loop into one log entry (Joshi, "Patterns of Distributed
 * Systems", Request Batch, Singular Update Queue). The bytes of a command are copied once, from where they came in to the entry.
 *
 * The leader proposes the entry; any other node passes the same bytes on to the leader. Nothing waits here for a leader: without one,
 * writes are refused, and whether to try again is the asker's business.
 */
import type { Tasks } from '@quorate/env';
import { ByteWriter } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import type { RaftGroup } from '../../raft/types.ts';
import type { CoreError } from '../errors.ts';
import type { Reply } from '../machine/reply.ts';
import { coreError } from '../messages.ts';
import type { LeaderView } from './leader-view.ts';
import { WriteBatch } from './write-batch.ts';

/** Who asked for a write. Hears, exactly once and never inside the call that asked, what became of it. */
export interface WriteSink {
  /** The state machine's answer, which may be that it refuses. */
  written(tag: number, reply: Reply): void;
  /** The state machine has not seen it, or nobody knows whether it has: see the error's outcome. `leader`: where to go, if known. */
  refused(tag: number, error: CoreError, leader: NodeId | undefined): void;
}

/** An entry is closed when it has grown to this: a follower can then work on one while the next is on its way. */
const ENTRY_BYTES_SOFT: number = 512 * 1024;
/** Writes without an outcome yet, of all askers together, beyond which more are refused with `too-many-requests`. */
export const WRITES_IN_FLIGHT_MAX = 131_072;
export const WRITE_BYTES_IN_FLIGHT_MAX: number = 128 * 1024 * 1024;

export class WriteQueue {
  readonly #tasks: Tasks;
  readonly #group: RaftGroup;
  readonly #view: LeaderView;
  readonly #forward: (leader: NodeId, payload: Uint8Array, batch: WriteBatch) => void;
  readonly #ended: (() => void) | undefined;
  readonly #writer: ByteWriter = new ByteWriter(64 * 1024);
  /** The entry that is being gathered; its bytes are in the writer. */
  #open: WriteBatch | undefined;
  /** The next entry will be about as long as the last one: its buffer need not grow, which would copy it. */
  #expectedBytes = 0;
  #stopped = false;
  #inFlight = 0;
  #bytesInFlight = 0;

  constructor(parts: {
    readonly tasks: Tasks;
    readonly group: RaftGroup;
    readonly view: LeaderView;
    /** Passes an entry's bytes on to the leader; the batch must hear the outcome. */
    readonly forward: (leader: NodeId, payload: Uint8Array, batch: WriteBatch) => void;
    /** Called when an entry has been applied, or refused. */
    readonly ended?: () => void;
  }) {
    this.#tasks = parts.tasks;
    this.#group = parts.group;
    this.#view = parts.view;
    this.#forward = parts.forward;
    this.#ended = parts.ended;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get bytesInFlight(): number {
    return this.#bytesInFlight + this.#writer.length;
  }

  /** Queues the encoded command `bytes`. Returns a refusal, and then nothing else happens, or undefined. */
  add(bytes: Uint8Array, sink: WriteSink, tag: number): CoreError | undefined {
    if (this.#stopped) return coreError('stopped');
    if (this.#inFlight >= WRITES_IN_FLIGHT_MAX || this.bytesInFlight >= WRITE_BYTES_IN_FLIGHT_MAX) {
      return coreError('too-many-requests');
    }
    const batch = this.#open ?? this.#begin();
    this.#writer.bytes(bytes);
    batch.add(sink, tag);
    this.#inFlight += 1;
    // A full entry waits for the end of the turn, too, but the next one is begun.
    if (this.#writer.length >= ENTRY_BYTES_SOFT) this.#close(batch);
    return undefined;
  }

  /** The leader's entry is put together when the group takes it, at the end of the turn; another node sends it then. */
  #begin(): WriteBatch {
    const batch = new WriteBatch((settled) => this.#settled(settled));
    this.#open = batch;
    this.#writer.reserve(this.#expectedBytes);
    if (this.#view.leads) this.#group.propose(() => this.#close(batch), batch);
    else this.#tasks.defer(() => this.#passOn(batch));
    return batch;
  }

  #passOn(batch: WriteBatch): void {
    const payload = this.#close(batch);
    const { leader } = this.#view;
    if (leader === undefined) batch.fail(coreError('no-leader'), undefined);
    // It may have come to lead since.
    else if (this.#view.leads) this.#group.propose(payload, batch);
    else this.#forward(leader, payload, batch);
  }

  /** The entry's bytes; nothing is added to it any more. */
  #close(batch: WriteBatch): Uint8Array {
    if (batch.payload !== undefined) return batch.payload;
    const payload = this.#writer.take();
    batch.payload = payload;
    this.#bytesInFlight += payload.length;
    this.#expectedBytes = Math.ceil(payload.length * 1.125);
    this.#open = undefined;
    return payload;
  }

  #settled(batch: WriteBatch): void {
    // It may have been refused before anybody asked for its bytes.
    this.#bytesInFlight -= this.#close(batch).length;
    this.#inFlight -= batch.count;
    this.#ended?.();
  }

  /** Refuses what comes from now on. What is under way hears from the group as it stops. */
  stop(): void {
    this.#stopped = true;
  }
}
