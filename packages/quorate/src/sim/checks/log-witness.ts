import type { Entry, RaftRestart, SnapshotMark } from '@quorate/patterns/consensus/raft';

interface Unsynced {
  readonly ticket: number;
  readonly entries: readonly Entry[];
  readonly mark: SnapshotMark | undefined;
}

/** One node's log from outside: what it has written, and what of it is known to be on its disk. */
export class LogWitness {
  #mark: Pick<SnapshotMark, 'index' | 'term'> = { index: 0, term: 0 };
  /** At the index: the term of the entry written there. */
  #written: (number | undefined)[] = [0];
  #durable: (number | undefined)[] = [0];
  #durableMark = 0;
  #unsynced: Unsynced[] = [];

  get lastIndex(): number {
    return Math.max(this.#mark.index, this.#written.length - 1);
  }

  termAt(index: number): number | undefined {
    return this.#written[index] ?? (index === this.#mark.index ? this.#mark.term : undefined);
  }

  /** The entry, or a snapshot that contains it. */
  has(entry: Entry): boolean {
    return entry.index <= this.#mark.index || this.#written[entry.index] === entry.term;
  }

  /** It is on the disk, or was until the disk was damaged. */
  holds(entry: Entry): boolean {
    return entry.index <= this.#durableMark || this.#durable[entry.index] === entry.term;
  }

  /** Up to what its disk has, as an election compares it (Raft, section 5.4.1). */
  get durableEnd(): { readonly index: number; readonly term: number } {
    const index = Math.max(this.#durableMark, this.#durable.length - 1);
    return { index, term: this.#durable[index] ?? (index === this.#mark.index ? this.#mark.term : 0) };
  }

  restarted({ mark, entries, damaged }: RaftRestart): void {
    this.#unsynced = [];
    this.#mark = mark;
    this.#written = [0];
    this.#put(this.#written, entries);
    if (damaged) return this.#foundOnDamagedDisk(mark.index, entries);
    this.#durableMark = mark.index;
    this.#durable = [...this.#written];
  }

  /**
   * What a damaged node has lost it had; others must not count on it again, and that is for the kernel to see to. What it still has is on
   * its disk, also where it was killed before it was told so.
   */
  #foundOnDamagedDisk(markIndex: number, entries: readonly Entry[]): void {
    this.#durableMark = Math.max(this.#durableMark, markIndex);
    for (const { index, term } of entries) {
      const known = this.#durable[index];
      if (known !== undefined && known !== term) this.#durable.length = index;
      this.#durable[index] = term;
    }
  }

  wrote(ticket: number, entries: readonly Entry[]): void {
    this.#put(this.#written, entries);
    this.#unsynced.push({ ticket, entries, mark: undefined });
  }

  restored(ticket: number, mark: SnapshotMark): void {
    this.#mark = mark;
    this.#written = [0];
    this.#unsynced.push({ ticket, entries: [], mark });
  }

  /** Everything up to `ticket` is on the disk. */
  persisted(ticket: number): void {
    while (this.#unsynced[0] !== undefined && this.#unsynced[0].ticket <= ticket) {
      const { entries, mark } = this.#unsynced.shift()!;
      if (mark !== undefined) {
        this.#durableMark = mark.index;
        this.#durable = [0];
      }
      this.#put(this.#durable, entries);
    }
  }

  #put(terms: (number | undefined)[], entries: readonly Entry[]): void {
    const first = entries[0];
    if (first === undefined) return;
    if (first.index < terms.length) terms.length = first.index;
    for (const { index, term } of entries) terms[index] = term;
  }
}
