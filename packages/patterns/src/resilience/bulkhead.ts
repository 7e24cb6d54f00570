/**
 * Bounds how many calls of one kind run at once, so that one slow dependency cannot take everything (Nygard, "Release It!", 2007, chapter 5).
 * The next ones wait in order of arrival, in a bounded queue; past that they are refused with `bulkhead-full`.
 *
 * Put it inside of `Timeout`, so that waiting counts, or better: `Timeout` on both sides. A place is held until the operation ends, also
 * when its caller has given up: that is the point.
 */
import { assert } from '../base/index.ts';
import type { Call, CancelListener, Policy, Sink, Stage } from './call.ts';
import type { EventChannel, PolicyOptions } from './events.ts';
import { Gate, GateWaiter } from './gate.ts';
import { ResilienceError } from './resilience-error.ts';

export interface BulkheadOptions extends PolicyOptions {
  /** Calls that run at once. */
  readonly concurrentMax: number;
  /** Calls that wait. Default 0. */
  readonly waitersMax?: number;
}

export class Bulkhead implements Policy {
  readonly endsWithAttempts = true;
  readonly #gate: Gate;
  readonly #name: string;
  readonly #events: EventChannel | undefined;

  constructor(options: BulkheadOptions) {
    const { concurrentMax, waitersMax = 0 } = options;
    assert(
      concurrentMax >= 1 && Math.floor(concurrentMax) === concurrentMax,
      `concurrentMax must be a whole number >= 1, not ${concurrentMax}`,
    );
    assert(waitersMax >= 0, `waitersMax must be >= 0, not ${waitersMax}`);
    this.#gate = new Gate(concurrentMax, waitersMax);
    this.#name = options.name ?? 'bulkhead';
    this.#events = options.events;
  }

  get running(): number {
    return this.#gate.running;
  }

  get waiting(): number {
    return this.#gate.waiting;
  }

  bind(next: Stage): Stage {
    const gate = this.#gate;
    return {
      start: (call, sink) => {
        if (call.isCancelled) return sink.fail(call.reason);
        const held = new HeldCall(call, sink, next, gate);
        const entry = gate.ask(held);
        if (entry === 'entered') next.start(call, held);
        else if (entry === 'waiting') call.listen(held);
        else this.#refuse(sink);
      },
    };
  }

  #refuse(sink: Sink): void {
    if (this.#events?.hasSubscribers === true)
      this.#events.publish({ kind: 'refused', policy: this.#name, code: 'bulkhead-full' });
    const { running, waiting } = this.#gate;
    sink.fail(ResilienceError.of('bulkhead-full', `${this.#name}: ${running} calls run and ${waiting} wait already`));
  }
}

/** A call that waits for a place or has one. */
class HeldCall extends GateWaiter implements Sink, CancelListener {
  readonly call: Call;
  readonly sink: Sink;
  readonly next: Stage;
  readonly gate: Gate;

  constructor(call: Call, sink: Sink, next: Stage, gate: Gate) {
    super();
    this.call = call;
    this.sink = sink;
    this.next = next;
    this.gate = gate;
  }

  override enter(): void {
    this.call.ignore(this);
    this.next.start(this.call, this);
  }

  cancelled(reason: unknown): void {
    if (this.gate.giveUp(this)) this.sink.fail(reason);
  }

  succeed(value: unknown): void {
    this.gate.leave();
    this.sink.succeed(value);
  }

  fail(error: unknown): void {
    this.gate.leave();
    this.sink.fail(error);
  }
}
