import type { Clock, EventLoop, Timers } from '@quorate/env';
import { Instant, WallTime } from '@quorate/patterns/base';
import type { Engine } from '../engine/engine.ts';
import { EventCode, IDLE, SimEvent } from '../engine/sim-event.ts';
import type { DriftingClock } from './drifting-clock.ts';

/** Says whether an event may run now. While its process is paused, the process keeps it for later. */
export interface Admission {
  readonly nodeId: number;
  readonly isAlive: boolean;
  admit(event: SimEvent): boolean;
}

/** One process's clock. Its monotonic zero is another one in every process, so that instants of two cannot be compared. */
export class ProcessClock implements Clock {
  readonly #clock: DriftingClock;
  readonly #zeroMs: number;

  constructor(clock: DriftingClock, zeroMs: number) {
    this.#clock = clock;
    this.#zeroMs = zeroMs;
  }

  monotonic(): Instant {
    return Instant.of(this.#clock.elapsedMs() + this.#zeroMs);
  }

  wall(): WallTime {
    return WallTime.of(this.#clock.wallMs());
  }
}

export class ProcessTimers implements Timers {
  readonly engine: Engine;
  readonly owner: Admission;
  readonly clock: Clock;
  readonly #oscillator: DriftingClock;

  constructor(engine: Engine, owner: Admission, clock: Clock, oscillator: DriftingClock) {
    this.engine = engine;
    this.owner = owner;
    this.clock = clock;
    this.#oscillator = oscillator;
  }

  at(when: Instant, fn: () => void): Disposable {
    if (Number.isNaN(when)) throw new RangeError('timer: the instant must be a number, but was NaN');
    const timer = new TimerEvent(this, when, fn);
    if (this.owner.isAlive && when !== Number.POSITIVE_INFINITY) this.arm(timer);
    return timer;
  }

  arm(timer: TimerEvent): void {
    const { engine } = this;
    const waitUs = ((timer.when - this.clock.monotonic()) * 1000) / this.#oscillator.rate;
    engine.queue.schedule(timer, engine.align(engine.nowUs + Math.max(0, waitUs)));
  }
}

class TimerEvent extends SimEvent implements Disposable {
  readonly when: Instant;
  readonly #timers: ProcessTimers;
  #fn: (() => void) | undefined;

  constructor(timers: ProcessTimers, when: Instant, fn: () => void) {
    super(EventCode.timer, timers.owner.nodeId);
    this.#timers = timers;
    this.when = when;
    this.#fn = fn;
  }

  override fire(): void {
    if (this.#fn === undefined || !this.#timers.owner.admit(this)) return;
    // The oscillator may have slowed down since the timer was armed.
    if (this.#timers.clock.monotonic() < this.when) {
      this.#timers.arm(this);
      return;
    }
    const fn = this.#fn;
    this.#fn = undefined;
    fn();
  }

  override describe(): string {
    return 'timer';
  }

  [Symbol.dispose](): void {
    this.#fn = undefined;
    if (this.slot !== IDLE) this.#timers.engine.queue.cancel(this);
  }
}

/** How long a delay of the event loop is remembered. */
const REMEMBERED_MS = 1000;

export class ProcessLoop implements EventLoop {
  readonly #clock: Clock;
  #worstMs = 0;
  #at: Instant = Instant.of(0);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  delayMs(): number {
    return this.#clock.monotonic() - this.#at < REMEMBERED_MS ? this.#worstMs : 0;
  }

  /** The process stood still for so long. */
  observe(delayMs: number): void {
    this.#worstMs = Math.max(delayMs, this.delayMs());
    this.#at = this.#clock.monotonic();
  }
}
