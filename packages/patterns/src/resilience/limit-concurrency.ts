/**
 * A bulkhead whose size follows what the service can take (`ConcurrencyLimit`). Calls beyond it are refused with `limit-reached`, or wait if
 * so configured: but a queue hides from the callers what the limit is there to tell them.
 */
import { assert } from '../base/index.ts';
import type { Call, CancelListener, Policy, Sink, Stage } from './call.ts';
import { type ConcurrencyLimit, GradientLimit } from './concurrency-limit.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { Gate, GateWaiter } from './gate.ts';
import { isTimeout, ResilienceError } from './resilience-error.ts';
import type { Time } from './world.ts';

export interface LimitConcurrencyOptions extends PolicyOptions {
  /** Default: a `GradientLimit` with its defaults. Not to be shared. */
  readonly limit?: ConcurrencyLimit;
  /** Calls that wait. Default 0. */
  readonly waitersMax?: number;
  /** The limit is looked at anew after this time, once there are enough calls. Default 1,000. */
  readonly windowMs?: number;
  /** Default 10. */
  readonly samplesMin?: number;
  /** Whether an error says that the service is full. Default: those with code `timed-out`. Other failures tell nothing about the load. */
  readonly isDrop?: (error: unknown) => boolean;
}

export class LimitConcurrency implements Policy {
  readonly endsWithAttempts = true;
  readonly #time: Pick<Time, 'clock'>;
  readonly #limit: ConcurrencyLimit;
  readonly #gate: Gate;
  readonly #windowMs: number;
  readonly #samplesMin: number;
  readonly #isDrop: (error: unknown) => boolean;
  readonly #name: string;
  readonly #events: EventChannel | undefined;
  #windowEndsAt: number;
  #samples = 0;
  #sumMs = 0;
  #inFlight = 0;
  #dropped = false;

  constructor(time: Pick<Time, 'clock'>, options: LimitConcurrencyOptions = {}) {
    this.#time = time;
    this.#limit = options.limit ?? new GradientLimit();
    this.#gate = new Gate(this.#limit.limit, options.waitersMax ?? 0);
    this.#windowMs = options.windowMs ?? 1_000;
    assert(this.#windowMs >= 0, `windowMs must be >= 0, not ${options.windowMs}`);
    this.#windowEndsAt = time.clock.monotonic() + this.#windowMs;
    this.#samplesMin = options.samplesMin ?? 10;
    this.#isDrop = options.isDrop ?? isTimeout;
    this.#name = options.name ?? 'concurrency limit';
    this.#events = options.events;
  }

  get limit(): number {
    return this.#gate.limit;
  }

  get running(): number {
    return this.#gate.running;
  }

  bind(next: Stage): Stage {
    return {
      start: (call, sink) => {
        if (call.isCancelled) return sink.fail(call.reason);
        const limited = new LimitedCall(this, call, sink, next);
        const entry = this.#gate.ask(limited);
        if (entry === 'entered') limited.enter();
        else if (entry === 'waiting') call.listen(limited);
        else this.#refuse(sink);
      },
    };
  }

  /** For its calls alone. */
  begin(): number {
    if (this.#gate.running > this.#inFlight) this.#inFlight = this.#gate.running;
    return this.#time.clock.monotonic();
  }

  /** For its calls alone. `error` is undefined for a success. */
  end(startedAt: number, isCancelled: boolean, hasFailed: boolean, error: unknown): void {
    try {
      const now = this.#time.clock.monotonic();
      const isDrop = hasFailed && this.#isDrop(error);
      // A failure may come at once, and a cancelled call ended early: neither says how long an answer takes.
      if (isDrop) this.#dropped = true;
      if (isDrop || (!hasFailed && !isCancelled)) this.#sample(now - startedAt, now);
    } finally {
      this.#gate.leave();
    }
  }

  /** For its calls alone. */
  giveUp(waiter: GateWaiter): boolean {
    return this.#gate.giveUp(waiter);
  }

  #sample(tookMs: number, now: number): void {
    this.#samples += 1;
    this.#sumMs += tookMs;
    if (now < this.#windowEndsAt || this.#samples < this.#samplesMin) return;
    const from = this.#gate.limit;
    this.#limit.update({ rttMs: this.#sumMs / this.#samples, inFlight: this.#inFlight, dropped: this.#dropped });
    this.#startWindow(now);
    const to = this.#limit.limit;
    if (to === from) return;
    if (this.#events?.hasSubscribers === true) this.#events.publish({ kind: 'limit', policy: this.#name, from, to });
    this.#gate.limit = to;
  }

  #startWindow(now: number): void {
    this.#windowEndsAt = now + this.#windowMs;
    this.#samples = 0;
    this.#sumMs = 0;
    this.#inFlight = this.#gate.running;
    this.#dropped = false;
  }

  #refuse(sink: Sink): void {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'refused', policy: this.#name, code: 'limit-reached' });
    sink.fail(
      ResilienceError.of('limit-reached', `${this.#name}: ${this.#gate.running} calls run, more would be slower`),
    );
  }
}

class LimitedCall extends GateWaiter implements Sink, CancelListener {
  readonly #policy: LimitConcurrency;
  readonly #call: Call;
  readonly #sink: Sink;
  readonly #next: Stage;
  #startedAt = 0;

  constructor(policy: LimitConcurrency, call: Call, sink: Sink, next: Stage) {
    super();
    this.#policy = policy;
    this.#call = call;
    this.#sink = sink;
    this.#next = next;
  }

  override enter(): void {
    this.#call.ignore(this);
    this.#startedAt = this.#policy.begin();
    this.#next.start(this.#call, this);
  }

  cancelled(reason: unknown): void {
    if (this.#policy.giveUp(this)) this.#sink.fail(reason);
  }

  succeed(value: unknown): void {
    this.#policy.end(this.#startedAt, this.#call.isCancelled, false, undefined);
    this.#sink.succeed(value);
  }

  fail(error: unknown): void {
    let told = error;
    try {
      this.#policy.end(this.#startedAt, this.#call.isCancelled, true, error);
    } catch (problem) {
      told = problem;
    }
    this.#sink.fail(told);
  }
}
