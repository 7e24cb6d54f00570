import { type Call, type CallContext, type Policy, type Sink, type Stage, settleWith } from './call.ts';
import type { EventChannel, PolicyOptions } from './events.ts';

export interface FallbackOptions extends PolicyOptions {
  /** The answer instead: a value that is known to be old or partial, a default. It may fail itself. */
  readonly answer: (error: unknown, call: CallContext) => unknown;
  /** Which errors it stands in for. Default: all. */
  readonly handles?: (error: unknown) => boolean;
}

/**
 * Another answer in place of a failure. Outermost, as a rule: further in it hides failures from breakers and retries. It must not need
 * what has just failed, and it should be exercised all the time: a path that is taken only in disasters does not work in them. A call that
 * its caller gave up gets none.
 */
export class Fallback implements Policy {
  readonly endsWithAttempts = true;
  readonly #answer: (error: unknown, call: CallContext) => unknown;
  readonly #handles: (error: unknown) => boolean;
  readonly #name: string;
  readonly #events: EventChannel | undefined;

  constructor(options: FallbackOptions) {
    this.#answer = options.answer;
    this.#handles = options.handles ?? (() => true);
    this.#name = options.name ?? 'fallback';
    this.#events = options.events;
  }

  bind(next: Stage): Stage {
    return {
      start: (call, sink) => {
        next.start(call, new ReplaceableCall(this, call, sink));
      },
    };
  }

  /** For its calls alone. */
  failed(call: Call, sink: Sink, error: unknown): void {
    let answer: unknown;
    try {
      if (call.isCancelled || !this.#handles(error)) return sink.fail(error);
      if (this.#events?.hasSubscribers === true) this.#events.publish({ kind: 'fell-back', policy: this.#name, error });
      answer = this.#answer(error, call);
    } catch (problem) {
      return sink.fail(problem);
    }
    settleWith(answer, sink);
  }
}

class ReplaceableCall implements Sink {
  readonly policy: Fallback;
  readonly call: Call;
  readonly sink: Sink;

  constructor(policy: Fallback, call: Call, sink: Sink) {
    this.policy = policy;
    this.call = call;
    this.sink = sink;
  }

  succeed(value: unknown): void {
    this.sink.succeed(value);
  }

  fail(error: unknown): void {
    this.policy.failed(this.call, this.sink, error);
  }
}
