/**
 * Directory partitioning: a table says where each key (a tenant, an account, a bucket of keys) lives, and a key goes anywhere it is told to. The most
 * freedom, for the price of the table, which all must ask. Kept by one owner, or replicated as the state of a log.
 *
 * A move has two steps, so that no write is lost between two homes: `beginMove` (the old home still serves, the new one copies), then `commitMove`.
 * Each entry has a version that grows with every change of it; a change says which version it saw, and is refused when that is not the latest, so
 * that of two who move the same key one learns that it came second.
 */

export interface DirectoryEntry {
  /** Who serves the key. */
  readonly home: string;
  /** Who is about to. */
  readonly movingTo: string | undefined;
  readonly version: number;
}

export interface DirectoryOptions {
  /** How many keys it holds at most. */
  readonly keysMax: number;
}

export type DirectoryChange =
  | { readonly kind: 'done'; readonly entry: DirectoryEntry }
  /** Somebody else changed the key; this is how it stands. Nothing when it is not there. */
  | { readonly kind: 'conflict'; readonly entry: DirectoryEntry | undefined }
  /** There are `keysMax` keys already. */
  | { readonly kind: 'full' };

export class Directory {
  readonly #keysMax: number;
  readonly #entries = new Map<string, DirectoryEntry>();
  /** Versions are never used twice, also not after a key was removed and added again. */
  #version = 0;

  /** `RangeError` unless `keysMax` is a whole number from 1 on. */
  constructor(options: DirectoryOptions) {
    if (!Number.isInteger(options.keysMax) || options.keysMax < 1)
      throw new RangeError(`keysMax must be a whole number from 1 on, got ${options.keysMax}`);
    this.#keysMax = options.keysMax;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** O(1). */
  lookup(key: string): DirectoryEntry | undefined {
    return this.#entries.get(key);
  }

  /** Gives a new key a home. A conflict when it has one. */
  add(key: string, home: string): DirectoryChange {
    const entry = this.#entries.get(key);
    if (entry !== undefined) return { kind: 'conflict', entry };
    if (this.#entries.size >= this.#keysMax) return { kind: 'full' };
    return this.#put(key, home, undefined);
  }

  /** Announces where a key will go. A conflict when the version is not the latest, also when somebody moves it already. */
  beginMove(key: string, to: string, seenVersion: number): DirectoryChange {
    const entry = this.#entries.get(key);
    if (entry?.version !== seenVersion || entry.movingTo !== undefined) return { kind: 'conflict', entry };
    return this.#put(key, entry.home, to);
  }

  /** The new home has everything and serves from now on. `seenVersion` is what `beginMove` gave. */
  commitMove(key: string, seenVersion: number): DirectoryChange {
    const entry = this.#entries.get(key);
    if (entry?.version !== seenVersion || entry.movingTo === undefined) return { kind: 'conflict', entry };
    return this.#put(key, entry.movingTo, undefined);
  }

  /** The key stays where it is. `seenVersion` is what `beginMove` gave; a later commit of that move is then a conflict. */
  abortMove(key: string, seenVersion: number): DirectoryChange {
    const entry = this.#entries.get(key);
    if (entry?.version !== seenVersion || entry.movingTo === undefined) return { kind: 'conflict', entry };
    return this.#put(key, entry.home, undefined);
  }

  /** Forgets a key. Gives the entry that it had. */
  remove(key: string, seenVersion: number): DirectoryChange {
    const entry = this.#entries.get(key);
    if (entry?.version !== seenVersion) return { kind: 'conflict', entry };
    this.#entries.delete(key);
    return { kind: 'done', entry };
  }

  /** All keys with their entries, in the order in which they were added. */
  entries(): IterableIterator<[string, DirectoryEntry]> {
    return this.#entries.entries();
  }

  /** The keys that a node serves, in the order in which they were added. O(keys). */
  servedBy(home: string): string[] {
    return [...this.#entries].flatMap(([key, entry]) => (entry.home === home ? [key] : []));
  }

  #put(key: string, home: string, movingTo: string | undefined): DirectoryChange {
    this.#version += 1;
    const entry: DirectoryEntry = { home, movingTo, version: this.#version };
    this.#entries.set(key, entry);
    return { kind: 'done', entry };
  }
}
