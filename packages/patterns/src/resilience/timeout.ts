/**
 * Gives up a call after a fixed time: its caller hears of it at once, its signal is aborted, and what it answers later is ignored. Whether it
 * had its effect is not known then (`outcome: 'unknown'`): retry only what is idempotent.
 *
 * Put it inside of `Retry` for the time of one attempt, outside for the time of all. O(1), one timer for all calls.
 */
import { assert } from '../base/index.ts';
import type { Call, Policy, Sink, Stage } from './call.ts';
import { DueItem, SharedTimer } from './due-list.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { ResilienceError } from './resilience-error.ts';
import type { Time } from './world.ts';

export interface TimeoutOptions extends PolicyOptions {
  readonly timeoutMs: number;
}

export class Timeout implements Policy, Disposable {
  readonly #timeoutMs: number;
  readonly #name: string;
  readonly #events: EventChannel | undefined;
  readonly #timer: SharedTimer<TimedCall>;

  constructor(time: Time, options: TimeoutOptions) {
    assert(options.timeoutMs > 0, `timeoutMs must be > 0, not ${options.timeoutMs}`);
    this.#timeoutMs = options.timeoutMs;
    this.#name = options.name ?? 'timeout';
    this.#events = options.events;
    this.#timer = new SharedTimer(time, (timed) => this.#expire(timed));
  }

  /** Calls that are being timed. */
  get pending(): number {
    return this.#timer.size;
  }

  bind(next: Stage): Stage {
    const timer = this.#timer;
    const timeoutMs = this.#timeoutMs;
    return {
      start(call, sink) {
        const timed = new TimedCall(call, sink, timer);
        timer.add(timed, timeoutMs);
        next.start(timed.call, timed);
      },
    };
  }

  #expire(timed: TimedCall): void {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'timed-out', policy: this.#name, timeoutMs: this.#timeoutMs });
    timed.expire(ResilienceError.of('timed-out', `${this.#name}: no answer within ${this.#timeoutMs} ms`));
  }

  /** Running calls are timed no more. */
  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }
}

class TimedCall extends DueItem implements Sink {
  readonly call: Call;
  readonly sink: Sink;
  readonly timer: SharedTimer<TimedCall>;

  constructor(parent: Call, sink: Sink, timer: SharedTimer<TimedCall>) {
    super();
    this.call = parent.child(parent.attempt);
    this.sink = sink;
    this.timer = timer;
  }

  succeed(value: unknown): void {
    if (!this.timer.remove(this)) return;
    this.call.end();
    this.sink.succeed(value);
  }

  fail(error: unknown): void {
    if (!this.timer.remove(this)) return;
    this.call.end();
    this.sink.fail(error);
  }

  expire(error: ResilienceError): void {
    this.call.end();
    this.sink.fail(error);
    this.call.cancel(error);
  }
}
