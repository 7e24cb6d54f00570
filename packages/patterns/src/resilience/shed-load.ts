import { AdaptiveThrottle, type AdaptiveThrottleOptions } from './adaptive-throttle.ts';
import type { Call, Policy, Sink, Stage } from './call.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { isTimeout, ResilienceError } from './resilience-error.ts';
import type { RandomNumber, Time } from './world.ts';

export interface ShedLoadOptions extends PolicyOptions, AdaptiveThrottleOptions {
  /**
   * Whether an error says that the service has no capacity: 429, 503, a timeout. All else is an answer, and counts as accepted: an error
   * that is the caller's own fault must not make the throttle stricter.
   */
  readonly isOverload: (error: unknown) => boolean;
}

/**
 * Calls under an `AdaptiveThrottle`: refusals are `throttled`. Put it inside of `Retry` (each attempt is a request) and next to the
 * operation: refusals of a breaker further in are none of the service's.
 */
export class ShedLoad implements Policy {
  readonly endsWithAttempts = true;
  readonly #time: Pick<Time, 'clock'>;
  readonly #random: RandomNumber;
  readonly #throttle: AdaptiveThrottle;
  readonly #isOverload: (error: unknown) => boolean;
  readonly #name: string;
  readonly #events: EventChannel | undefined;

  constructor(time: Pick<Time, 'clock'>, random: RandomNumber, options: ShedLoadOptions) {
    this.#time = time;
    this.#random = random;
    this.#throttle = new AdaptiveThrottle(options);
    this.#isOverload = options.isOverload;
    this.#name = options.name ?? 'load shedding';
    this.#events = options.events;
  }

  /** How likely the next call is to be refused, in [0, 1). */
  get refusalProbability(): number {
    return this.#throttle.refusalProbability(this.#time.clock.monotonic());
  }

  bind(next: Stage): Stage {
    return {
      start: (call, sink) => {
        if (this.#throttle.admit(this.#random(), this.#time.clock.monotonic())) {
          next.start(call, new CountedCall(this, call, sink));
          return;
        }
        if (this.#events?.hasSubscribers === true)
          this.#events.publish({ kind: 'refused', policy: this.#name, code: 'throttled' });
        sink.fail(ResilienceError.of('throttled', `${this.#name}: the service refuses too much; not sent`));
      },
    };
  }

  /** For its calls alone. */
  accepted(): void {
    this.#throttle.accepted(this.#time.clock.monotonic());
  }

  /** For its calls alone. */
  failed(call: Call, error: unknown): void {
    // What the service would have said to a caller who left is not known: no reason to be stricter, unless time was up.
    const isLeft = call.isCancelled && !isTimeout(call.reason);
    let isOverload = false;
    try {
      isOverload = !isLeft && this.#isOverload(call.isCancelled ? call.reason : error);
    } finally {
      if (!isOverload) this.accepted();
    }
  }
}

class CountedCall implements Sink {
  readonly policy: ShedLoad;
  readonly call: Call;
  readonly sink: Sink;

  constructor(policy: ShedLoad, call: Call, sink: Sink) {
    this.policy = policy;
    this.call = call;
    this.sink = sink;
  }

  succeed(value: unknown): void {
    this.policy.accepted();
    this.sink.succeed(value);
  }

  fail(error: unknown): void {
    let told = error;
    try {
      this.policy.failed(this.call, error);
    } catch (problem) {
      told = problem;
    }
    this.sink.fail(told);
  }
}
