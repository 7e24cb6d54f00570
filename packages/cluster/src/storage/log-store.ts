/**
 * One write-ahead log for all groups of a node. Joshi, "Patterns of Distributed Systems": Write-Ahead Log, Segmented
 * Log, Low-Water Mark.
 *
 * Group commit without a timer: one batch is in flight, and all that is queued meanwhile is the next one. An idle store
 * writes as soon as the function that queued has ended, with all that it has queued.
 */
import type { Env, File } from '@quorate/env';
import { assert, Instant } from '@quorate/patterns/base';
import { BatchWriter, type LowWaterMark, SEGMENT_HEADER_BYTES } from '@quorate/patterns/log';
import { StorageError } from './errors.ts';
import { LogDirectory } from './log-directory.ts';
import { LogGroup } from './log-group.ts';
import { writeLoss } from './log-records.ts';
import { type LogOwner, recoverLog } from './log-recovery.ts';
import { ActiveSegment } from './log-segment.ts';
import { GroupId, type LogStore, type PersistRequest, type RecoveredGroup } from './types.ts';

export interface LogStoreOptions extends LogOwner {
  /** A segment that has reached this size is closed and a new one begun. Default 64 MiB. */
  readonly segmentBytes?: number;
  /** A batch takes no more requests once it has this size. Default 4 MiB. */
  readonly batchBytesMax?: number;
  /** Zeros written ahead of the log, so that most batches need not change the file's size. 0: none. Default 1 MiB. */
  readonly zeroAheadBytes?: number;
}

type StorageEnv = Pick<Env, 'disk' | 'log' | 'random' | 'clock' | 'timers' | 'tasks'>;

/** Opens the log in `directory`, which is created if need be. Rejects with `StorageError`, or `DiskError`. */
export async function openLogStore(env: StorageEnv, directory: string, options: LogStoreOptions): Promise<LogStore> {
  const store = new SegmentedLogStore(env, new LogDirectory(env, directory), options);
  await store.open();
  return store;
}

interface Unit {
  readonly requests: readonly PersistRequest[];
  readonly durable: () => void;
}

const NOTHING = (): void => {};
const SEGMENT_BYTES = 64 * 1024 * 1024;
const BATCH_BYTES_MAX = 4 * 1024 * 1024;
const ZERO_AHEAD_BYTES = 1024 * 1024;
/** After this long without a write the last batch is sealed. */
const SEAL_AFTER_MS = 100;
/** A failed disk may also hang: the node stops without having taken back what failed. */
const DISOWN_MAX_MS = 1000;

class SegmentedLogStore implements LogStore {
  recovered: ReadonlyMap<GroupId, RecoveredGroup> = new Map();
  damage: string | undefined;
  readonly failed: Promise<Error>;
  readonly #env: StorageEnv;
  readonly #directory: LogDirectory;
  readonly #options: Required<LogStoreOptions>;
  readonly #batch = new BatchWriter();
  readonly #groups = new Map<GroupId, LogGroup>();
  #sizes = new Map<number, number>();
  #lowWaterMark!: LowWaterMark;
  #active!: ActiveSegment;
  /** Bounded by those who ask: each group limits what it has outstanding. */
  #queue: Unit[] = [];
  #pumping: Promise<void> | undefined;
  #freeing: Promise<void> = Promise.resolve();
  #failure: Error | undefined;
  #announceFailure: (error: Error) => void = NOTHING;
  #closing: Promise<void> | undefined;
  #sealTimer: Disposable | undefined;
  #idleSince: Instant = Instant.of(0);

  constructor(env: StorageEnv, directory: LogDirectory, options: LogStoreOptions) {
    this.#env = env;
    this.#directory = directory;
    this.#options = {
      clusterId: options.clusterId,
      nodeId: options.nodeId,
      segmentBytes: options.segmentBytes ?? SEGMENT_BYTES,
      batchBytesMax: options.batchBytesMax ?? BATCH_BYTES_MAX,
      zeroAheadBytes: options.zeroAheadBytes ?? ZERO_AHEAD_BYTES,
    };
    this.failed = new Promise((resolve) => {
      this.#announceFailure = resolve;
    });
  }

  async open(): Promise<void> {
    const recovery = await recoverLog(this.#env, this.#directory, this.#options);
    const recovered = new Map<GroupId, RecoveredGroup>();
    for (const [id, recovering] of recovery.groups) {
      const group = recovering.finish();
      recovered.set(GroupId.of(id), group);
      this.#groups.set(GroupId.of(id), LogGroup.recovered(recovering, group));
      if (group.damage !== undefined)
        this.#env.log.error('a group lost acknowledged records', { group: id, damage: group.damage });
    }
    this.recovered = recovered;
    this.damage = recovery.loss;
    this.#sizes = recovery.sizes;
    this.#lowWaterMark = recovery.lowWaterMark;
    if (recovery.newest !== undefined) {
      const { header, scan, bytes } = recovery.newest;
      const file = await this.#directory.openForAppend(header.segment);
      this.#active = await ActiveSegment.resume(file, header, scan, bytes, this.#options.zeroAheadBytes);
    }
    // A new segment carries that there is damage: the next start must know even when the damaged part has been overwritten by then.
    if (
      recovery.newest === undefined ||
      recovery.damaged ||
      [...recovered.values()].some((group) => group.damage !== undefined)
    ) {
      await this.#begin(recovery.next);
    }
    this.#armSeal();
    this.#free();
  }

  get sizeBytes(): number {
    let sizeBytes = 0;
    for (const size of this.#sizes.values()) sizeBytes += size;
    return sizeBytes;
  }

  get holders(): readonly GroupId[] {
    return this.#lowWaterMark.holders.map(GroupId.of);
  }

  persist(requests: readonly PersistRequest[], durable: () => void): void {
    assert(this.#closing === undefined, 'nothing may be persisted once the log is closing');
    if (this.#failure !== undefined) return;
    this.#queue.push({ requests, durable });
    this.#start();
  }

  release(id: GroupId, index: number): void {
    if (this.#failure !== undefined || this.#closing !== undefined) return;
    const group = this.#groups.get(id);
    if (group === undefined || !group.release(index) || this.#sizes.size < 2) return;
    // The release must be durable before the entries go: afterwards nobody could tell whether they ought to be there.
    this.#queue.push({
      requests: [{ group: id, entries: [], state: undefined, commit: group.commit }],
      durable: NOTHING,
    });
    this.#start();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #start(): void {
    this.#pumping ??= Promise.resolve().then(() => this.#pump());
  }

  async #pump(): Promise<void> {
    try {
      while (this.#queue.length > 0 && this.#failure === undefined) {
        await this.#writeBatch();
        // A write may block the thread: what arrived meanwhile shall be in the next batch, and nobody shall starve.
        if (this.#queue.length > 0) await new Promise<void>((turned) => this.#env.tasks.defer(turned));
      }
      this.#idleSince = this.#env.clock.monotonic();
      if (this.#closing === undefined && this.#failure === undefined) this.#armSeal();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#pumping = undefined;
    }
  }

  async #writeBatch(): Promise<void> {
    if (this.#active.sizeBytes >= this.#options.segmentBytes) await this.#begin(this.#active.next);
    const batch = this.#batch;
    const active = this.#active;
    batch.begin(active.salt);
    let taken = 0;
    let records = 0;
    while (taken < this.#queue.length && (taken === 0 || batch.sizeBytes < this.#options.batchBytesMax)) {
      for (const request of this.#queue[taken]!.requests) {
        this.#group(request.group).write(batch, request);
        records += 1;
      }
      taken += 1;
    }
    const units = this.#queue.splice(0, taken);
    if (records > 0) {
      await active.append(batch.finish(active.position));
      // Something else may have failed meanwhile, and the batch have been taken back.
      if (this.#failure !== undefined) return;
      this.#sizes.set(active.segment, active.sizeBytes);
      this.#mark(units);
    }
    for (const unit of units) unit.durable();
  }

  /** What has just become durable decides which segments are needed. */
  #mark(units: readonly Unit[]): void {
    const lowWaterMark = this.#lowWaterMark;
    for (const { requests } of units) {
      for (const { group, restart, entries } of requests) {
        if (restart !== undefined) lowWaterMark.truncated(group, 1);
        if (entries.length > 0) lowWaterMark.written(group, entries[0]!.index, entries[entries.length - 1]!.index);
        lowWaterMark.release(group, this.#group(group).writtenBase);
      }
    }
    if (lowWaterMark.removable !== undefined) this.#free();
  }

  /** Begins a segment: its first batch carries all that must be known of the groups besides their entries. */
  async #begin(next: { segment: number; sequence: number; previousCrc: number }): Promise<void> {
    const header = {
      segment: next.segment,
      salt: this.#env.random.stream('log-salt').uint32(),
      clusterId: this.#options.clusterId,
      nodeId: this.#options.nodeId,
      baseSequence: next.sequence,
      previousCrc: next.previousCrc,
    };
    const batch = this.#batch;
    batch.begin(header.salt);
    for (const [id, group] of this.#groups) group.carry(batch, id);
    if (this.damage !== undefined) writeLoss(batch, this.damage);
    const first = batch.finish({ ...header, offset: SEGMENT_HEADER_BYTES, sequence: next.sequence });
    const before: File | undefined = this.#active?.file;
    await this.#active?.settle();
    const file = await this.#directory.create(header, first);
    this.#active = new ActiveSegment(file, header, first, this.#options.zeroAheadBytes);
    this.#lowWaterMark.opened(header.segment);
    this.#sizes.set(header.segment, this.#active.sizeBytes);
    for (const [id, group] of this.#groups) this.#lowWaterMark.release(id, group.writtenBase);
    await before?.close();
    this.#free();
  }

  #group(id: GroupId): LogGroup {
    let group = this.#groups.get(id);
    if (group === undefined) {
      group = new LogGroup(this.damage);
      this.#groups.set(id, group);
    }
    return group;
  }

  #free(): void {
    this.#freeing = this.#freeing.then(() => this.#freeSegments()).catch((error: unknown) => this.#fail(error));
  }

  async #freeSegments(): Promise<void> {
    for (;;) {
      const segment = this.#lowWaterMark.removable;
      if (segment === undefined || this.#failure !== undefined) return;
      await this.#directory.remove(segment);
      this.#lowWaterMark.removed(segment);
      this.#sizes.delete(segment);
    }
  }

  #armSeal(): void {
    if (this.#sealTimer !== undefined || this.#active.sealed) return;
    const { clock, timers } = this.#env;
    const when = Instant.add(this.#idleSince, SEAL_AFTER_MS);
    this.#sealTimer = timers.at(when, () => {
      this.#sealTimer = undefined;
      if (this.#pumping !== undefined || this.#failure !== undefined || this.#closing !== undefined) return;
      if (clock.monotonic() < this.#idleSince + SEAL_AFTER_MS) this.#armSeal();
      else this.#pumping = this.#sealAndGoOn();
    });
  }

  async #sealAndGoOn(): Promise<void> {
    try {
      await this.#active.seal(this.#batch);
    } catch (error) {
      this.#fail(error);
    }
    await this.#pump();
  }

  #fail(cause: unknown): void {
    if (this.#failure !== undefined) return;
    this.#failure = cause instanceof Error ? cause : new Error(String(cause));
    this.#queue = [];
    this.#sealTimer?.[Symbol.dispose]();
    const message = `the log cannot be written any more, this node must stop: ${this.#failure.message}`;
    this.#env.log.error(message);
    // Whether or not that succeeds: nothing of what failed was acknowledged.
    const announce = (): void => this.#announceFailure(new StorageError('disk', message, { cause }));
    this.#active.disown().then(announce, announce);
    const { clock, timers } = this.#env;
    timers.at(Instant.add(clock.monotonic(), DISOWN_MAX_MS), announce);
  }

  async #close(): Promise<void> {
    while (this.#pumping !== undefined) await this.#pumping;
    await this.#freeing;
    this.#sealTimer?.[Symbol.dispose]();
    try {
      await this.#active.settle();
      if (this.#failure === undefined) await this.#active.seal(this.#batch);
    } catch (error) {
      this.#fail(error);
    }
    await this.#active.file.close();
  }
}
