import type { Instant } from '@quorate/patterns/base';
import type { Entry, SnapshotMark } from '@quorate/patterns/consensus/raft';
import { ApplyQueue } from './apply-queue.ts';
import type { PendingProposals } from './pending-proposals.ts';
import type { Restored } from './restart.ts';
import { Trail } from './trail.ts';
import type { StateMachine } from './types.ts';

/** How much one turn may apply, over all groups, before the sockets are looked at again. */
export interface ApplyBudget {
  entries: number;
  bytes: number;
  /** Not looked at more often than once per entry. */
  readonly until: Instant;
  readonly now: () => Instant;
}

export function isSpent({ entries, bytes, until, now }: ApplyBudget): boolean {
  return entries <= 0 || bytes <= 0 || now() >= until;
}

export interface ApplierParts {
  readonly machine: StateMachine;
  readonly proposals: PendingProposals;
  /** Where the state machine stands at the start. */
  readonly mark: SnapshotMark;
  /** Of the snapshot that brought it there; 0 without one. */
  readonly snapshotSizeBytes: number;
  readonly snapshotEntries: number;
  readonly snapshotBytes: number;
  readonly trailingBytes: number;
  /** Enough has been applied since the last snapshot. The state machine stands at `mark` until this returns. */
  readonly takeSnapshot: (mark: SnapshotMark) => void;
  /** In [0, 1), and another sequence on every member. */
  readonly random: () => number;
  /** Feeds the newest snapshot on disk to the state machine. */
  readonly restore: () => Promise<Restored>;
  /** The state machine has moved: report `applied.index`, and look whether there is more to do. */
  readonly moved: () => void;
  /** The state machine is unusable. */
  readonly failed: (error: unknown) => void;
}

/** Snapshots up to this size are taken as often as the options say. */
const SMALL_SNAPSHOT_BYTES: number = 4 * 1024 * 1024;
/**
 * A snapshot writes the whole state: a larger one waits until the log has grown by so many times its size. While a state grows, snapshots
 * then write 1.5 bytes for each byte of the log (2 with a factor of 1); the price is that a restart replays two and a half times the state at most.
 * Drawn anew for each: members that have applied the same would else all be busy with it at the same time.
 */
const LOG_GROWTH_FACTOR = { least: 1.5, range: 1 } as const;

/** Feeds what is committed to a group's state machine, in slices, and decides when a snapshot is due. */
export class Applier {
  readonly #parts: ApplierParts;
  readonly #committed: ApplyQueue = new ApplyQueue();
  /**
   * The last applied entry, with the configuration in force there: what a snapshot taken now is marked with. May lie ahead of what was committed
   * here: see `restore`.
   */
  #applied: SnapshotMark;
  /** Snapshots being fed to the state machine: nothing is applied meanwhile. */
  #restores = 0;
  #restoring: Promise<void> = Promise.resolve();
  #entriesSinceSnapshot = 0;
  #bytesSinceSnapshot = 0;
  /** Bytes of log after which a snapshot is due, if the last one was large. */
  #growthBytes = 0;
  readonly #trail: Trail;
  #stopped = false;

  constructor(parts: ApplierParts) {
    this.#parts = parts;
    this.#trail = new Trail(parts.trailingBytes);
    this.#applied = parts.mark;
    this.snapshotTaken(parts.snapshotSizeBytes);
  }

  get applied(): SnapshotMark {
    return this.#applied;
  }

  /** Bytes that wait to be applied. */
  get backlogBytes(): number {
    return this.#committed.sizeBytes;
  }

  get hasWork(): boolean {
    return !this.#committed.isEmpty && this.#restores === 0;
  }

  get isRestoring(): boolean {
    return this.#restores > 0;
  }

  /** From here on the applied entries hold no more than `trailingBytes`, about. */
  get trailFrom(): number {
    return this.#trail.keepFrom;
  }

  commit(entries: readonly Entry[]): void {
    this.#committed.push(entries);
  }

  /** Applies until nothing is left or the budget is spent. */
  run(budget: ApplyBudget): void {
    if (!this.hasWork) return;
    do {
      this.#applyOne(this.#committed.shift()!, budget);
    } while (!this.#committed.isEmpty && !isSpent(budget));
    this.#parts.machine.applied(this.#applied.index);
    this.#parts.moved();
    this.#considerSnapshot();
  }

  /**
   * A received snapshot, which is durable, takes the place of everything up to its mark. The newest on disk may be another one by now, or have been
   * before: one that the kernel would not hear of at the time. It is as good, and what it holds beyond is not applied again.
   */
  restore(): void {
    this.#committed.clear();
    this.#restores += 1;
    this.#restoring = this.#restoring
      .then(() => this.#parts.restore())
      .then(
        (restored) => this.#restored(restored),
        (error: unknown) => {
          if (!this.#stopped) this.#parts.failed(error);
        },
      );
  }

  /** A snapshot of that size is durable. */
  snapshotTaken(sizeBytes: number): void {
    const isLarge = sizeBytes > SMALL_SNAPSHOT_BYTES;
    const { least, range } = LOG_GROWTH_FACTOR;
    this.#growthBytes = isLarge ? (least + range * this.#parts.random()) * sizeBytes : 0;
  }

  /** The last snapshot attempt failed: the next one is due after a tenth of the usual distance. */
  snapshotFailed(): void {
    this.#entriesSinceSnapshot = Math.floor(this.#parts.snapshotEntries * 0.9);
    this.#bytesSinceSnapshot = Math.floor(Math.max(this.#parts.snapshotBytes, this.#growthBytes) * 0.9);
  }

  stop(): void {
    this.#stopped = true;
    this.#committed.clear();
  }

  #applyOne(entry: Entry, budget: ApplyBudget): void {
    const { index, term } = entry;
    budget.entries -= 1;
    if (index <= this.#applied.index) return;
    const configuration = entry.kind === 'configuration' ? entry.configuration : this.#applied.configuration;
    this.#entriesSinceSnapshot += 1;
    if (entry.kind === 'data') {
      budget.bytes -= entry.data.length;
      this.#bytesSinceSnapshot += entry.data.length;
      this.#trail.add(index, entry.data.length);
      this.#parts.machine.apply(index, entry.data, this.#parts.proposals.claim(index, term));
    }
    this.#applied = { index, term, configuration };
  }

  #restored({ mark, sizeBytes }: Restored): void {
    this.#restores -= 1;
    if (this.#stopped) return;
    this.snapshotTaken(sizeBytes);
    this.#applied = mark;
    this.#entriesSinceSnapshot = 0;
    this.#bytesSinceSnapshot = 0;
    this.#parts.moved();
  }

  #considerSnapshot(): void {
    const { snapshotEntries, snapshotBytes, takeSnapshot } = this.#parts;
    if (this.#bytesSinceSnapshot < this.#growthBytes) return;
    if (this.#entriesSinceSnapshot < snapshotEntries && this.#bytesSinceSnapshot < snapshotBytes) return;
    this.#entriesSinceSnapshot = 0;
    this.#bytesSinceSnapshot = 0;
    takeSnapshot(this.#applied);
  }
}
