/**
 * Weighted turns by the earliest deadline: who has had a turn is due again 1 / weight later, and whoever is due first is next. Weights may change from
 * turn to turn; with fixed ones everybody's turns are spread as evenly as can be (the schedule of Envoy's weighted balancers; Zhang, "Virtual Clock",
 * SIGCOMM 1990). Pure; O(log n) a turn, allocates nothing.
 */
import { assert } from '../base/index.ts';

export class EarliestDeadline {
  readonly #heap: Int32Array;
  readonly #places: Int32Array;
  readonly #due: Float64Array;
  /** Who was put in first is first among those due at the same time. */
  readonly #order: Float64Array;
  #size = 0;
  #puts = 0;
  #now = 0;

  /** Items are the integers from 0 to below `itemsMax`. 24 bytes each. */
  constructor(itemsMax: number) {
    this.#heap = new Int32Array(itemsMax);
    this.#places = new Int32Array(itemsMax).fill(-1);
    this.#due = new Float64Array(itemsMax);
    this.#order = new Float64Array(itemsMax);
  }

  get size(): number {
    return this.#size;
  }

  has(item: number): boolean {
    return this.#places[item]! >= 0;
  }

  /** Its first turn comes 1 / weight from now. */
  add(item: number, weight: number): void {
    assert(!this.has(item), 'an item is scheduled once');
    this.#put(item, weight, this.#size);
    this.#size += 1;
    this.#rise(this.#places[item]!);
  }

  remove(item: number): void {
    const place = this.#places[item]!;
    assert(place >= 0, 'only what is scheduled can be removed');
    this.#places[item] = -1;
    this.#size -= 1;
    if (place === this.#size) return;
    this.#seat(this.#heap[this.#size]!, place);
    this.#sink(place);
    this.#rise(place);
  }

  /** Whose turn it is; −1 when nothing is scheduled. */
  get next(): number {
    return this.#size === 0 ? -1 : this.#heap[0]!;
  }

  /** `next` has had its turn, and its weight is this now. */
  turn(weight: number): void {
    const item = this.next;
    assert(item >= 0, 'somebody must be scheduled');
    this.#now = this.#due[item]!;
    this.#put(item, weight, 0);
    this.#sink(0);
  }

  #put(item: number, weight: number, place: number): void {
    assert(weight > 0, `a weight must be > 0, not ${weight}`);
    this.#due[item] = this.#now + 1 / weight;
    this.#order[item] = this.#puts++;
    this.#seat(item, place);
  }

  #seat(item: number, place: number): void {
    this.#heap[place] = item;
    this.#places[item] = place;
  }

  #isBefore(a: number, b: number): boolean {
    const apart = this.#due[a]! - this.#due[b]!;
    return apart < 0 || (apart === 0 && this.#order[a]! < this.#order[b]!);
  }

  #rise(from: number): void {
    const item = this.#heap[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#isBefore(item, this.#heap[parent]!)) break;
      this.#seat(this.#heap[parent]!, at);
      at = parent;
    }
    this.#seat(item, at);
  }

  #sink(from: number): void {
    const item = this.#heap[from]!;
    let at = from;
    for (let child = at * 2 + 1; child < this.#size; child = at * 2 + 1) {
      if (child + 1 < this.#size && this.#isBefore(this.#heap[child + 1]!, this.#heap[child]!)) child += 1;
      if (!this.#isBefore(this.#heap[child]!, item)) break;
      this.#seat(this.#heap[child]!, at);
      at = child;
    }
    this.#seat(item, at);
  }
}
