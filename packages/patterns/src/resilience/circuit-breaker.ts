import { Instant } from '../base/index.ts';
import type { Call, Policy, Sink, Stage } from './call.ts';
import { Circuit, type CircuitOptions, type CircuitState, type CircuitTicket, REFUSED } from './circuit.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { isTimeout, ResilienceError } from './resilience-error.ts';
import type { MonotonicClock, Time } from './world.ts';

export interface CircuitBreakerOptions extends PolicyOptions, CircuitOptions {
  /** Whether an error says that the service is ill. Default: all do. A 404 is none. */
  readonly isFailure?: (error: unknown) => boolean;
}

const NO_TIME: Instant = Instant.of(0);

/**
 * Calls under a `Circuit`. Refusals are `circuit-open` and cost no clock beyond one reading. A call that its caller cancelled counts neither
 * way. Put it inside of `Retry`, so that each attempt is counted, and outside of `Timeout`, so that timeouts are failures.
 */
export class CircuitBreaker implements Policy {
  readonly endsWithAttempts = true;
  readonly #clock: MonotonicClock;
  readonly #circuit: Circuit;
  readonly #isFailure: ((error: unknown) => boolean) | undefined;
  readonly #name: string;
  readonly #events: EventChannel | undefined;

  constructor(time: Pick<Time, 'clock'>, options: CircuitBreakerOptions = {}) {
    this.#clock = time.clock;
    this.#circuit = new Circuit(options);
    this.#isFailure = options.isFailure;
    this.#name = options.name ?? 'circuit breaker';
    this.#events = options.events;
  }

  get state(): CircuitState {
    return this.#circuit.state;
  }

  bind(next: Stage): Stage {
    return { start: (call, sink) => this.#start(call, sink, next) };
  }

  #start(call: Call, sink: Sink, next: Stage): void {
    const circuit = this.#circuit;
    const before = circuit.state;
    const now = before !== 'closed' || circuit.needsTime ? this.#clock.monotonic() : NO_TIME;
    const ticket = circuit.admit(now);
    if (ticket === REFUSED) return this.#refuse(sink, now);
    if (before !== circuit.state) this.#changed(before);
    next.start(call, new GuardedCall(this, call, sink, ticket, now));
  }

  /** For its calls alone. */
  record(ticket: CircuitTicket, startedAt: Instant, failed: boolean): void {
    const circuit = this.#circuit;
    const before = circuit.state;
    // A success of the last probe opens the circuit, too, when others failed.
    const now = failed || circuit.needsTime || before !== 'closed' ? this.#clock.monotonic() : NO_TIME;
    circuit.record(ticket, failed, circuit.needsTime ? now - startedAt : 0, now);
    if (before !== circuit.state) this.#changed(before);
  }

  /** For its calls alone. */
  failed(call: Call, ticket: CircuitTicket, startedAt: Instant, error: unknown): void {
    // A timeout further out cancels the call, too, and does say something about the service.
    if (call.isCancelled && !isTimeout(call.reason)) this.#circuit.cancel(ticket);
    else {
      let isFailure = true;
      try {
        isFailure = this.#isFailure === undefined || this.#isFailure(error);
      } finally {
        this.record(ticket, startedAt, isFailure);
      }
    }
  }

  #refuse(sink: Sink, now: Instant): void {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'refused', policy: this.#name, code: 'circuit-open' });
    const waitMs = Math.max(0, this.#circuit.opensAgainAt - now);
    sink.fail(ResilienceError.of('circuit-open', `${this.#name}: ${this.#circuit.state}, so nothing is asked`, waitMs));
  }

  #changed(from: CircuitState): void {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'circuit', policy: this.#name, from, to: this.#circuit.state });
  }
}

class GuardedCall implements Sink {
  readonly breaker: CircuitBreaker;
  readonly call: Call;
  readonly sink: Sink;
  readonly ticket: CircuitTicket;
  readonly startedAt: Instant;

  constructor(breaker: CircuitBreaker, call: Call, sink: Sink, ticket: CircuitTicket, startedAt: Instant) {
    this.breaker = breaker;
    this.call = call;
    this.sink = sink;
    this.ticket = ticket;
    this.startedAt = startedAt;
  }

  succeed(value: unknown): void {
    this.breaker.record(this.ticket, this.startedAt, false);
    this.sink.succeed(value);
  }

  fail(error: unknown): void {
    let told = error;
    try {
      this.breaker.failed(this.call, this.ticket, this.startedAt, error);
    } catch (problem) {
      told = problem;
    }
    this.sink.fail(told);
  }
}
