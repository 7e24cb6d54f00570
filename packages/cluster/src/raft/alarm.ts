import type { Env } from '@quorate/env';
import type { Instant } from '@quorate/patterns/base';

/** A timer later than this means that the event loop stood still: what has arrived meanwhile gets one more turn before the clock counts. */
const STALL_MS = 30;

/**
 * One timer for the least of many deadlines. It may fire early, since deadlines mostly move away while it runs; the
 * caller looks at what is really due.
 */
export class Alarm implements Disposable {
  readonly #env: Env;
  readonly #ring: () => void;
  #timer: Disposable | undefined;
  #at: Instant | undefined;

  constructor(env: Env, ring: () => void) {
    this.#env = env;
    this.#ring = ring;
  }

  /** Rings at `next` or before. */
  arm(next: Instant | undefined): void {
    if (next === undefined || (this.#at !== undefined && this.#at <= next)) return;
    this.#timer?.[Symbol.dispose]();
    this.#at = next;
    this.#timer = this.#env.timers.at(next, () => {
      this.#timer = undefined;
      this.#at = undefined;
      if (this.#env.clock.monotonic() - next > STALL_MS) this.#env.tasks.defer(this.#ring);
      else this.#ring();
    });
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
  }
}
