/**
 * At most `limit` calls run, at most `waitersMax` more wait, first come, first served: nobody overtakes, a waiter that gives up leaves at
 * once and its place is nobody's, and a free place goes to the longest waiter, never to a newcomer. O(1) each, nothing allocated but by callers.
 */
export class GateWaiter {
  before: GateWaiter | undefined = undefined;
  after: GateWaiter | undefined = undefined;
  isWaiting = false;

  /** Its turn has come; it holds a place from now on, to be given back with `leave`. */
  enter(): void {}
}

export type Entry = 'entered' | 'waiting' | 'full';

export class Gate {
  readonly #waitersMax: number;
  #limit: number;
  #running = 0;
  #waiting = 0;
  #first: GateWaiter | undefined;
  #last: GateWaiter | undefined;
  #isAdmitting = false;

  constructor(limit: number, waitersMax: number) {
    this.#limit = limit;
    this.#waitersMax = waitersMax;
  }

  get limit(): number {
    return this.#limit;
  }

  /** More are let in at once; when it falls, nobody who runs is stopped. */
  set limit(limit: number) {
    this.#limit = limit;
    this.#admit();
  }

  get running(): number {
    return this.#running;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** `entered`: the caller goes on itself, `enter` is not called. `waiting`: `enter` will be, or `giveUp` is called. */
  ask(waiter: GateWaiter): Entry {
    if (this.#running < this.#limit && this.#first === undefined) {
      this.#running += 1;
      return 'entered';
    }
    if (this.#waiting >= this.#waitersMax) return 'full';
    waiter.isWaiting = true;
    waiter.before = this.#last;
    if (this.#last === undefined) this.#first = waiter;
    else this.#last.after = waiter;
    this.#last = waiter;
    this.#waiting += 1;
    return 'waiting';
  }

  leave(): void {
    this.#running -= 1;
    this.#admit();
  }

  /** False when it does not wait (any more). */
  giveUp(waiter: GateWaiter): boolean {
    if (!waiter.isWaiting) return false;
    this.#unlink(waiter);
    return true;
  }

  /** A call that ends within its own `enter` leads back here: the loop that runs goes on with the next, at any depth of stack. */
  #admit(): void {
    if (this.#isAdmitting) return;
    this.#isAdmitting = true;
    try {
      while (this.#first !== undefined && this.#running < this.#limit) {
        const waiter = this.#first;
        this.#unlink(waiter);
        this.#running += 1;
        waiter.enter();
      }
    } finally {
      this.#isAdmitting = false;
    }
  }

  #unlink(waiter: GateWaiter): void {
    waiter.isWaiting = false;
    if (waiter.before === undefined) this.#first = waiter.after;
    else waiter.before.after = waiter.after;
    if (waiter.after === undefined) this.#last = waiter.before;
    else waiter.after.before = waiter.before;
    waiter.before = undefined;
    waiter.after = undefined;
    this.#waiting -= 1;
  }
}
