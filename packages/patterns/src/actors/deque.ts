import { assert } from '../base/index.ts';

const SLOTS_MIN = 8;

/**
 * A queue with two ends in one circular array, which doubles when it is full and is given back when it has been emptied after a burst. All
 * operations are O(1), amortised where the array grows. Its bound is its owner's business.
 */
export class Deque<T> {
  #slots: (T | undefined)[] = new Array<T | undefined>(SLOTS_MIN);
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#size === 0 ? undefined : this.#slots[this.#first];
  }

  push(item: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#slots[(this.#first + this.#size) & (this.#slots.length - 1)] = item;
    this.#size += 1;
  }

  pushFront(item: T): void {
    if (this.#size === this.#slots.length) this.#grow();
    this.#first = (this.#first - 1) & (this.#slots.length - 1);
    this.#slots[this.#first] = item;
    this.#size += 1;
  }

  /** The deque must not be empty. */
  shift(): T {
    assert(this.#size > 0, 'there must be something to take');
    const item = this.#slots[this.#first] as T;
    this.#slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#slots.length - 1);
    this.#size -= 1;
    if (this.#size === 0 && this.#slots.length > SLOTS_MIN) this.#reset();
    return item;
  }

  /** The deque must not be empty. */
  pop(): T {
    assert(this.#size > 0, 'there must be something to take');
    this.#size -= 1;
    const at = (this.#first + this.#size) & (this.#slots.length - 1);
    const item = this.#slots[at] as T;
    this.#slots[at] = undefined;
    if (this.#size === 0 && this.#slots.length > SLOTS_MIN) this.#reset();
    return item;
  }

  #grow(): void {
    const { length } = this.#slots;
    const slots = new Array<T | undefined>(length * 2);
    for (let i = 0; i < length; i++) slots[i] = this.#slots[(this.#first + i) & (length - 1)];
    this.#slots = slots;
    this.#first = 0;
  }

  #reset(): void {
    this.#slots = new Array<T | undefined>(SLOTS_MIN);
    this.#first = 0;
  }
}
