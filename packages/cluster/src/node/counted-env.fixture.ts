import type { Env } from '@quorate/env';
import type { Instant } from '@quorate/patterns/base';

/** An environment whose timers are counted: `pending` are those that have neither fired nor been taken back. */
export class CountedEnv {
  readonly pending: Set<object> = new Set();
  readonly env: Env;

  constructor({ clock, timers, tasks, loop, random, net, disk, log }: Env) {
    const { pending } = this;
    const at = (when: Instant, fn: () => void): Disposable => {
      const token = {};
      pending.add(token);
      const timer = timers.at(when, () => {
        pending.delete(token);
        fn();
      });
      return {
        [Symbol.dispose]: () => {
          pending.delete(token);
          timer[Symbol.dispose]();
        },
      };
    };
    this.env = { clock, timers: { at }, tasks, loop, random, net, disk, log };
  }
}
