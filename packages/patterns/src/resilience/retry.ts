/**
 * Tries again after a failure: with growing, jittered delays, a bounded number of attempts, and, where others call the same service, a
 * budget. Retry only what is idempotent or carries a request id (see `transactions`, idempotent receiver).
 *
 * An error's `retryAfterMs`, when it is a number, is the least that is waited: servers push back with it (gRPC A6), as do breakers
 * and rate limiters further in; one that is infinite is final, as is an error whose `retryable` is false.
 */
import { assert, Instant } from '../base/index.ts';
import { Backoff, type BackoffOptions } from './backoff.ts';
import type { Call, CancelListener, Policy, Sink, Stage } from './call.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { isNotFinal } from './resilience-error.ts';
import type { AttemptBudget } from './retry-budget.ts';
import type { RandomNumber, Time } from './world.ts';

export interface RetryOptions extends PolicyOptions {
  /** The first one included. Default 3. */
  readonly attemptsMax?: number;
  readonly backoff?: BackoffOptions;
  /** Which errors are worth another attempt. Default: those whose `retryable` is not false. */
  readonly isRetryable?: (error: unknown, attempt: number) => boolean;
  /** Shared by all that call the same service. Default: none. */
  readonly budget?: AttemptBudget;
}

export class Retry implements Policy {
  readonly endsWithAttempts = true;
  readonly #time: Time;
  readonly #random: RandomNumber;
  readonly #backoff: Backoff;
  readonly #attemptsMax: number;
  readonly #isRetryable: (error: unknown, attempt: number) => boolean;
  readonly #budget: AttemptBudget | undefined;
  readonly #name: string;
  readonly #events: EventChannel | undefined;

  constructor(time: Time, random: RandomNumber, options: RetryOptions = {}) {
    this.#time = time;
    this.#random = random;
    this.#backoff = new Backoff(options.backoff);
    this.#attemptsMax = options.attemptsMax ?? 3;
    assert(this.#attemptsMax >= 1, `attemptsMax must be >= 1, not ${this.#attemptsMax}`);
    this.#isRetryable = options.isRetryable ?? isNotFinal;
    this.#budget = options.budget;
    this.#name = options.name ?? 'retry';
    this.#events = options.events;
  }

  bind(next: Stage): Stage {
    return {
      start: (call, sink) => {
        this.#budget?.deposit(this.#time.clock.monotonic());
        next.start(call, new RetriedCall(this, call, sink, next));
      },
    };
  }

  /** For its calls alone. */
  succeeded(): void {
    this.#budget?.succeeded();
  }

  /** For its calls alone: after which delay there is another attempt, or undefined. */
  delayAfter(error: unknown, attempt: number, previousMs: number): number | undefined {
    this.#budget?.failed();
    if (!this.#isRetryable(error, attempt)) return this.#giveUp('error', attempt, error);
    const leastMs = retryAfterMs(error);
    // A bucket that no token comes into: it will never be worth asking again.
    if (leastMs === Number.POSITIVE_INFINITY) return this.#giveUp('error', attempt, error);
    if (attempt >= this.#attemptsMax) return this.#giveUp('attempts', attempt, error);
    if (this.#budget?.withdraw(this.#time.clock.monotonic()) === false) return this.#giveUp('budget', attempt, error);
    const delayMs = Math.max(this.#backoff.delayMs(attempt, previousMs, this.#random), leastMs);
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'retry', policy: this.#name, attempt: attempt + 1, delayMs, error });
    return delayMs;
  }

  /** For its calls alone. */
  wait(delayMs: number, fn: () => void): Disposable {
    return this.#time.timers.at(Instant.add(this.#time.clock.monotonic(), delayMs), fn);
  }

  #giveUp(why: 'attempts' | 'error' | 'budget', attempts: number, error: unknown): undefined {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'gave-up', policy: this.#name, attempts, why, error });
  }
}

class RetriedCall implements Sink, CancelListener {
  readonly #policy: Retry;
  readonly #call: Call;
  readonly #sink: Sink;
  readonly #next: Stage;
  #attempt = 1;
  #delayMs = 0;
  #current: Call | undefined;
  #timer: Disposable | undefined;

  constructor(policy: Retry, call: Call, sink: Sink, next: Stage) {
    this.#policy = policy;
    this.#call = call;
    this.#sink = sink;
    this.#next = next;
  }

  succeed(value: unknown): void {
    this.#policy.succeeded();
    this.#current?.end();
    this.#sink.succeed(value);
  }

  fail(error: unknown): void {
    this.#current?.end();
    this.#current = undefined;
    if (this.#call.isCancelled) return this.#sink.fail(error);
    let delayMs: number | undefined;
    try {
      delayMs = this.#policy.delayAfter(error, this.#attempt, this.#delayMs);
    } catch (problem) {
      return this.#sink.fail(problem);
    }
    if (delayMs === undefined) return this.#sink.fail(error);
    this.#delayMs = delayMs;
    this.#call.listen(this);
    this.#timer = this.#policy.wait(delayMs, () => this.#again());
  }

  /** While it waits for the next attempt. */
  cancelled(reason: unknown): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#sink.fail(reason);
  }

  #again(): void {
    this.#timer = undefined;
    this.#call.ignore(this);
    this.#attempt += 1;
    this.#current = this.#call.child(this.#attempt);
    this.#next.start(this.#current, this);
  }
}

function retryAfterMs(error: unknown): number {
  const ms =
    typeof error === 'object' && error !== null ? (error as { retryAfterMs?: unknown }).retryAfterMs : undefined;
  return typeof ms === 'number' && ms > 0 ? ms : 0;
}
