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
  /** Enters even a list that is full, and takes nobody's place: for calls that others depend on, of which there are few. */
  essential = false;
  readonly what: string;
  readonly promise: Promise<T>;
  #resolve!: (value: never) => void;
  #reject!: (error: CoreError) => void;
  #list: WaitingList | undefined;
  #signal: AbortSignal | undefined;
  #id = -1;
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

  /** Tells this call from all others of the list that wait now, and from the last ones that were in its slot. */
  get id(): number {
    return this.#id;
  }

  get deadline(): Instant {
    return this.#deadline;
  }

  get settled(): boolean {
    return this.#list === undefined;
  }

  /** For the list alone. */
  enter(list: WaitingList, id: number, deadline: Instant, timeoutMs: number, signal: AbortSignal | undefined): void {
    this.#list = list;
    this.#id = id;
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

  /** `trouble`: what may have been the reason. */
  expire(trouble: CoreError | undefined): void {
    const because = trouble === undefined ? '' : ` (${trouble.message})`;
    const message = `${this.what}: no answer within ${this.#timeoutMs} ms${because}`;
    this.reject(new CoreError('timed-out', message, { retryable: true, outcome: this.outcome, cause: trouble }));
  }

  #leave(): boolean {
    const list = this.#list;
    if (list === undefined) return false;
    this.#list = undefined;
    this.#signal?.removeEventListener('abort', this);
    list.release(this, this.#id);
    return true;
  }
}

export function abortError(what: string, signal: AbortSignal | undefined, outcome: Outcome): CoreError {
  return new CoreError('aborted', `${what} was aborted by its signal`, { outcome, cause: signal?.reason });
}

/** An id is a slot, dense and reused at once, and a generation: 31 bits together. */
const SLOT_BITS = 20;
const SLOTS_MAX: number = 2 ** SLOT_BITS;
const SLOT_MASK: number = SLOTS_MAX - 1;
const GENERATION_MASK: number = 2 ** (31 - SLOT_BITS) - 1;

/** At most `max` calls wait. Finding one by its id is an access to an array. */
export class WaitingList implements Disposable {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #timer: DeadlineTimer;
  readonly #max: number;
  readonly #trouble: () => CoreError | undefined;
  readonly #slots: (Waiter<unknown> | undefined)[] = [];
  readonly #generations: number[] = [];
  readonly #free: number[] = [];
  #size = 0;
  #essential = 0;

  /** `trouble` is asked when calls expire, for their message. */
  constructor(env: Pick<Env, 'clock' | 'timers'>, max: number, trouble: () => CoreError | undefined = () => undefined) {
    this.#env = env;
    this.#trouble = trouble;
    this.#max = Math.min(max, SLOTS_MAX);
    this.#timer = new DeadlineTimer(env, (now) => this.#expire(now));
  }

  get size(): number {
    return this.#size;
  }

  /** Undefined when the call may wait, and now does; otherwise why it may not. */
  enter(waiter: Waiter<unknown>, options: WaitOptions | undefined, defaultTimeoutMs: number): CoreError | undefined {
    const signal = options?.signal;
    if (signal?.aborted === true) return abortError(waiter.what, signal, 'not-applied');
    const room = waiter.essential ? SLOTS_MAX : Math.min(this.#max + this.#essential, SLOTS_MAX);
    if (this.#size >= room) {
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
    if (waiter.essential) this.#essential += 1;
    const generation = ((this.#generations[slot] ?? 0) + 1) & GENERATION_MASK;
    this.#generations[slot] = generation;
    waiter.enter(this, generation * SLOTS_MAX + slot, deadline, timeoutMs, signal);
    this.#timer.note(deadline);
    return undefined;
  }

  /** The call of that id, if it still waits. */
  find(id: number): Waiter<unknown> | undefined {
    const waiter = this.#slots[id & SLOT_MASK];
    return waiter?.id === id ? waiter : undefined;
  }

  /** In no particular order. */
  *[Symbol.iterator](): Generator<Waiter<unknown>> {
    for (const waiter of this.#slots) if (waiter !== undefined) yield waiter;
  }

  /** For the waiter alone. */
  release(waiter: Waiter<unknown>, id: number): void {
    const slot = id & SLOT_MASK;
    assert(this.#slots[slot] === waiter, 'a waiter must leave the slot it was given');
    this.#slots[slot] = undefined;
    this.#free.push(slot);
    this.#size -= 1;
    if (waiter.essential) this.#essential -= 1;
  }

  #expire(now: Instant): Instant | undefined {
    let next = Number.POSITIVE_INFINITY;
    for (const waiter of this.#slots) {
      if (waiter === undefined) continue;
      if (waiter.deadline <= now) waiter.expire(this.#trouble());
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
