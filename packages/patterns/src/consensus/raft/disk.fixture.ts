/** What one node's disk holds of its log, and what has been handed to it but is not durable yet. */
import type { Configuration, Entry, HardState, RaftEffect, SnapshotMark } from './types.ts';

export type Write = Extract<RaftEffect, { kind: 'persist' } | { kind: 'restore' }>;

/** A log as a list of effects makes it: independent of the kernel's own idea. */
export class LogImage {
  state: HardState = { term: 0, vote: undefined };
  mark: SnapshotMark;
  entries: Entry[] = [];

  constructor(configuration: Configuration) {
    this.mark = { index: 0, term: 0, configuration };
  }

  get firstIndex(): number {
    return this.entries[0]?.index ?? this.mark.index + 1;
  }

  get lastIndex(): number {
    return this.entries[this.entries.length - 1]?.index ?? this.mark.index;
  }

  termAt(index: number): number | undefined {
    if (index === this.mark.index) return this.mark.term;
    return this.entries[index - this.firstIndex]?.term;
  }

  /** Returns the entries that were replaced. */
  apply(write: Write): Entry[] {
    if (write.state !== undefined) this.state = write.state;
    if (write.kind === 'restore') {
      const gone = this.entries;
      this.entries = [];
      this.mark = write.mark;
      return gone;
    }
    const first = write.entries[0];
    if (first === undefined) return [];
    const keep = Math.max(0, first.index - this.firstIndex);
    const gone = this.entries.splice(keep);
    this.entries.push(...write.entries);
    return gone;
  }

  forgetBefore(keepFrom: number): void {
    if (keepFrom > this.firstIndex) this.entries.splice(0, keepFrom - this.firstIndex);
  }

  /** What recovery does with entries that do not reach the snapshot, or contradict it: none can be committed. */
  recover(): void {
    if (this.entries.length > 0 && this.entries[this.mark.index - this.firstIndex]?.term !== this.mark.term) {
      if (this.firstIndex <= this.mark.index) this.entries = [];
    }
  }

  copy(): LogImage {
    const copy = new LogImage(this.mark.configuration);
    copy.state = this.state;
    copy.mark = this.mark;
    copy.entries = [...this.entries];
    return copy;
  }
}

export class FixtureDisk {
  readonly durable: LogImage;
  /** What was on the disk before it was damaged, until that is repaired. */
  lost: LogImage | undefined;
  #waiting: Write[] = [];

  constructor(configuration: Configuration) {
    this.durable = new LogImage(configuration);
  }

  get damaged(): boolean {
    return this.lost !== undefined;
  }

  /** Is, or was before the damage, the entry here? */
  held(index: number, term: number): boolean {
    const has = (log: LogImage): boolean => log.termAt(index) === term || log.mark.index >= index;
    return has(this.durable) || (this.lost !== undefined && has(this.lost));
  }

  /** Loses the last `count` entries, and with them what was written last of term and vote. */
  damage(count: number, term: number): void {
    this.lost = this.durable.copy();
    this.durable.entries.splice(Math.max(0, this.durable.entries.length - count));
    const lastTerm = this.durable.entries.at(-1)?.term ?? 0;
    this.durable.state = { term: Math.max(term, lastTerm, this.durable.mark.term), vote: undefined };
  }

  get idle(): boolean {
    return this.#waiting.length === 0;
  }

  write(write: Write): void {
    this.#waiting.push(write);
  }

  /** Makes the oldest `count` writes durable. Returns the last ticket, or undefined when there was none. */
  sync(count: number = this.#waiting.length): number | undefined {
    let ticket: number | undefined;
    for (const write of this.#waiting.splice(0, count)) {
      this.durable.apply(write);
      ticket = write.ticket;
    }
    return ticket;
  }

  /** Some of what was not synced may have reached the disk all the same, in order. */
  crash(survivors: number): void {
    this.sync(Math.min(survivors, this.#waiting.length));
    this.#waiting = [];
  }

  get waitingCount(): number {
    return this.#waiting.length;
  }
}
