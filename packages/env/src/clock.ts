import type { Instant, WallTime } from '@quorate/patterns/base';

export interface Clock {
  /** Never goes back; its zero is arbitrary. Milliseconds, with a fraction where the platform has one. */
  monotonic(): Instant;
  /** What people set: may jump either way. For display and for stamps that people read. */
  wall(): WallTime;
}

export interface Timers {
  /**
   * Calls `fn` once, not before `when`; how much later is not promised. A `when` in the past means as soon as possible,
   * never inside this call. Disposing before it fires cancels it; afterwards it does nothing.
   */
  at(when: Instant, fn: () => void): Disposable;
}

export interface Tasks {
  /**
   * Calls `fn` after everything that has already arrived in this turn of the event loop has been handled: the place
   * where a driver turns what it gathered into one batch. Not cancellable.
   */
  defer(fn: () => void): void;
}

export interface EventLoop {
  /** How late the event loop was at its worst within the last second or so, in milliseconds. */
  delayMs(): number;
}
