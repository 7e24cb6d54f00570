/**
 * What a replica knows of its own log, and which of it is durable. The part that leader and follower share; they change, this remains.
 */
import { assert, Instant } from '../base/index.ts';
import { GenerationHistory } from './generation-history.ts';
import type { LogEffect, LogRecovery } from './log-types.ts';

type PersistEffect = LogEffect & { readonly kind: 'persist' };
type Change = Pick<PersistEffect, 'truncateTo' | 'restartAt' | 'records'>;

export class LogState {
  /** The highest generation promised: nothing of a lower one is taken any more. */
  generation: number;
  /**
   * The last generation with whose leader's log this one agreed up to where that leader began: what the leader of that generation knew to be acknowledged is here.
   * (Viewstamped Replication's "latest normal view".) Not the generation of the last record: a record can be there without what was acknowledged after it elsewhere.
   */
  synced: number;
  history: GenerationHistory;
  start: number;
  end: number;
  highWaterMark: number;
  lowWaterMark: number;
  freshAsOf: Instant = Instant.of(Number.NEGATIVE_INFINITY);
  durableEnd: number;
  durableSynced: number;
  #ticket = 0;
  #durableTicket = 0;
  /** Writes under way, oldest first. A follower bounds them by `writesMax`, a leader by `unacknowledgedMax`. */
  readonly #writes: { readonly ticket: number; readonly end: number; readonly synced: number }[] = [];

  constructor(recovered: LogRecovery | undefined) {
    this.generation = recovered?.generation ?? 0;
    this.synced = recovered?.synced ?? 0;
    this.history = GenerationHistory.of(recovered?.starts ?? []);
    this.start = recovered?.start ?? 0;
    this.end = recovered?.end ?? 0;
    assert(this.start <= this.end, 'a log must not end before it starts');
    assert(this.synced <= this.generation, 'a log must not be synced to a generation that is not promised');
    assert(this.history.latest <= this.generation, 'a log must not have records of a generation that is not promised');
    this.highWaterMark = Math.max(this.start, Math.min(recovered?.highWaterMark ?? 0, this.end));
    this.lowWaterMark = this.start;
    this.durableEnd = this.end;
    this.durableSynced = this.synced;
  }

  get writes(): number {
    return this.#writes.length;
  }

  /** The last ticket given out: what waits for it waits for everything. 0 when all is durable. */
  get pending(): number {
    return this.#ticket === this.#durableTicket ? 0 : this.#ticket;
  }

  persist(change: Change, out: LogEffect[]): number {
    this.#ticket += 1;
    this.#writes.push({ ticket: this.#ticket, end: this.end, synced: this.synced });
    out.push({ kind: 'persist', ticket: this.#ticket, generation: this.generation, synced: this.synced, ...change });
    return this.#ticket;
  }

  persisted(ticket: number): void {
    assert(ticket <= this.#ticket, 'a ticket must have been given out');
    while (this.#writes.length > 0 && this.#writes[0]!.ticket <= ticket) {
      const { end, synced } = this.#writes.shift()!;
      this.durableEnd = end;
      this.durableSynced = synced;
    }
    this.#durableTicket = Math.max(this.#durableTicket, ticket);
  }

  append(count: number, generation: number, out: LogEffect[]): void {
    const first = this.end;
    this.history = this.history.appended(generation, first);
    this.end += count;
    this.persist({ records: { first, count, generation } }, out);
  }

  truncate(to: number, out: LogEffect[]): void {
    this.history = this.history.truncated(to);
    this.end = to;
    this.#lowerMark(to, out);
    this.persist({ truncateTo: to }, out);
  }

  /** Forgets all records; the next will have index `start`. What is below that is acknowledged, or the leader would not have dropped it. */
  restart(start: number, out: LogEffect[]): void {
    this.#lowerMark(start, out);
    this.history = GenerationHistory.empty;
    this.start = start;
    this.end = start;
    this.lowWaterMark = start;
    this.persist({ restartAt: start }, out);
    this.raiseMark(start, out);
  }

  dropped(start: number): void {
    assert(start <= this.lowWaterMark, 'only what is below the low-water mark may be dropped');
    if (start <= this.start) return;
    this.start = start;
    this.history = this.history.trimmed(start);
  }

  /** To `index`, or as far as the log goes. */
  raiseMark(index: number, out: LogEffect[]): void {
    const mark = Math.min(index, this.end);
    if (mark <= this.highWaterMark) return;
    this.highWaterMark = mark;
    out.push({ kind: 'high-water-mark', index: mark, after: this.pending });
  }

  raiseLowMark(index: number, out: LogEffect[]): void {
    const mark = Math.min(index, this.highWaterMark);
    if (mark <= this.lowWaterMark) return;
    this.lowWaterMark = mark;
    out.push({ kind: 'low-water-mark', index: mark });
  }

  #lowerMark(to: number, out: LogEffect[]): void {
    if (to >= this.highWaterMark) return;
    out.push({ kind: 'lost', from: to, to: this.highWaterMark });
    this.highWaterMark = to;
    this.freshAsOf = Instant.of(Number.NEGATIVE_INFINITY);
    this.lowWaterMark = Math.min(this.lowWaterMark, to);
  }
}
