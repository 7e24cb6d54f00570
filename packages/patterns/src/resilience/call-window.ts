import { assert } from '../base/index.ts';
import { SlidingWindow } from './sliding-window.ts';

/** How the latest calls went. */
export interface CallWindow {
  /** Calls, and how many of them failed, and were slow: a call may be both. */
  readonly calls: number;
  readonly failed: number;
  readonly slow: number;
  record(failed: boolean, slow: boolean, now: number): void;
  advance(now: number): void;
  clear(): void;
}

const FAILED = 1;
const SLOW = 2;

/** The last `size` calls, however long ago. One byte each; O(1). */
export class CountWindow implements CallWindow {
  readonly #marks: Uint8Array;
  #next = 0;
  #calls = 0;
  #failed = 0;
  #slow = 0;

  constructor(size: number) {
    assert(Number.isInteger(size) && size > 0, `a window of calls must hold a positive number of them, not ${size}`);
    this.#marks = new Uint8Array(size);
  }

  get calls(): number {
    return this.#calls;
  }

  get failed(): number {
    return this.#failed;
  }

  get slow(): number {
    return this.#slow;
  }

  record(failed: boolean, slow: boolean): void {
    const marks = this.#marks;
    if (this.#calls === marks.length) {
      const old = marks[this.#next]!;
      this.#failed -= old & FAILED;
      this.#slow -= (old & SLOW) >> 1;
    } else this.#calls += 1;
    const mark = (failed ? FAILED : 0) | (slow ? SLOW : 0);
    marks[this.#next] = mark;
    this.#failed += mark & FAILED;
    this.#slow += (mark & SLOW) >> 1;
    this.#next = this.#next + 1 === marks.length ? 0 : this.#next + 1;
  }

  advance(): void {}

  clear(): void {
    this.#next = 0;
    this.#calls = 0;
    this.#failed = 0;
    this.#slow = 0;
  }
}

/** The calls of the last `windowMs`, in buckets. */
export class TimeWindow implements CallWindow {
  readonly #window: SlidingWindow;

  constructor(windowMs: number, buckets: number) {
    this.#window = new SlidingWindow(windowMs, buckets, 3);
  }

  get calls(): number {
    return this.#window.total(0);
  }

  get failed(): number {
    return this.#window.total(1);
  }

  get slow(): number {
    return this.#window.total(2);
  }

  record(failed: boolean, slow: boolean, now: number): void {
    this.#window.advance(now);
    this.#window.add(0);
    if (failed) this.#window.add(1);
    if (slow) this.#window.add(2);
  }

  advance(now: number): void {
    this.#window.advance(now);
  }

  clear(): void {
    this.#window.clear();
  }
}
