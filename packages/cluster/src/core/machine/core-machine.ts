/**
 * The core's replicated state machine: a function from log entries to state and answers. All members that have applied the same entries have equal
 * states, down to the bytes of their snapshots.
 *
 * Exactly once: a command that carries a session and a sequence number is carried out the first time it is applied; when it comes again, in whatever
 * later entry, it is answered from the session table. Sessions are forgotten least recently used first, by the order of the log, when
 * there are more than `SESSIONS_MAX` or their answers take more than `SESSION_REPLIES_BYTES_MAX`; a request of a forgotten session is refused with
 * `session-expired`. They do not expire with time: a client that sleeps for a day is as good as one that sleeps for a second.
 */
import { ByteReader, BytesError } from '@quorate/patterns/base';
import type { Proposal, StateMachine } from '../../raft/types.ts';
import { malformed } from '../codec/index.ts';
import type { WatchHandle } from '../core.ts';
import type { CoreError } from '../errors.ts';
import { coreError } from '../messages.ts';
import type { Alarm, MemberRecord, RangeRequest, RangeResponse, WatchMessage, WatchRequest } from '../requests.ts';
import { checkRange } from '../validation.ts';
import { applyCommand } from './commands.ts';
import type { Lease, LeaseListener } from './lease-book.ts';
import { readRange } from './range.ts';
import { Reply } from './reply.ts';
import { readSnapshot } from './snapshot-reader.ts';
import { freezeState, snapshotChunks } from './snapshot-writer.ts';
import { CoreState } from './state.ts';
import { hashKeySpace, type StateHash } from './state-hash.ts';
import { WatchHub } from './watch-hub.ts';

/** The local end of an entry with a batch of commands. */
export interface CoreProposal extends Proposal {
  /** Called once for each command of the batch, in order, while the entry is applied. */
  reply(commandIndex: number, reply: Reply): void;
}

export interface CoreMachineOptions {
  /** Hears of leases as they come and go. */
  readonly leases?: LeaseListener;
  /** There is work though nothing was applied (a watch was created, resumed or asked for progress): call `work`, but not inside this call. */
  readonly wake?: () => void;
}

/** Changes pruned in one slice: about a millisecond's worth. */
const PRUNE_SLICE = 2048;

export class CoreMachine implements StateMachine {
  readonly #leaseListener: LeaseListener | undefined;
  readonly #wake: () => void;
  readonly #hub: WatchHub;
  #state: CoreState = new CoreState();

  constructor(options: CoreMachineOptions = {}) {
    this.#leaseListener = options.leases;
    this.#wake = options.wake ?? (() => {});
    this.#hub = new WatchHub(this.#state.space, this.#wake);
    this.#state.leases.listener = this.#leaseListener;
  }

  /** The last entry that the state contains. */
  get appliedIndex(): number {
    return this.#state.appliedIndex;
  }

  get revision(): number {
    return this.#state.space.revision;
  }

  /** −1 when nothing was ever compacted. */
  get compactRevision(): number {
    return this.#state.space.compactRevision;
  }

  /** Bytes of keys, values and their bookkeeping, equal on all members: what a quota is about. */
  get sizeBytes(): number {
    return this.#state.space.sizeBytes;
  }

  /** Bytes allocated on this member for values, those included that have not been given back yet. */
  get valueBytes(): number {
    return this.#state.space.arenaBytes;
  }

  get alarms(): readonly Alarm[] {
    return this.#state.alarms;
  }

  get members(): readonly MemberRecord[] {
    return [...this.#state.members.values()];
  }

  /** The term whose leader times the leases: see `LeaseEpochCommand`. */
  get leaseEpoch(): number {
    return this.#state.leases.epoch;
  }

  get leases(): Iterable<Lease> {
    return this.#state.leases.all();
  }

  get sessionCount(): number {
    return this.#state.sessions.size;
  }

  get watcherCount(): number {
    return this.#hub.size;
  }

  lease(id: number): Lease | undefined {
    return this.#state.leases.get(id);
  }

  /** `data` is a batch, which must never be written to again: values stay where they are. An entry that cannot be read is answered with a refusal, on all members alike. */
  apply(index: number, data: Uint8Array, local: Proposal | undefined): void {
    const proposal = local as CoreProposal | undefined;
    const state = this.#state;
    state.appliedIndex = index;
    const reader = new ByteReader(data);
    for (let nth = 0; reader.remaining > 0; nth++) {
      let reply: Reply;
      try {
        const length = reader.count();
        const start = reader.offset;
        reader.skip(length);
        reply = applyCommand(state, data, start, start + length);
      } catch (error) {
        if (!(error instanceof BytesError)) throw error;
        proposal?.reply(nth, Reply.of(malformed('batch', error) as CoreError));
        return;
      }
      proposal?.reply(nth, reply);
    }
  }

  /** Tells watchers what the entries of this turn have changed. */
  applied(_index: number): void {
    if (this.work()) this.#wake();
  }

  /** Delivers to watchers, lets slow ones catch up, frees what was compacted: a slice of each. Returns whether there is more. */
  work(): boolean {
    const behind = this.#hub.flush();
    const prunable = this.#state.space.prune(PRUNE_SLICE);
    return behind || prunable;
  }

  /** Reads this member's state. The answer refers to the state: encode it, or take `plainResponse` of it, before the turn ends. */
  range(request: RangeRequest): RangeResponse | CoreError {
    const objection = checkRange(request);
    if (objection !== undefined) return objection;
    if (this.#state.hasAlarm('corrupt')) return coreError('corrupt');
    return readRange(this.#state.space, request);
  }

  watch(request: WatchRequest, deliver: (message: WatchMessage) => void): WatchHandle {
    return this.#hub.watch(request, deliver);
  }

  /** See `hashKeySpace`: run it in slices. */
  hash(revision: number): Generator<undefined, StateHash | CoreError> {
    return hashKeySpace(this.#state.space, revision);
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return snapshotChunks(freezeState(this.#state));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const state = await readSnapshot(chunks);
    state.leases.listener = this.#leaseListener;
    this.#state = state;
    this.#hub.rebase(state.space);
    this.#wake();
  }
}
