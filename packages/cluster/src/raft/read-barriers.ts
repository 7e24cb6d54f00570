import { Instant } from '@quorate/patterns/base';
import { GroupError } from './errors.ts';

type Done = (error: Error | undefined) => void;

/** Reads that began to wait in the same turn. */
interface Batch {
  readonly dones: Done[];
  readonly deadline: Instant;
}

interface Round {
  readonly batches: readonly Batch[];
  /** Without an answer by then it is asked again: a follower's question or its answer may have been lost. */
  readonly askAgainAt: Instant;
}

interface Ready {
  readonly index: number;
  readonly batches: readonly Batch[];
}

export interface ReadBarrierTimes {
  /** A read fails after this long. */
  readonly timeoutMs: number;
  /** An unanswered round is repeated after this long. */
  readonly answerMs: number;
  /** A failed round is repeated after this long, or as soon as there is a leader. */
  readonly retryMs: number;
}

/** Reads that may wait at the same time; one more fails as `overloaded`. */
export const READS_WAITING_MAX = 262_144;

/**
 * Reads waiting for a point in the log that is not older than they are (thesis 6.4, ReadIndex). All that come in one turn share one
 * round; each waits for the round's answer, then for the state machine to have applied up to it.
 */
export class ReadBarriers {
  readonly #times: ReadBarrierTimes;
  #waiting: Batch | undefined;
  #again: Batch[] = [];
  #retryAt: Instant | undefined;
  readonly #rounds: Map<number, Round> = new Map();
  #ready: Ready[] = [];
  #failed: { readonly done: Done; readonly error: Error }[] = [];
  #count = 0;

  constructor(times: ReadBarrierTimes) {
    this.#times = times;
  }

  add(done: Done, now: Instant): void {
    if (this.#count >= READS_WAITING_MAX) {
      this.#fail(done, new GroupError('overloaded', `${READS_WAITING_MAX} reads wait already: try again later`));
      return;
    }
    this.#count += 1;
    this.#waiting ??= { dones: [], deadline: Instant.add(now, this.#times.timeoutMs) };
    this.#waiting.dones.push(done);
  }

  /** `complete(appliedIndex)` would call somebody. */
  hasReady(appliedIndex: number): boolean {
    return this.#failed.length > 0 || this.#ready.some((r) => r.index <= appliedIndex);
  }

  /** When `expire` is next useful. */
  get deadline(): Instant | undefined {
    // Rounds are kept in the order in which they were asked, so the first one's time is the least.
    for (const round of this.#rounds.values()) {
      return this.#retryAt === undefined || round.askAgainAt < this.#retryAt ? round.askAgainAt : this.#retryAt;
    }
    return this.#retryAt;
  }

  /** True when a read with this `id` is to be put to the kernel, for all that wait. */
  ask(id: number, now: Instant): boolean {
    const due = this.#retryAt !== undefined && this.#retryAt <= now;
    if (this.#waiting === undefined && !(due && this.#again.length > 0)) return false;
    const batches = this.#again;
    if (this.#waiting !== undefined) batches.push(this.#waiting);
    this.#again = [];
    this.#waiting = undefined;
    this.#retryAt = undefined;
    this.#rounds.set(id, { batches, askAgainAt: Instant.add(now, this.#times.answerMs) });
    return true;
  }

  answered(ids: readonly number[], index: number): void {
    for (const id of ids) {
      const round = this.#rounds.get(id);
      if (round === undefined) continue;
      this.#rounds.delete(id);
      this.#ready.push({ index, batches: round.batches });
    }
  }

  failed(ids: readonly number[], now: Instant): void {
    for (const id of ids) {
      const round = this.#rounds.get(id);
      if (round === undefined) continue;
      this.#rounds.delete(id);
      this.#retry(round, now);
    }
  }

  /** There is a leader now: what failed for want of one is asked again with the next `ask`. */
  leaderKnown(now: Instant): void {
    if (this.#again.length > 0) this.#retryAt = now;
  }

  /** Repeats rounds that were not answered, gives up reads whose time is over. */
  expire(now: Instant): void {
    for (const [id, round] of this.#rounds) {
      if (round.askAgainAt > now) continue;
      this.#rounds.delete(id);
      this.#retry(round, now);
      if (this.#again.length > 0) this.#retryAt = now;
    }
  }

  /** Calls those whose point in the log has been applied. */
  complete(appliedIndex: number): void {
    if (this.#failed.length > 0) {
      const failed = this.#failed;
      this.#failed = [];
      for (const { done, error } of failed) done(error);
    }
    if (this.#ready.length === 0) return;
    const ready = this.#ready;
    this.#ready = ready.filter((r) => r.index > appliedIndex);
    for (const r of ready) {
      if (r.index > appliedIndex) continue;
      for (const batch of r.batches) {
        this.#count -= batch.dones.length;
        for (const done of batch.dones) done(undefined);
      }
    }
  }

  stop(error: Error): void {
    const batches = [...this.#again, ...[...this.#rounds.values(), ...this.#ready].flatMap((r) => r.batches)];
    if (this.#waiting !== undefined) batches.push(this.#waiting);
    this.#waiting = undefined;
    this.#again = [];
    this.#rounds.clear();
    this.#ready = [];
    this.#retryAt = undefined;
    for (const batch of batches) for (const done of batch.dones) this.#fail(done, error);
    this.#count = 0;
    this.complete(0);
  }

  #retry(round: Round, now: Instant): void {
    for (const batch of round.batches) {
      if (batch.deadline > now) this.#again.push(batch);
      else {
        this.#count -= batch.dones.length;
        const error = new GroupError('no-leader', `no leader confirmed a read within ${this.#times.timeoutMs} ms`);
        for (const done of batch.dones) this.#fail(done, error);
      }
    }
    if (this.#again.length > 0) this.#retryAt ??= Instant.add(now, this.#times.retryMs);
  }

  #fail(done: Done, error: Error): void {
    this.#failed.push({ done, error });
  }
}
