/** Every version that every key ever had: the data model of etcd v3 in its plainest form, nothing is ever forgotten. */

export interface Version {
  readonly key: string;
  /** Of a large one: its name. */
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: number;
}

export interface Change {
  readonly revision: number;
  readonly key: string;
  /** Undefined: the key was deleted. */
  readonly now: Version | undefined;
  readonly before: Version | undefined;
}

export class KeyHistory {
  /** The last revision; 1 for an empty store. */
  revision = 1;
  /** In the order in which they were made. */
  readonly changes: Change[] = [];
  readonly #versions = new Map<string, Change[]>();

  get keys(): readonly string[] {
    return [...this.#versions.keys()].sort();
  }

  at(key: string, revision: number = Number.POSITIVE_INFINITY): Version | undefined {
    const versions = this.#versions.get(key) ?? [];
    for (let i = versions.length - 1; i >= 0; i--) if (versions[i]!.revision <= revision) return versions[i]!.now;
    return undefined;
  }

  /** Keys from `from` to before `to` (undefined: the one key; `\0`: to the end), as of `revision`. */
  range(from: string, to: string | undefined, revision: number = Number.POSITIVE_INFINITY): Version[] {
    const keys = this.keys.filter((key) => isWithin(key, from, to));
    return keys.map((key) => this.at(key, revision)).filter((version) => version !== undefined);
  }

  /** Writes at the coming revision, `this.revision + 1`; whoever has written raises `revision` when all is done. */
  put(key: string, value: string, lease: number): Version {
    const before = this.at(key);
    const revision = this.revision + 1;
    const created = before?.createRevision ?? revision;
    const version = (before?.version ?? 0) + 1;
    const now = { key, value, createRevision: created, modRevision: revision, version, lease };
    this.#add({ revision, key, now, before });
    return now;
  }

  remove(key: string): void {
    const before = this.at(key);
    if (before !== undefined) this.#add({ revision: this.revision + 1, key, now: undefined, before });
  }

  /** All changes of keys in the range with a revision in [from, to], in order. */
  changesBetween(from: number, to: number, low: string, high: string | undefined): Change[] {
    const found: Change[] = [];
    for (let i = this.#firstAt(from); i < this.changes.length; i++) {
      const change = this.changes[i]!;
      if (change.revision > to) break;
      if (isWithin(change.key, low, high)) found.push(change);
    }
    return found;
  }

  #firstAt(revision: number): number {
    let [low, high] = [0, this.changes.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.changes[middle]!.revision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(change: Change): void {
    this.changes.push(change);
    const versions = this.#versions.get(change.key);
    if (versions === undefined) this.#versions.set(change.key, [change]);
    else versions.push(change);
  }
}

export function isWithin(key: string, from: string, to: string | undefined): boolean {
  if (to === undefined || to === '') return key === from;
  return key >= from && (to === '\0' || key < to);
}
