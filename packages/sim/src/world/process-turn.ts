import type { Tasks } from '@quorate/env';
import { clear } from '@quorate/patterns/base';
import { EventCode, READY, SimEvent } from '../engine/sim-event.ts';
import type { SimProcess } from './sim-process.ts';

/**
 * The end of one turn of a process's event loop: it comes after everything that arrived at the same instant, runs what
 * was deferred, and then flushes every connection that was written to. What is deferred meanwhile waits for the next.
 */
export class ProcessTurn extends SimEvent implements Tasks {
  readonly #process: SimProcess;
  #deferred: (() => void)[] = [];
  #running: (() => void)[] = [];
  #flushes: { flush(): void }[] = [];
  #flushing: { flush(): void }[] = [];
  #armed = false;

  constructor(process: SimProcess) {
    super(EventCode.turn, process.nodeId);
    this.#process = process;
  }

  defer(fn: () => void): void {
    this.#deferred.push(fn);
    this.#arm();
  }

  flushAtEnd(target: { flush(): void }): void {
    this.#flushes.push(target);
    this.#arm();
  }

  override fire(): void {
    if (!this.#process.admit(this)) return;
    this.#armed = false;
    const tasks = this.#deferred;
    this.#deferred = this.#running;
    this.#running = tasks;
    for (let i = 0; i < tasks.length; i++) tasks[i]!();
    clear(tasks);
    while (this.#flushes.length > 0) {
      const targets = this.#flushes;
      this.#flushes = this.#flushing;
      this.#flushing = targets;
      for (let i = 0; i < targets.length; i++) targets[i]!.flush();
      clear(targets);
    }
  }

  override describe(): string {
    return 'turn ends';
  }

  #arm(): void {
    if (this.#armed || !this.#process.isAlive) return;
    this.#armed = true;
    if (this.slot !== READY) this.#process.engine.queue.schedule(this, 0);
  }
}
