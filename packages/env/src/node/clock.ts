import { Instant, WallTime } from '@quorate/patterns/base';
import type { Clock, EventLoop } from '../clock.ts';

export class NodeClock implements Clock {
  monotonic(): Instant {
    return Instant.of(performance.now());
  }

  wall(): WallTime {
    return WallTime.of(Date.now());
  }
}

const PROBE_INTERVAL_MS = 100;
const WINDOW_MS = 500;

/**
 * How late a probe timer was, at its worst within the last one to two windows. A probe that is overdue at the moment of the
 * question counts too: right after a stall the first message may be handled before the probe runs, and that is when a
 * failure detector asks.
 */
export class NodeEventLoop implements EventLoop, Disposable {
  readonly #clock: Clock;
  readonly #probe: ReturnType<typeof setInterval>;
  #expectedAt: number;
  #windowEndsAt: number;
  #worstMs = 0;
  #worstBeforeMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    const now = clock.monotonic();
    this.#expectedAt = now + PROBE_INTERVAL_MS;
    this.#windowEndsAt = now + WINDOW_MS;
    this.#probe = setInterval(() => this.#observe(), PROBE_INTERVAL_MS);
    this.#probe.unref();
  }

  delayMs(): number {
    const overdueMs = this.#clock.monotonic() - this.#expectedAt;
    return Math.max(0, overdueMs, this.#worstMs, this.#worstBeforeMs);
  }

  #observe(): void {
    const now = this.#clock.monotonic();
    if (now >= this.#windowEndsAt) {
      this.#worstBeforeMs = this.#worstMs;
      this.#worstMs = 0;
      this.#windowEndsAt = now + WINDOW_MS;
    }
    this.#worstMs = Math.max(this.#worstMs, now - this.#expectedAt);
    this.#expectedAt = now + PROBE_INTERVAL_MS;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#probe);
  }
}
