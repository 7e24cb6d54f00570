/**
 * Things that are due at some time, earliest first, as a linked list that is sorted on the way in, from the end: when all wait equally long,
 * as timeouts of one policy do, entering and leaving are O(1), and nothing is allocated. Entering costs one step for each item that is due
 * later, so it is not for times in any order (use a heap or a wheel).
 */
import { assert, Instant } from '../base/index.ts';
import type { Time } from './world.ts';

/** An item of at most one list at a time. Only the list changes these fields. */
export class DueItem {
  dueAt = 0;
  before: DueItem | undefined = undefined;
  after: DueItem | undefined = undefined;
  isWaiting = false;
}

export class DueList<T extends DueItem> {
  #first: T | undefined;
  #last: T | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get deadline(): Instant | undefined {
    return this.#first === undefined ? undefined : Instant.of(this.#first.dueAt);
  }

  /** O(1) when nothing is due later; behind what is due at the same time. */
  add(item: T, dueAt: number): void {
    assert(!item.isWaiting, 'an item is in one list once');
    item.isWaiting = true;
    item.dueAt = dueAt;
    let before = this.#last;
    while (before !== undefined && before.dueAt > dueAt) before = before.before as T | undefined;
    const after = (before === undefined ? this.#first : before.after) as T | undefined;
    item.before = before;
    item.after = after;
    if (before === undefined) this.#first = item;
    else before.after = item;
    if (after === undefined) this.#last = item;
    else after.before = item;
    this.#size += 1;
  }

  /** O(1). False when it was not waiting. */
  remove(item: T): boolean {
    if (!item.isWaiting) return false;
    item.isWaiting = false;
    if (item.before === undefined) this.#first = item.after as T | undefined;
    else item.before.after = item.after;
    if (item.after === undefined) this.#last = item.before as T | undefined;
    else item.after.before = item.before;
    item.before = undefined;
    item.after = undefined;
    this.#size -= 1;
    return true;
  }

  /** Takes out the earliest item, if it is due at `now`. */
  takeDue(now: number): T | undefined {
    const first = this.#first;
    if (first === undefined || first.dueAt > now) return undefined;
    this.remove(first);
    return first;
  }
}

/** The longest that a timer stays armed: a program that has nothing else to do ends at most this much later. */
const SLICE_MS = 250;

/**
 * One timer for all items of a list. It is not moved when an item leaves, which nearly all do before their time: arming one costs
 * more than the rest of a call.
 */
export class SharedTimer<T extends DueItem> implements Disposable {
  readonly #time: Time;
  readonly #list: DueList<T> = new DueList();
  readonly #due: (item: T) => void;
  readonly #fire = (): void => this.#fired();
  #timer: Disposable | undefined;
  #armedFor = Number.POSITIVE_INFINITY;

  /** `due` is called for each item whose time has come, which is then in the list no longer. */
  constructor(time: Time, due: (item: T) => void) {
    this.#time = time;
    this.#due = due;
  }

  get size(): number {
    return this.#list.size;
  }

  /** Reads the clock once. */
  add(item: T, delayMs: number): void {
    const now = this.#time.clock.monotonic();
    this.#list.add(item, now + delayMs);
    if (item.dueAt < this.#armedFor) this.#arm(now);
  }

  remove(item: T): boolean {
    return this.#list.remove(item);
  }

  #arm(now: Instant): void {
    const { deadline } = this.#list;
    if (deadline === undefined) return;
    const when = Math.min(deadline, now + SLICE_MS);
    this.#timer?.[Symbol.dispose]();
    this.#armedFor = when;
    this.#timer = this.#time.timers.at(Instant.of(when), this.#fire);
  }

  #fired(): void {
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
    const now = this.#time.clock.monotonic();
    try {
      for (let item = this.#list.takeDue(now); item !== undefined; item = this.#list.takeDue(now)) this.#due(item);
    } finally {
      // Also when one of them threw: the others are due all the same.
      this.#arm(this.#time.clock.monotonic());
    }
  }

  /** What is in the list is due no more. */
  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#armedFor = Number.POSITIVE_INFINITY;
  }
}
