/** The revisioned key space: the versioned store with etcd's fields, and values kept in an arena. */

import type { RevisionLog } from '@quorate/patterns/leases';
import { type Cell, type FrozenStore, VersionedStore } from '@quorate/patterns/transactions';
import { BTreeMap } from './btree-map.ts';
import type { KeyRange } from './key-range.ts';
import type { LeaseBook } from './lease-book.ts';
import { type KeyCell, StoredVersion } from './stored-version.ts';
import { type Place, placeOf, ValueArena } from './value-arena.ts';

/** What a version takes beside its key and value: the record, its places in the tree and in the log. */
const VERSION_OVERHEAD_BYTES = 160;
const NO_VALUE: Place = placeOf(new Uint8Array(0));

export class KeySpace {
  readonly #leases: LeaseBook;
  readonly #arena = new ValueArena();
  readonly #store: VersionedStore<string, StoredVersion>;

  constructor(leases: LeaseBook) {
    this.#leases = leases;
    this.#store = new VersionedStore<string, StoredVersion>(
      new BTreeMap<string, Cell<string, StoredVersion>>(),
      (version) => VERSION_OVERHEAD_BYTES + version.cell.key.length + version.length,
      (version) => {
        version.previous = version;
        this.#arena.drop(version);
      },
    );
  }

  /** The last revision; 1 when nothing was ever written. */
  get revision(): number {
    return this.#store.revision;
  }

  /** What a read without a revision sees: the coming revision once the open transaction has written. */
  get readRevision(): number {
    return this.#store.readRevision;
  }

  /** −1 when nothing was ever compacted. */
  get compactRevision(): number {
    return this.#store.compactRevision;
  }

  get changed(): boolean {
    return this.#store.changes > 0;
  }

  /** Bytes of all versions that can be read, with their bookkeeping: the same on all members. */
  get sizeBytes(): number {
    return this.#store.weight;
  }

  /** Bytes allocated for values. */
  get arenaBytes(): number {
    return this.#arena.slabBytes;
  }

  get log(): RevisionLog<StoredVersion> {
    return this.#store.log;
  }

  /** The version in force at `revision`, the present by default. */
  at(key: string, revision: number = this.#store.readRevision): StoredVersion | undefined {
    return this.#store.at(key, revision);
  }

  cell(key: string): KeyCell | undefined {
    return this.#store.cell(key);
  }

  /** Visits the versions in force at `revision`, in key order, until `visit` returns false. */
  scan(range: KeyRange, revision: number, visit: (version: StoredVersion) => boolean): void {
    if (!range.single) {
      this.#store.scan(range.low, range.high, revision, visit);
      return;
    }
    const version = this.#store.at(range.low, revision);
    if (version !== undefined) visit(version);
  }

  /** Keeps `value` where it is, or a copy: the buffer that it is in must not be written to any more. `lease` must exist, or be 0. The version that was replaced is the result's `previous`. */
  put(key: string, value: Place, lease: number): StoredVersion {
    const cell = this.#store.cellFor(key);
    const before = cell.newest;
    const revision = this.#store.revision + 1;
    const isNew = before === undefined || before.version === 0;
    const created = isNew ? revision : before.createRevision;
    const count = isNew ? 1 : before.version + 1;
    const slab = this.#arena.store(value);
    const version = new StoredVersion(cell, revision, created, count, lease, slab, this.#arena.placedAt, value.length);
    this.#arena.settle(version);
    this.#store.write(version);
    if (before !== undefined && before.lease !== 0 && before.lease !== lease) this.#leases.detach(before.lease, cell);
    if (lease !== 0) this.#leases.attach(lease, cell);
    return version;
  }

  delete(version: StoredVersion): void {
    const { cell } = version;
    const slab = this.#arena.store(NO_VALUE);
    this.#store.write(new StoredVersion(cell, this.#store.revision + 1, 0, 0, 0, slab, 0, 0));
    if (version.lease !== 0) this.#leases.detach(version.lease, cell);
  }

  /** Ends the open transaction. Returns whether it changed anything. */
  commit(): boolean {
    return this.#store.commit();
  }

  compact(revision: number): 'done' | 'compacted' | 'future' {
    return this.#store.compact(revision);
  }

  prune(budget: number): boolean {
    return this.#store.prune(budget);
  }

  freeze(): FrozenStore<StoredVersion> {
    return this.#store.freeze();
  }

  /** Takes over where a snapshot stood; only when nothing was written yet. */
  reset(revision: number, compactRevision: number): void {
    this.#store.reset(revision, compactRevision);
  }

  /** One version of a snapshot: its base first, then its changes. Leases must be there already. */
  load(key: string, revision: number, createRevision: number, version: number, lease: number, value: Uint8Array): void {
    const cell = this.#store.cellFor(key);
    const before = cell.newest;
    const slab = this.#arena.store(placeOf(value));
    const start = this.#arena.placedAt;
    const stored = new StoredVersion(cell, revision, createRevision, version, lease, slab, start, value.length);
    this.#arena.settle(stored);
    this.#store.load(stored);
    if (before !== undefined && before.lease !== 0 && before.lease !== lease) this.#leases.detach(before.lease, cell);
    if (lease !== 0) this.#leases.attach(lease, cell);
  }
}
