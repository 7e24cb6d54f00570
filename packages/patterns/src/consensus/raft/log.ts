/**
 * The part of the log that is in memory: everything behind a forgotten prefix of which only the last index and term are
 * kept (section 7). What is durable is `durability.ts`'s business, what is committed the core's.
 *
 *     base            mark                       last
 *      |  kept for slow  |                         |
 *      |    followers    |                         |
 *      x [ ............ . ....................... ]
 *     forgotten        the newest snapshot replaces all up to here
 */
import { assert, InvariantError } from '../../base/index.ts';
import { TermRuns } from './term-runs.ts';
import type { Entry, SnapshotMark } from './types.ts';

/** What an entry costs besides its data: object, array slot, framing. */
export const ENTRY_OVERHEAD_BYTES: number = 32;

export function entrySizeBytes(entry: Entry): number {
  if (entry.kind === 'data') return ENTRY_OVERHEAD_BYTES + entry.data.length;
  if (entry.kind === 'empty') return ENTRY_OVERHEAD_BYTES;
  const { voters, outgoing, learners, learnersNext } = entry.configuration;
  return ENTRY_OVERHEAD_BYTES + 8 * (voters.length + outgoing.length + learners.length + learnersNext.length);
}

export class RaftLog {
  /** Invariant: `#entries[i].index === #base + 1 + i`, and terms do not fall. */
  #entries: Entry[];
  #base: number;
  #terms: TermRuns;
  #mark: SnapshotMark;
  #sizeBytes = 0;

  /**
   * `entries` follow on `mark` or on an index before it, without gaps. Throws `InvariantError` otherwise. They are left
   * out when they end before `mark` or contradict it: a crash can keep the snapshot and lose the rewrite of a tail that
   * was never committed.
   */
  constructor(mark: SnapshotMark, found: readonly Entry[]) {
    const entries = followsOn(mark, found) ? found : [];
    const first = entries[0];
    assert(first === undefined || first.index <= mark.index + 1, 'entries must follow on the snapshot without a gap');
    this.#mark = mark;
    this.#entries = [];
    // The term before the first kept entry is not known, so that entry can only serve as the one before the others.
    const spare = first !== undefined && first.index > 1 && first.index <= mark.index;
    this.#base = first === undefined ? mark.index : spare ? first.index : first.index - 1;
    const baseTerm = first === undefined || first.index > mark.index ? mark.term : spare ? first.term : 0;
    this.#terms = new TermRuns(this.#base, baseTerm);
    this.append(spare ? entries.slice(1) : entries);
  }

  get mark(): SnapshotMark {
    return this.#mark;
  }

  /** The last index that is forgotten but whose term is known. */
  get baseIndex(): number {
    return this.#base;
  }

  get lastIndex(): number {
    return this.#base + this.#entries.length;
  }

  get lastTerm(): number {
    return this.#terms.lastTerm;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** Undefined for an index that is forgotten or not yet written. */
  termAt(index: number): number | undefined {
    return index < this.#base || index > this.lastIndex ? undefined : this.#terms.termAt(index);
  }

  entryAt(index: number): Entry | undefined {
    return this.#entries[index - this.#base - 1];
  }

  /** From `from` to `to`, both included; both lie in the log. */
  slice(from: number, to: number): Entry[] {
    return this.#entries.slice(from - this.#base - 1, to - this.#base);
  }

  /** The last index of a run from `from` on that holds at most `bytesMax`, but at least one entry. */
  lastWithin(from: number, bytesMax: number): number {
    let index = from;
    let bytes = 0;
    for (const last = this.lastIndex; index <= last; index++) {
      bytes += entrySizeBytes(this.entryAt(index)!);
      if (bytes > bytesMax && index > from) break;
    }
    return index - 1;
  }

  bytesOf(from: number, to: number): number {
    let bytes = 0;
    for (let index = from; index <= to; index++) bytes += entrySizeBytes(this.entryAt(index)!);
    return bytes;
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      if (entry.index !== this.lastIndex + 1 || entry.term < this.lastTerm) this.#misfit(entry);
      this.#terms.append(entry.index, entry.term);
      this.#sizeBytes += entrySizeBytes(entry);
      this.#entries.push(entry);
    }
  }

  /** Apart, so that no message is made for entries that fit. */
  #misfit({ index, term }: Entry): never {
    throw new InvariantError(`entry ${index}@${term} does not follow on ${this.lastIndex}@${this.lastTerm}`);
  }

  /** `index` is at most the next one. */
  truncateFrom(index: number): void {
    assert(index > this.#base, 'a forgotten entry cannot be truncated');
    this.#sizeBytes -= this.bytesOf(index, this.lastIndex);
    this.#entries.length = index - this.#base - 1;
    this.#terms.truncateFrom(index);
  }

  /** The last index at or below `index` with a term of at most `term`; below `baseIndex` when there is none. */
  lastIndexAtMost(index: number, term: number): number {
    return this.#terms.lastIndexAtMost(Math.min(index, this.lastIndex), term);
  }

  /** Takes `mark` as the newest snapshot and forgets what lies before `keepFrom`. O(entries kept). */
  compact(mark: SnapshotMark, keepFrom: number): void {
    if (mark.index > this.#mark.index) this.#mark = mark;
    const base = Math.min(keepFrom - 1, this.#mark.index);
    if (base <= this.#base) return;
    this.#sizeBytes -= this.bytesOf(this.#base + 1, base);
    this.#entries = this.#entries.slice(base - this.#base);
    this.#terms.compactTo(base);
    this.#base = base;
  }

  /** Starts anew behind a received snapshot. */
  restart(mark: SnapshotMark): void {
    this.#mark = mark;
    this.#entries = [];
    this.#base = mark.index;
    this.#terms = new TermRuns(mark.index, mark.term);
    this.#sizeBytes = 0;
  }
}

function followsOn(mark: SnapshotMark, entries: readonly Entry[]): boolean {
  const first = entries[0];
  if (first === undefined || first.index > mark.index) return first === undefined || first.term >= mark.term;
  const atMark = entries[mark.index - first.index];
  return atMark !== undefined && atMark.term === mark.term;
}
