/**
 * A value that keeps its past (Joshi, "Patterns of Distributed Systems", Versioned Value; multi-version concurrency control): each
 * write adds a version, so that a reader of an older revision is not disturbed and never waits.
 *
 * A deletion is a version too (a tombstone). Versions of one key form a chain from the newest to the oldest.
 */

/** One version. All but `previous` never changes; `previous` is cut when what lies behind it is compacted away. */
export interface Version<K, V> {
  readonly cell: Cell<K, V>;
  /** The revision of the store that this version belongs to. Along a chain it never rises. */
  readonly revision: number;
  /** A tombstone: from this revision on there is no value. */
  readonly deleted: boolean;
  previous: V | undefined;
}

/** A key and its versions. */
export class Cell<K, V> {
  readonly key: K;
  newest: V | undefined = undefined;

  constructor(key: K) {
    this.key = key;
  }
}

/** The version in force at `revision`, or undefined when there is none or it is a tombstone. O(versions newer than `revision`). */
export function versionAt<K, V extends Version<K, V>>(cell: Cell<K, V>, revision: number): V | undefined {
  let version = cell.newest;
  while (version !== undefined && version.revision > revision) version = version.previous;
  return version === undefined || version.deleted ? undefined : version;
}

/** What `version` replaced: the version in force just before its revision. */
export function versionBefore<K, V extends Version<K, V>>(version: V): V | undefined {
  let before = version.previous;
  // Within one revision a key can change twice; what was never visible to anybody is skipped.
  while (before !== undefined && before.revision === version.revision) before = before.previous;
  return before === undefined || before.deleted ? undefined : before;
}
