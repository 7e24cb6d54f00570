import type { Tasks } from '../clock.ts';

/**
 * One turn of the event loop: everything that the poll phase delivered has been handled, then what was deferred runs,
 * then every connection that was written to sends what it gathered in one system call.
 *
 * `setImmediate` is that point: it runs after all callbacks of the poll phase, costs about a microsecond, and while one is
 * pending the next poll does not sleep. A microtask or `nextTick` would run after each single callback, so that
 * a hundred requests that arrived together would become a hundred batches.
 */
export class Turn implements Tasks {
  #deferred: (() => void)[] = [];
  #running: (() => void)[] = [];
  #flushes: Flushable[] = [];
  #flushing: Flushable[] = [];
  #armed = false;
  readonly #end = (): void => this.#run();
  readonly #schedule: (end: () => void) => void;

  /** `schedule` calls back at the end of the turn. */
  constructor(schedule: (end: () => void) => void = setImmediate) {
    this.#schedule = schedule;
  }

  /** Deferred from inside a deferred function, `fn` runs in the next turn, after another look at what has arrived. */
  defer(fn: () => void): void {
    this.#deferred.push(fn);
    this.#arm();
  }

  /** Registers what is to be flushed when this turn ends. The caller registers once until it has been flushed. */
  flushAtEnd(target: Flushable): void {
    this.#flushes.push(target);
    this.#arm();
  }

  /** Flushes now: called before something that will block the thread, so that nothing waits behind it. */
  flush(): void {
    while (this.#flushes.length > 0) {
      const targets = this.#flushes;
      this.#flushes = this.#flushing;
      this.#flushing = targets;
      for (let i = 0; i < targets.length; i++) targets[i]!.flush();
      targets.length = 0;
    }
  }

  #arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#schedule(this.#end);
  }

  #run(): void {
    this.#armed = false;
    const tasks = this.#deferred;
    this.#deferred = this.#running;
    this.#running = tasks;
    let done = 0;
    try {
      while (done < tasks.length) tasks[done++]!();
    } finally {
      // After a throw, which ends the process unless somebody catches it there, the rest runs in the next turn.
      for (; done < tasks.length; done++) this.defer(tasks[done]!);
      tasks.length = 0;
      this.flush();
    }
  }
}

export interface Flushable {
  /** Must not throw. */
  flush(): void;
}
