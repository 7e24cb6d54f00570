import type { Env, LogFields } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';

/** Lines of one period; what is over is counted and told with the first line of the next. */
const LINES_MAX = 20;
const PERIOD_MS = 10_000;

/** A log that strangers cannot flood: whatever they do on a port causes a bounded number of lines. */
export class RarelyLog {
  readonly #env: Env;
  #periodEnds: Instant = Instant.of(Number.NEGATIVE_INFINITY);
  #lines = 0;
  #suppressed = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  warn(message: string, fields: LogFields): void {
    const now = this.#env.clock.monotonic();
    if (now >= this.#periodEnds) {
      this.#periodEnds = Instant.add(now, PERIOD_MS);
      this.#lines = 0;
    }
    if (this.#lines >= LINES_MAX) {
      this.#suppressed += 1;
      return;
    }
    this.#lines += 1;
    const { log } = this.#env;
    if (this.#suppressed === 0) log.warn(message, fields);
    else log.warn(message, { ...fields, suppressedBefore: this.#suppressed });
    this.#suppressed = 0;
  }
}
