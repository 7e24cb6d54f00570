/**
 * Questions that wait for an answer, each until a deadline: as many as are asked end exactly once, answered or failed, and what is known of a failed
 * one is said. Hohpe, Woolf, "Enterprise Integration Patterns", 2003, Request-Reply and Correlation Identifier; deadlines along a chain of calls as in
 * gRPC ("Deadlines", Deadline propagation).
 *
 *     ask ──> waiting ── reply ────────────────────> answered
 *       │        ├────── refused ──────────────────> failed, not applied
 *       │        └────── deadline, lost, cancel ───> failed, unknown: it may have been carried out, or still be
 *       └── no time left, too many wait ───────────> failed, not applied: it was never sent
 *
 * A call never waits longer than the turn that makes it may take: its deadline is that turn's, or an earlier one. Clocks of two machines are not
 * compared, so what travels is the time that is left, less `marginMs` for the way; with a way that is no longer than that, whoever is asked gives up
 * before whoever asked does. A reply that comes after the end is counted and otherwise ignored.
 *
 * Pure. O(log n) to come and to go; `lost` is O(n).
 */
import { assert, Instant } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';

export interface AsksOptions {
  /** Questions that wait at once. Default 100,000. */
  readonly waitingMax?: number;
  /** Taken off the time that whoever is asked gets. Default 0, which is right within one process. */
  readonly marginMs?: number;
}

/** `M`: questions, `R`: answers, `T`: whatever the asker knows its question by. */
export type AskInput<M, R, T> =
  /** `callerDeadline`: of the turn that asks, if it has one. */
  | {
      readonly kind: 'ask';
      readonly to: string;
      readonly message: M;
      readonly tag: T;
      readonly timeoutMs: number;
      readonly callerDeadline?: Instant | undefined;
    }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: R }
  /** Whoever was asked has not carried it out, and will not. */
  | { readonly kind: 'refused'; readonly id: number; readonly why: string }
  /** Whoever was asked will not answer any more: its connection or its process is gone. */
  | { readonly kind: 'lost'; readonly to: string }
  /** Whoever asked is gone. */
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'tick' };

export type AskFailure =
  | { readonly outcome: 'unknown'; readonly why: 'timed-out' | 'lost' | 'cancelled' }
  | { readonly outcome: 'not-applied'; readonly why: 'no-time-left' | 'too-many' }
  | { readonly outcome: 'not-applied'; readonly why: 'refused'; readonly because: string };

export type AskEffect<M, R, T> =
  /** `deadline` within this process, `remainingMs` (more than 0) for another one. */
  | {
      readonly kind: 'send';
      readonly id: number;
      readonly to: string;
      readonly message: M;
      readonly deadline: Instant;
      readonly remainingMs: number;
    }
  | { readonly kind: 'answered'; readonly tag: T; readonly reply: R }
  | { readonly kind: 'failed'; readonly tag: T; readonly failure: AskFailure };

interface Waiting<T> extends Due {
  readonly id: number;
  readonly to: string;
  readonly tag: T;
}

export interface AskCounts {
  readonly asked: number;
  readonly answered: number;
  readonly failed: number;
  /** Replies and refusals for which nobody waits any more. */
  readonly late: number;
}

/** The deadline, on the clock here, of a question that came at `arrivedAt` with so much time left. */
export function deadlineOnArrival(arrivedAt: Instant, remainingMs: number): Instant {
  return Instant.add(arrivedAt, Math.max(0, remainingMs));
}

export class Asks<M, R, T> {
  readonly #waitingMax: number;
  readonly #marginMs: number;
  readonly #waiting = new Map<number, Waiting<T>>();
  readonly #heap = new DeadlineHeap<Waiting<T>>();
  readonly #counts = { asked: 0, answered: 0, failed: 0, late: 0 };
  #lastId = 0;

  constructor(options: AsksOptions = {}) {
    this.#waitingMax = options.waitingMax ?? 100_000;
    this.#marginMs = options.marginMs ?? 0;
    assert(this.#waitingMax >= 1, `waitingMax must be >= 1, not ${options.waitingMax}`);
    assert(this.#marginMs >= 0, `marginMs must be >= 0, not ${options.marginMs}`);
  }

  get size(): number {
    return this.#waiting.size;
  }

  get counts(): AskCounts {
    return this.#counts;
  }

  get deadline(): Instant | undefined {
    const { earliest } = this.#heap;
    return earliest === undefined ? undefined : Instant.of(earliest.dueAt);
  }

  step(input: AskInput<M, R, T>, now: Instant, out: AskEffect<M, R, T>[]): void {
    switch (input.kind) {
      case 'ask':
        return this.#ask(input, now, out);
      case 'reply': {
        const waiting = this.#take(input.id);
        if (waiting === undefined) return;
        this.#counts.answered += 1;
        return void out.push({ kind: 'answered', tag: waiting.tag, reply: input.reply });
      }
      case 'refused':
        return this.#end(input.id, { outcome: 'not-applied', why: 'refused', because: input.why }, out);
      case 'cancel':
        // Whoever asked may cancel what has just ended.
        if (this.#waiting.has(input.id)) this.#end(input.id, { outcome: 'unknown', why: 'cancelled' }, out);
        return;
      case 'lost':
        for (const { id, to } of [...this.#waiting.values()])
          if (to === input.to) this.#end(id, { outcome: 'unknown', why: 'lost' }, out);
        return;
      case 'tick':
        for (let due = this.#heap.earliest; due !== undefined && due.dueAt <= now; due = this.#heap.earliest)
          this.#end(due.id, { outcome: 'unknown', why: 'timed-out' }, out);
    }
  }

  #ask(input: AskInput<M, R, T> & { kind: 'ask' }, now: Instant, out: AskEffect<M, R, T>[]): void {
    const { to, message, tag, timeoutMs, callerDeadline } = input;
    this.#counts.asked += 1;
    const deadline = Instant.of(Math.min(now + timeoutMs, callerDeadline ?? Number.POSITIVE_INFINITY));
    const remainingMs = deadline - now - this.#marginMs;
    // NaN is no time either.
    if (!(remainingMs > 0)) return this.#fail(tag, { outcome: 'not-applied', why: 'no-time-left' }, out);
    if (this.#waiting.size >= this.#waitingMax)
      return this.#fail(tag, { outcome: 'not-applied', why: 'too-many' }, out);
    this.#lastId += 1;
    const id = this.#lastId;
    const waiting: Waiting<T> = { id, to, tag, dueAt: deadline, gone: false };
    this.#waiting.set(id, waiting);
    this.#heap.add(waiting);
    out.push({ kind: 'send', id, to, message, deadline, remainingMs });
  }

  #take(id: number): Waiting<T> | undefined {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      this.#counts.late += 1;
      return undefined;
    }
    this.#waiting.delete(id);
    this.#heap.remove(waiting);
    return waiting;
  }

  #end(id: number, failure: AskFailure, out: AskEffect<M, R, T>[]): void {
    const waiting = this.#take(id);
    if (waiting !== undefined) this.#fail(waiting.tag, failure, out);
  }

  #fail(tag: T, failure: AskFailure, out: AskEffect<M, R, T>[]): void {
    this.#counts.failed += 1;
    out.push({ kind: 'failed', tag, failure });
  }
}
