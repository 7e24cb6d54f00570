/**
 * Calls that wait for their answer (Joshi, "Patterns of Distributed Systems", Request Waiting List): each has a slot, a deadline and
 * perhaps an `AbortSignal`, and ends exactly once. A call costs one promise and one object; there is one timer for all of them.
 */
import type { Env } from '@quorate/env';
import { assert, Instant } from '@quorate/patterns/base';
import { CoreError, type Outcome } from '../errors.ts';
import { DeadlineTimer } from './deadline-timer.ts';

export interface WaitOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

export class Waiter<T> implements EventListenerObject {
  /** What has become of the request, should the caller give up now. The owner raises it when the request leaves. */
  outcome: Outcome = 'not-applied';
  readonly what: string;
  readonly promise: Promise<T>;
  #resolve!: (value: never) => void;
  #reject!: (error: CoreError) => void;
  #list: WaitingList | undefined;
  #signal: AbortSignal | undefined;
  #slot = -1;
  #deadline: Instant = Instant.of(0);
  #timeoutMs = 0;

  /** `what` names the request in error messages. */
  constructor(what: string) {
    this.what = what;
    this.promise = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get slot(): number {
    return this.#slot;
  }

  get deadline(): Instant {
    return this.#deadline;
  }

  get settled(): boolean {
    return this.#list === undefined;
  }

  /** For the list alone. */
  enter(list: WaitingList, slot: number, deadline: Instant, timeoutMs: number, signal: AbortSignal | undefined): void {
    this.#list = list;
    this.#slot = slot;
    this.#deadline = deadline;
    this.#timeoutMs = timeoutMs;
    this.#signal = signal;
    signal?.addEventListener('abort', this);
  }

  /** Has no effect on a call that has ended. */
  resolve(value: T): void {
    if (this.#leave()) this.#resolve(value as never);
  }

  reject(error: CoreError): void {
    if (this.#leave()) this.#reject(error);
  }

  handleEvent(): void {
    this.reject(abortError(this.what, this.#signal, this.outcome));
  }

  expire(): void {
    const error = new CoreError('timed-out', `${this.what}: no answer within ${this.#timeoutMs} ms`, {
      retryable: true,
      outcome: this.outcome,
    });
    this.reject(error);
  }

  #leave(): boolean {
    const list = this.#list;
    if (list === undefined) return false;
    this.#list = undefined;
    this.#signal?.removeEventListener('abort', this);
    list.release(this, this.#slot);
    return true;
  }
}

export function abortError(what: string, signal: AbortSignal | undefined, outcome: Outcome): CoreError {
  return new CoreError('aborted', `${what} was aborted by its signal`, { outcome, cause: signal?.reason });
}

/** Slots are dense and reused at once, so that a slot number is a good array index; at most `max` calls wait. */
export class WaitingList implements Disposable {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #timer: DeadlineTimer;
  readonly #max: number;
  readonly #slots: (Waiter<unknown> | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #ended: ((waiter: Waiter<unknown>, slot: number) => void) | undefined;
  #size = 0;

  /** `ended` hears of every call that ends, whichever way, after it has left its slot. */
  constructor(
    env: Pick<Env, 'clock' | 'timers'>,
    options: { readonly max: number; readonly ended?: (waiter: Waiter<unknown>, slot: number) => void },
  ) {
    this.#env = env;
    this.#max = options.max;
    this.#ended = options.ended;
    this.#timer = new DeadlineTimer(env, (now) => this.#expire(now));
  }

  get size(): number {
    return this.#size;
  }

  /** Undefined when the call may wait, and now does; otherwise why it may not. */
  enter(waiter: Waiter<unknown>, options: WaitOptions | undefined, defaultTimeoutMs: number): CoreError | undefined {
    const signal = options?.signal;
    if (signal?.aborted === true) return abortError(waiter.what, signal, 'not-applied');
    if (this.#size >= this.#max) {
      return new CoreError(
        'too-many-requests',
        `${waiter.what}: ${this.#max} requests are already waiting; slow down`,
        {
          retryable: true,
        },
      );
    }
    const timeoutMs = options?.timeoutMs ?? defaultTimeoutMs;
    const deadline = Instant.add(this.#env.clock.monotonic(), timeoutMs);
    const slot = this.#free.pop() ?? this.#slots.length;
    this.#slots[slot] = waiter;
    this.#size += 1;
    waiter.enter(this, slot, deadline, timeoutMs, signal);
    this.#timer.note(deadline);
    return undefined;
  }

  at(slot: number): Waiter<unknown> | undefined {
    return this.#slots[slot];
  }

  /** In no particular order. */
  *[Symbol.iterator](): Generator<Waiter<unknown>> {
    for (const waiter of this.#slots) if (waiter !== undefined) yield waiter;
  }

  /** For the waiter alone. */
  release(waiter: Waiter<unknown>, slot: number): void {
    assert(this.#slots[slot] === waiter, 'a waiter must leave the slot it was given');
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    this.#size -= 1;
    this.#ended?.(waiter, slot);
  }

  #expire(now: Instant): Instant | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const waiter of this.#slots) {
      if (waiter === undefined) continue;
      if (waiter.deadline <= now) waiter.expire();
      else if (waiter.deadline < next) next = waiter.deadline;
    }
    return next === Number.POSITIVE_INFINITY ? undefined : Instant.of(next);
  }

  /** Ends every call with `error`, which is told the outcome each has. */
  rejectAll(error: (waiter: Waiter<unknown>) => CoreError): void {
    for (const waiter of this.#slots) if (waiter !== undefined) waiter.reject(error(waiter));
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}
