/**
 * The configurations in the log: the last one is in force whether committed or not, and the one before it returns when
 * the log is truncated (section 6: "a server always uses the latest configuration in its log").
 */
import type { Configuration, Entry, SnapshotMark } from './types.ts';

interface Placed {
  readonly index: number;
  readonly configuration: Configuration;
}

export class ConfigurationLog {
  /** Invariant: never empty, indexes ascend; at most the entries of uncommitted changes lie behind the committed ones. */
  #placed: Placed[];

  /** `entries` are those behind `mark`. */
  constructor(mark: SnapshotMark, entries: readonly Entry[]) {
    this.#placed = [{ index: mark.index, configuration: mark.configuration }];
    for (const entry of entries) this.append(entry);
  }

  /** The configuration in force. */
  get current(): Configuration {
    return this.#placed[this.#placed.length - 1]!.configuration;
  }

  /** Where it was written; committed once the commit index has reached this. */
  get currentIndex(): number {
    return this.#placed[this.#placed.length - 1]!.index;
  }

  /**
   * The one in force before, while the present one is uncommitted, else that one itself: those whom it names are told of
   * their removal until that is committed.
   */
  get previous(): Configuration {
    return this.#placed[Math.max(0, this.#placed.length - 2)]!.configuration;
  }

  append(entry: Entry): void {
    if (entry.kind === 'configuration') this.#placed.push({ index: entry.index, configuration: entry.configuration });
  }

  /** Nothing committed is truncated, so one always stays. Returns whether the configuration in force changed. */
  truncateFrom(index: number): boolean {
    const before = this.#placed.length;
    while (this.currentIndex >= index) this.#placed.pop();
    return this.#placed.length < before;
  }

  /** Forgets what can no longer return. */
  committed(index: number): void {
    while (this.#placed.length > 1 && this.#placed[1]!.index <= index) this.#placed.shift();
  }

  restart(mark: SnapshotMark): void {
    this.#placed = [{ index: mark.index, configuration: mark.configuration }];
  }
}
