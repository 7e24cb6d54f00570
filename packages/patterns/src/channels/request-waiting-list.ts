/**
 * Requests that cannot be answered before others have answered (Joshi, "Patterns of Distributed Systems", 2023, Request Waiting List): each
 * waits for a condition over answers, a quorum as a rule, and ends exactly once: met, impossible, or timed out.
 *
 *     add -> waiting -- answers, until the condition is met ------> 'met'
 *                    -- answers, after which it cannot be any more -> 'impossible'
 *                    -- timeoutMs -----------------------------> 'timed-out'
 *
 * What was asked of a node that is lost is answered by `lost`, for all requests. Answers that come after the end are ignored: an id must not be
 * used again while they may.
 *
 * Pure: no clock, no timers. O(1) for each answer, O(log n) to come and to go.
 */
import { assert, Instant } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';
import type { WaitCondition } from './wait-condition.ts';

export interface RequestWaitingListOptions {
  /** Requests that wait at once. Default 100,000. */
  readonly waitingMax?: number;
}

export interface Answer<N, V> {
  readonly from: N;
  readonly isGood: boolean;
  /** Undefined of a node that was lost. */
  readonly value: V | undefined;
}

export interface WaitEnd<K, N, V> {
  readonly kind: 'met' | 'impossible' | 'timed-out';
  readonly id: K;
  /** Those that came until then, in order. */
  readonly answers: readonly Answer<N, V>[];
}

interface Waiting<K, N, V> extends Due {
  readonly id: K;
  readonly condition: WaitCondition<N>;
  readonly answers: Answer<N, V>[];
}

/** `K`: id of a request; `N`: of a node; `V`: what nodes answer. */
export class RequestWaitingList<K, N, V> {
  readonly #waitingMax: number;
  readonly #waiting = new Map<K, Waiting<K, N, V>>();
  readonly #heap = new DeadlineHeap<Waiting<K, N, V>>();

  constructor(options: RequestWaitingListOptions = {}) {
    this.#waitingMax = options.waitingMax ?? 100_000;
    assert(this.#waitingMax >= 1, `waitingMax must be >= 1, not ${options.waitingMax}`);
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** When `tick` is next worth calling; undefined when nothing waits. */
  get deadline(): Instant | undefined {
    const { earliest } = this.#heap;
    return earliest === undefined ? undefined : Instant.of(earliest.dueAt);
  }

  /** False when as many wait as may. `id` must not be waiting. The condition is this request's alone. */
  add(id: K, condition: WaitCondition<N>, timeoutMs: number, now: Instant): boolean {
    assert(!this.#waiting.has(id), `request ${String(id)} waits already; ids are used once`);
    assert(timeoutMs > 0, `timeoutMs must be > 0, not ${timeoutMs}`);
    if (this.#waiting.size >= this.#waitingMax) return false;
    const waiting: Waiting<K, N, V> = { id, condition, answers: [], dueAt: now + timeoutMs, gone: false };
    this.#waiting.set(id, waiting);
    this.#heap.add(waiting);
    return true;
  }

  /** A node has answered request `id`, well or not. */
  answer(id: K, from: N, isGood: boolean, value: V, out: WaitEnd<K, N, V>[]): void {
    const waiting = this.#waiting.get(id);
    if (waiting !== undefined) this.#answered(waiting, from, isGood, value, out);
  }

  /** A node will answer nothing more: for all that wait, that is a bad answer. O(n). */
  lost(from: N, out: WaitEnd<K, N, V>[]): void {
    for (const waiting of this.#waiting.values()) this.#answered(waiting, from, false, undefined, out);
  }

  /** Ends what has waited too long. */
  tick(now: Instant, out: WaitEnd<K, N, V>[]): void {
    for (let due = this.#heap.earliest; due !== undefined && due.dueAt <= now; due = this.#heap.earliest) {
      this.#heap.take();
      this.#waiting.delete(due.id);
      out.push({ kind: 'timed-out', id: due.id, answers: due.answers });
    }
  }

  /** The one who asked is gone: the request ends without a word. False when it does not wait. */
  cancel(id: K): boolean {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return false;
    this.#remove(waiting);
    return true;
  }

  #answered(waiting: Waiting<K, N, V>, from: N, isGood: boolean, value: V | undefined, out: WaitEnd<K, N, V>[]): void {
    // A node that said something already says nothing new: least of all by being lost.
    for (const answer of waiting.answers) if (answer.from === from) return;
    waiting.answers.push({ from, isGood, value });
    const verdict = waiting.condition.answered(from, isGood);
    if (verdict === 'pending') return;
    this.#remove(waiting);
    out.push({ kind: verdict, id: waiting.id, answers: waiting.answers });
  }

  #remove(waiting: Waiting<K, N, V>): void {
    this.#waiting.delete(waiting.id);
    this.#heap.remove(waiting);
  }
}
