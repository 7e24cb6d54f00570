import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';

/** Between two looks at the list: many deadlines a few microseconds apart cost one look, not one each. */
const LOOK_EVERY_MS = 5;

/**
 * One timer for any number of deadlines. Nothing is done when a call ends before its deadline, which is the rule: the timer
 * stays armed for the earliest deadline ever noted, and the owner is asked to look through its calls when it fires.
 */
export class DeadlineTimer implements Disposable {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #expire: (now: Instant) => Instant | undefined;
  #armed: Disposable | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  /** `expire` ends what is due at `now` and returns the earliest deadline that is left. */
  constructor(env: Pick<Env, 'clock' | 'timers'>, expire: (now: Instant) => Instant | undefined) {
    this.#env = env;
    this.#expire = expire;
  }

  note(deadline: Instant): void {
    if (deadline < this.#armedFor) this.#arm(deadline);
  }

  #arm(when: Instant): void {
    this.#armed?.[Symbol.dispose]();
    this.#armedFor = when;
    this.#armed = this.#env.timers.at(when, () => this.#fire());
  }

  #fire(): void {
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#env.clock.monotonic();
    const next = this.#expire(now);
    if (next !== undefined) this.note(Instant.of(Math.max(next, now + LOOK_EVERY_MS)));
  }

  [Symbol.dispose](): void {
    this.#armed?.[Symbol.dispose]();
    this.#armed = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }
}
