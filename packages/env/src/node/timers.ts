import type { Instant } from '@quorate/patterns/base';
import type { Clock, Timers } from '../clock.ts';

/** Above this `setTimeout` fires at once. */
const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/**
 * All timers of an environment in one binary heap behind one `setTimeout`. Drivers dispose and re-arm a timer at nearly every
 * step; that is a heap operation here and touches the platform's timer only when the earliest deadline moves forward.
 * A disposed timer leaves the heap at once. `at` and `dispose` are O(log n).
 */
export class NodeTimers implements Timers {
  readonly #clock: Clock;
  readonly #heap: Timer[] = [];
  #handle: ReturnType<typeof setTimeout> | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #sequence = 0;
  readonly #fire = (): void => this.#fireDue();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  at(when: Instant, fn: () => void): Disposable {
    if (Number.isNaN(when)) throw new RangeError('timer: the instant must be a number, got NaN');
    const timer = new Timer(this, when, this.#sequence++, fn);
    this.#push(timer);
    if (when < this.#armedFor) this.#arm();
    return timer;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** Invariant: afterwards the platform's timer fires no later than the earliest deadline (or is off when there is none). */
  #arm(): void {
    const first = this.#heap[0];
    if (this.#handle !== undefined) clearTimeout(this.#handle);
    if (first === undefined) {
      this.#handle = undefined;
      this.#armedFor = Number.POSITIVE_INFINITY;
      return;
    }
    const delayMs = Math.min(TIMEOUT_MAX_MS, Math.max(0, Math.ceil(first.when - this.#clock.monotonic())));
    this.#armedFor = first.when;
    this.#handle = setTimeout(this.#fire, delayMs);
  }

  #fireDue(): void {
    this.#handle = undefined;
    this.#armedFor = Number.NEGATIVE_INFINITY; // Nobody re-arms while the due ones run.
    // Those that are armed meanwhile for a time that has passed wait for the next turn, so that they cannot starve the rest.
    const fence = this.#sequence;
    const now = this.#clock.monotonic();
    const late: Timer[] = [];
    try {
      // `setTimeout` counts whole milliseconds from the loop's cached time and may be early by a fraction.
      while (this.#heap.length > 0 && this.#heap[0]!.when <= now) {
        const timer = this.#heap[0]!;
        this.#removeAt(0);
        if (timer.sequence >= fence) late.push(timer);
        else timer.fire();
      }
    } finally {
      for (const timer of late) if (timer.armed) this.#push(timer);
      this.#arm();
    }
  }

  /** @internal */
  remove(timer: Timer): void {
    if (timer.slot >= 0) this.#removeAt(timer.slot);
    if (this.#heap.length === 0 && this.#handle !== undefined) this.#arm();
  }

  #push(timer: Timer): void {
    this.#heap.push(timer);
    this.#up(timer, this.#heap.length - 1);
  }

  #removeAt(slot: number): void {
    const heap = this.#heap;
    heap[slot]!.slot = -1;
    const last = heap.pop()!;
    if (slot === heap.length) return;
    if (slot > 0 && last.before(heap[(slot - 1) >> 1]!)) this.#up(last, slot);
    else this.#down(last, slot);
  }

  #up(timer: Timer, from: number): void {
    const heap = this.#heap;
    let slot = from;
    while (slot > 0) {
      const parent = heap[(slot - 1) >> 1]!;
      if (!timer.before(parent)) break;
      heap[slot] = parent;
      parent.slot = slot;
      slot = (slot - 1) >> 1;
    }
    heap[slot] = timer;
    timer.slot = slot;
  }

  #down(timer: Timer, from: number): void {
    const heap = this.#heap;
    let slot = from;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.before(heap[child]!)) child += 1;
      const candidate = heap[child]!;
      if (!candidate.before(timer)) break;
      heap[slot] = candidate;
      candidate.slot = slot;
      slot = child;
    }
    heap[slot] = timer;
    timer.slot = slot;
  }
}

class Timer implements Disposable {
  readonly when: Instant;
  readonly sequence: number;
  /** Position in the heap; -1 when not in it. */
  slot = -1;
  readonly #owner: NodeTimers;
  #fn: (() => void) | undefined;

  constructor(owner: NodeTimers, when: Instant, sequence: number, fn: () => void) {
    this.#owner = owner;
    this.when = when;
    this.sequence = sequence;
    this.#fn = fn;
  }

  get armed(): boolean {
    return this.#fn !== undefined;
  }

  /** Equal instants fire in the order in which they were set. */
  before(other: Timer): boolean {
    return this.when < other.when || (this.when === other.when && this.sequence < other.sequence);
  }

  fire(): void {
    const fn = this.#fn;
    this.#fn = undefined;
    fn?.();
  }

  [Symbol.dispose](): void {
    if (this.#fn === undefined) return;
    this.#fn = undefined;
    this.#owner.remove(this);
  }
}
