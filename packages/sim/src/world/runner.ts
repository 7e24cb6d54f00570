import { type DrainStrategy, findSynchronousDrain, MacrotaskChannel } from '../engine/drain.ts';
import type { Engine } from '../engine/engine.ts';
import { installGuard } from '../engine/guard.ts';

/** At least one of `until` and `forMs` must be given; the first condition that holds ends the run. */
export interface RunOptions {
  /** Asked before every event. */
  readonly until?: () => boolean;
  /** So much virtual time. Default 600,000. */
  readonly forMs?: number;
  /** So many events: for hosts that must draw in between. */
  readonly maxEvents?: number;
}

export interface RunResult {
  /** `idle`: nothing will ever happen any more. */
  readonly reason: 'until' | 'time' | 'events' | 'idle';
  readonly events: number;
  readonly nowMs: number;
}

export interface RunnerOptions {
  readonly guard: boolean;
  readonly drain: DrainStrategy | undefined;
  /** An event has thrown. Called while `engine.current` is still who threw. */
  onError(error: unknown): void;
}

const DEFAULT_FOR_MS = 600_000;

/** The loop: take the next event, put it into the digest, let it happen, drain the promises. */
export class Runner {
  events = 0;
  readonly #engine: Engine;
  readonly #options: RunnerOptions;
  readonly #drain: (() => void) | undefined;
  #isRunning = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(engine: Engine, options: RunnerOptions) {
    this.#engine = engine;
    this.#options = options;
    this.#drain = options.drain === 'macrotask' ? undefined : findSynchronousDrain();
    if (options.drain === 'synchronous' && this.#drain === undefined) {
      throw new RangeError('this host cannot drain promises synchronously: use the macrotask strategy');
    }
  }

  /** Ends the run with this error, after the present event. Only the first counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  async run(options: RunOptions): Promise<RunResult> {
    if (this.#isRunning) throw new RangeError('the world is running already: wait for the run to end');
    if (options.until === undefined && options.forMs === undefined && options.maxEvents === undefined) {
      throw new RangeError('run needs an end: `until`, `forMs` or `maxEvents`');
    }
    this.#isRunning = true;
    const channel = new MacrotaskChannel();
    try {
      return await (this.#drain === undefined ? this.#runSlowly(options, channel) : this.#runFast(options, channel));
    } finally {
      channel.close();
      this.#isRunning = false;
    }
  }

  /** All in one macrotask. Promises can only be drained outside of a microtask, hence the hop. */
  #runFast(options: RunOptions, channel: MacrotaskChannel): Promise<RunResult> {
    return new Promise((resolve, reject) => {
      channel.next(() => {
        const guard = this.#guard();
        try {
          resolve(this.#loop(options, this.#drain!));
        } catch (error) {
          reject(error);
        } finally {
          guard?.[Symbol.dispose]();
        }
      });
    });
  }

  #loop(options: RunOptions, drain: () => void): RunResult {
    const plan = new Plan(this.#engine, options);
    for (;;) {
      const reason = this.#step(plan);
      if (reason !== undefined) return plan.result(reason);
      drain();
      this.#afterEvent();
    }
  }

  /** One macrotask per event. Host code runs in between, so the guard is only up while an event happens. */
  async #runSlowly(options: RunOptions, channel: MacrotaskChannel): Promise<RunResult> {
    const plan = new Plan(this.#engine, options);
    const hop = (): Promise<void> => new Promise((resolve) => channel.next(resolve));
    for (;;) {
      await hop();
      const guard = this.#guard();
      let reason: RunResult['reason'] | undefined;
      try {
        reason = this.#step(plan);
      } finally {
        guard?.[Symbol.dispose]();
      }
      if (reason !== undefined) return plan.result(reason);
      await hop();
      this.#afterEvent();
    }
  }

  #guard(): Disposable | undefined {
    return this.#options.guard ? installGuard((error) => this.fail(error)) : undefined;
  }

  /** Lets one event happen. A reason ends the run instead. */
  #step(plan: Plan): RunResult['reason'] | undefined {
    const engine = this.#engine;
    const { queue, digest } = engine;
    if (plan.until?.() === true) return 'until';
    if (plan.events === plan.maxEvents) return 'events';
    const event = queue.next(plan.limitUs);
    if (event === undefined) {
      if (plan.until === undefined && plan.limitUs !== Number.POSITIVE_INFINITY) queue.advanceTo(plan.limitUs);
      return queue.size === 0 ? 'idle' : 'time';
    }
    plan.events += 1;
    this.events += 1;
    digest.foldWide(queue.nowUs);
    digest.fold(event.sequence);
    digest.fold(event.code | ((event.nodeId + 1) << 8));
    if (engine.trace.enabled) engine.note('event', event.nodeId, event.describe());
    try {
      event.fire();
    } catch (error) {
      this.#options.onError(error);
    }
    return undefined;
  }

  #afterEvent(): void {
    this.#engine.runAfterEvent();
    const failure = this.#failure;
    if (failure === undefined) return;
    this.#failure = undefined;
    throw failure.error;
  }
}

/** One call of `run`. */
class Plan {
  readonly until: (() => boolean) | undefined;
  readonly limitUs: number;
  readonly maxEvents: number;
  events = 0;
  readonly #engine: Engine;

  constructor(engine: Engine, options: RunOptions) {
    this.#engine = engine;
    this.until = options.until;
    const defaultMs =
      options.until === undefined && options.forMs === undefined ? Number.POSITIVE_INFINITY : DEFAULT_FOR_MS;
    this.limitUs = engine.nowUs + Math.round((options.forMs ?? defaultMs) * 1000);
    this.maxEvents = options.maxEvents ?? Number.POSITIVE_INFINITY;
  }

  result(reason: RunResult['reason']): RunResult {
    return { reason, events: this.events, nowMs: this.#engine.nowUs / 1000 };
  }
}
