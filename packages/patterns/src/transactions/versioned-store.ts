/**
 * An ordered store of versioned values: reads at any revision that has not been compacted, transactions that
 * become one revision, and the log of changes that watches resume from.
 *
 * A transaction is: any number of `write`s, then `commit`. What is written carries the coming revision and is visible to
 * reads at it; there is no undo, so whoever writes has checked first.
 *
 * Compaction is two things. `compact` moves the limit of what can be asked for, at once: that is the part which all replicas must do at
 * the same point. `prune` frees the memory behind it, in slices, whenever there is time. Nothing that can be observed through this
 * class depends on how far pruning has come, `weight` included.
 *
 * The versions of the compact revision itself stay in the log, tombstones too: a watch may start there.
 */
import { assert } from '../base/index.ts';
import { RevisionLog } from '../leases/revision-log.ts';
import type { OrderedMap } from './ordered-map.ts';
import { Cell, type Version, versionAt } from './versioned-value.ts';

/** Versions looked at between two pauses: about a millisecond's worth, most of them far apart in memory. */
const LOOK_SLICE = 4096;

/** The store as it was at the moment of freezing. Pruning stops until it is released. */
export interface FrozenStore<V> {
  readonly revision: number;
  readonly compactRevision: number;
  /**
   * The versions in force at the compact revision that are older than it, in key order: with `changes` on top, the whole content. Looks at
   * every version: `undefined` says that it has looked for a while and found none yet, and is a place to give others their turn.
   */
  base(): Iterable<V | undefined>;
  /** All changes from the compact revision on, in order. */
  changes(): Iterable<V>;
  /** Idempotent. */
  release(): void;
}

export class VersionedStore<K, V extends Version<K, V>> {
  readonly #cells: OrderedMap<K, Cell<K, V>>;
  readonly #weigh: (version: V) => number;
  readonly #dropped: (version: V) => void;
  readonly #log = new RevisionLog<V>();
  #revision = 1;
  #compactRevision = -1;
  #changes = 0;
  #weight = 0;
  #frozen = 0;
  /** Log items before this place are pruned. */
  #pruned = 0;
  /** Versions replaced within their own revision, and by what: nobody reads them, but the log has them. */
  readonly #shadowed = new Map<V, V>();

  /**
   * `weigh` says how much a version counts towards `weight`; it must depend on the version's content alone. `dropped` hears of every version but
   * tombstones that has become unreachable.
   */
  constructor(
    cells: OrderedMap<K, Cell<K, V>>,
    weigh: (version: V) => number = () => 1,
    dropped: (version: V) => void = () => {},
  ) {
    this.#cells = cells;
    this.#weigh = weigh;
    this.#dropped = dropped;
  }

  /** The last committed revision; 1 for an empty store. */
  get revision(): number {
    return this.#revision;
  }

  /** What can be read now: the coming revision once something has been written in the open transaction. */
  get readRevision(): number {
    return this.#changes === 0 ? this.#revision : this.#revision + 1;
  }

  /** Revisions below cannot be read; −1 when none was ever compacted. */
  get compactRevision(): number {
    return this.#compactRevision;
  }

  /** Changes in the open transaction. */
  get changes(): number {
    return this.#changes;
  }

  /** The weight of all versions that can still be read. */
  get weight(): number {
    return this.#weight;
  }

  get log(): RevisionLog<V> {
    return this.#log;
  }

  /** Keys, with those whose tombstone has not been pruned yet. */
  get cellCount(): number {
    return this.#cells.size;
  }

  cell(key: K): Cell<K, V> | undefined {
    return this.#cells.get(key);
  }

  /** The cell of `key`, made if need be: to write into. */
  cellFor(key: K): Cell<K, V> {
    let cell = this.#cells.get(key);
    if (cell === undefined) {
      cell = new Cell<K, V>(key);
      this.#cells.set(key, cell);
    }
    return cell;
  }

  /** The version in force at `revision`, the present by default. */
  at(key: K, revision: number = this.readRevision): V | undefined {
    const cell = this.#cells.get(key);
    return cell === undefined ? undefined : versionAt<K, V>(cell, revision);
  }

  /** Visits the versions in force at `revision` in key order, from `low` to before `high` (undefined: to the end), until `visit` returns false. */
  scan(low: K, high: K | undefined, revision: number, visit: (version: V) => boolean): void {
    this.#cells.scan(low, high, (cell) => {
      const version = versionAt<K, V>(cell, revision);
      return version === undefined || visit(version);
    });
  }

  /** Adds `version` on top of its cell. Its `previous` must be the cell's newest, its revision `revision + 1`. */
  write(version: V): void {
    const { cell, previous } = version;
    assert(version.revision === this.#revision + 1, 'a version must carry the coming revision');
    assert(previous === cell.newest, 'a version must follow on the newest of its cell');
    cell.newest = version;
    this.#changes += 1;
    this.#record(version, previous);
  }

  /** Ends the transaction. Returns whether it changed anything, and with it the revision. */
  commit(): boolean {
    if (this.#changes === 0) return false;
    this.#changes = 0;
    this.#revision += 1;
    return true;
  }

  /** Ends the readability of everything below `revision`. */
  compact(revision: number): 'done' | 'compacted' | 'future' {
    assert(this.#changes === 0, 'compaction must not come in the middle of a transaction');
    if (revision <= this.#compactRevision) return 'compacted';
    if (revision > this.#revision) return 'future';
    const log = this.#log;
    const from = log.seek(this.#compactRevision + 1);
    this.#weight -= log.weightBefore(log.seek(revision + 1)) - log.weightBefore(from);
    this.#compactRevision = revision;
    return 'done';
  }

  /** Frees what compaction has made unreadable, at most `budget` changes' worth. Returns whether there is more to do now. */
  prune(budget: number): boolean {
    if (this.#frozen > 0) return false;
    const log = this.#log;
    const target = log.seek(this.#compactRevision + 1);
    const stop = Math.min(target, Math.max(this.#pruned, log.first) + budget);
    for (let place = Math.max(this.#pruned, log.first); place < stop; place++) this.#pruneBehind(log.at(place));
    this.#pruned = Math.max(this.#pruned, stop);
    const keepFrom = Math.min(log.seek(this.#compactRevision), stop);
    const forgetTo = Math.min(keepFrom, log.first + budget);
    for (let place = log.first; place < forgetTo; place++) this.#forget(log.at(place));
    log.dropBefore(forgetTo);
    return stop < target || log.first < keepFrom;
  }

  freeze(): FrozenStore<V> {
    assert(this.#changes === 0, 'freezing must not come in the middle of a transaction');
    this.#frozen += 1;
    let released = false;
    const compactRevision = this.#compactRevision;
    const cells = this.#cells.frozen();
    const log = this.#log;
    const [from, to] = [log.seek(compactRevision), log.end];
    return {
      revision: this.#revision,
      compactRevision,
      base: () => (compactRevision < 0 ? [] : baseOf<K, V>(cells, compactRevision)),
      *changes() {
        for (let place = from; place < to; place++) yield log.at(place);
      },
      release: () => {
        if (!released) this.#frozen -= 1;
        released = true;
      },
    };
  }

  /** Empties the store and sets it to where a frozen one stood; `load` then fills it. */
  reset(revision: number, compactRevision: number): void {
    assert(this.#revision === 1 && this.#cells.size === 0, 'only an empty store can take over another');
    this.#revision = revision;
    this.#compactRevision = compactRevision;
  }

  /** Adds a version of a frozen store: first all of its base, then all of its changes. */
  load(version: V): void {
    const { cell, previous } = version;
    cell.newest = version;
    if (version.revision < this.#compactRevision) this.#weight += this.#weigh(version);
    else this.#record(version, previous);
  }

  #record(version: V, previous: V | undefined): void {
    const weight = this.#weigh(version);
    const replaced = previous === undefined || previous.deleted ? 0 : this.#weigh(previous);
    if (previous !== undefined && previous.revision === version.revision) this.#shadowed.set(previous, version);
    if (version.revision > this.#compactRevision) {
      this.#weight += weight;
      this.#log.append(version, replaced + (version.deleted ? weight : 0));
    } else {
      // Loaded from a frozen store, at its compact revision: what compaction set free does not count.
      this.#weight += (version.deleted ? 0 : weight) - replaced;
      this.#log.append(version, 0);
    }
  }

  /** The version behind one that is in force at the compact revision cannot be asked for any more. */
  #pruneBehind(version: V): void {
    const { previous } = version;
    if (previous === undefined) return;
    version.previous = undefined;
    if (!previous.deleted && previous.revision < version.revision) this.#dropped(previous);
  }

  /** An item leaves the log. */
  #forget(version: V): void {
    const { cell } = version;
    if (version.deleted && cell.newest === version) this.#cells.delete(cell.key);
    const successor = this.#shadowed.size === 0 ? undefined : this.#shadowed.get(version);
    if (successor === undefined) return;
    this.#shadowed.delete(version);
    if (successor.previous === version) successor.previous = undefined;
    if (!version.deleted) this.#dropped(version);
  }
}

function* baseOf<K, V extends Version<K, V>>(
  cells: Iterable<Cell<K, V>>,
  compactRevision: number,
): Generator<V | undefined, void> {
  let looked = 0;
  for (const cell of cells) {
    let version = cell.newest;
    while (version !== undefined && version.revision > compactRevision) {
      version = version.previous;
      looked += 1;
      if (looked % LOOK_SLICE === 0) yield undefined;
    }
    looked += 1;
    if (version !== undefined && !version.deleted && version.revision < compactRevision) yield version;
    else if (looked % LOOK_SLICE === 0) yield undefined;
  }
}
