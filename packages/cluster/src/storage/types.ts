import type { Brand } from '@quorate/patterns/base';
import type { Entry, HardState, SnapshotMark } from '@quorate/patterns/consensus/raft';

/** One Raft group among those that a node hosts. 0 is the consistent core. */
export type GroupId = Brand<number, 'GroupId'>;
export const GroupId: { of(id: number): GroupId } = { of: (id) => id as GroupId };

/** One group's share of a batch. Fields are carried out in the order given here. */
export interface PersistRequest {
  readonly group: GroupId;
  /** The log restarts after this mark; all entries up to and including it, and all that do not follow on it, are gone. */
  readonly restart?: SnapshotMark | undefined;
  /**
   * Replaces whatever the log holds from `entries[0].index` on. They must follow on what the log holds, on `restart`, or on what was
   * released: a gap is a broken invariant.
   */
  readonly entries: readonly Entry[];
  readonly state: HardState | undefined;
  /** The commit index as known now: what recovery may rely on having been acknowledged. */
  readonly commit: number;
  /** The group was recovered with `damage` and is whole again: the next start will not report that damage any more. */
  readonly repaired?: boolean | undefined;
}

/** What recovery found of one group. */
export interface RecoveredGroup {
  readonly state: HardState;
  readonly entries: readonly Entry[];
  /** The highest commit index that was recorded. */
  readonly commit: number;
  /** Acknowledged records are missing or unreadable; says which file, at which offset, and why. */
  readonly damage: string | undefined;
}

/** One write-ahead log for all groups of a node. */
export interface LogStore {
  readonly recovered: ReadonlyMap<GroupId, RecoveredGroup>;
  /**
   * Records were lost of which not even the group is known. A group that is not in `recovered` may have been among them: it must be started
   * as damaged. Stays for the life of the directory.
   */
  readonly damage: string | undefined;
  /**
   * Queues the requests as one unit, after all earlier ones. `durable` is called when it and all before it are durable. Whatever is
   * queued while a sync runs becomes the next batch. After the first failed write or sync nothing is ever called back again, and `failed` resolves.
   */
  persist(requests: readonly PersistRequest[], durable: () => void): void;
  /** Entries up to and including `index` of the group are in a durable snapshot and no longer needed: frees whole segments. */
  release(group: GroupId, index: number): void;
  /**
   * The groups that keep the oldest segment from being freed, empty when only the newest is left: who wants a smaller log asks them for a
   * snapshot and a `release`, idle as they may be.
   */
  readonly holders: readonly GroupId[];
  /** Resolves, once, with the reason when the disk failed. The node must stop: a failed sync is final. */
  readonly failed: Promise<Error>;
  readonly sizeBytes: number;
  /** Waits for what is queued, then closes the files. */
  close(): Promise<void>;
}

export interface SnapshotWriter {
  /** One call at a time. After a rejection only `abort` is of use. */
  write(chunk: Uint8Array): Promise<void>;
  /** Synced, verified by reading back, renamed into place, directory synced; the one before it is removed afterwards. */
  commit(): Promise<void>;
  /** Removes what was written. After `commit` it does nothing. */
  abort(): Promise<void>;
}

export interface SnapshotReader extends AsyncDisposable {
  readonly mark: SnapshotMark;
  readonly sizeBytes: number;
  /** Up to `lengthBytes` from `position`; empty at the end. Checksums are verified: rejects on damage. */
  read(position: number, lengthBytes: number): Promise<Uint8Array>;
}

/** State-machine snapshots, one directory per group. */
export interface SnapshotStore {
  /** Groups whose newest snapshot was found unreadable at start and put aside, with the reason; until a new one is committed. */
  readonly damaged: ReadonlyMap<GroupId, string>;
  /** The newest complete snapshot's mark, or undefined. */
  latest(group: GroupId): SnapshotMark | undefined;
  create(group: GroupId, mark: SnapshotMark): Promise<SnapshotWriter>;
  open(group: GroupId): Promise<SnapshotReader | undefined>;
}
