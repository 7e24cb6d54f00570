/**
 * The low-water mark of a replicated log: below it nobody needs a record any more. Each holder (a follower, a reader, a snapshot) says from where on it does;
 * the lowest decides. Joshi, "Patterns of Distributed Systems", 2023, "Low-Water Mark".
 *
 * A holder that is gone must not keep the log for ever and fill the disk (PostgreSQL's replication slots without `max_slot_wal_keep_size`), nor may it be cut off
 * without a word (MySQL's `binlog_expire_logs_seconds`): one that holds more than `retainMax` records is abandoned, and named.
 *
 * Pure. Bounded by `holdersMax`; one more is refused.
 */
import { assert } from '../base/index.ts';

export class LogHolds {
  readonly #retainMax: number;
  readonly #holdersMax: number;
  readonly #holds = new Map<string, number>();

  constructor(options: { readonly retainMax: number; readonly holdersMax?: number }) {
    this.#retainMax = options.retainMax;
    this.#holdersMax = options.holdersMax ?? 1024;
    assert(this.#retainMax > 0, `retainMax must be above 0, not ${this.#retainMax}`);
  }

  /** `holder` needs the records from `index` on. False when there are too many holders. It may go back: then what is gone is gone. */
  hold(holder: string, index: number): boolean {
    if (!this.#holds.has(holder) && this.#holds.size >= this.#holdersMax) return false;
    this.#holds.set(holder, index);
    return true;
  }

  has(holder: string): boolean {
    return this.#holds.has(holder);
  }

  release(holder: string): void {
    this.#holds.delete(holder);
  }

  /** Lets go of those that hold more than `retainMax` records of a log that ends at `end`, and says who they were. O(holders). */
  abandon(end: number): string[] {
    const gone = [...this.#holds].filter(([, index]) => end - index > this.#retainMax).map(([holder]) => holder);
    for (const holder of gone) this.#holds.delete(holder);
    return gone;
  }

  /** The lowest index that somebody needs; infinity when nobody needs any. O(holders). */
  get lowest(): number {
    return Math.min(...this.#holds.values(), Number.POSITIVE_INFINITY);
  }
}
