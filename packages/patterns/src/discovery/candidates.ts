/**
 * The slots that may be picked at present, without gaps, so that one can be drawn by its place. Adding, removing and finding are O(1); removing
 * moves the last one into the gap, so the order means nothing.
 */
import { assert } from '../base/index.ts';

const ABSENT = -1;

export class Candidates {
  readonly #slots: Int32Array;
  readonly #places: Int32Array;
  #size = 0;
  #version = 0;

  /** Slots are the integers from 0 to below `slotsMax`. 8 bytes each. */
  constructor(slotsMax: number) {
    this.#slots = new Int32Array(slotsMax);
    this.#places = new Int32Array(slotsMax).fill(ABSENT);
  }

  get size(): number {
    return this.#size;
  }

  /** Grows with every change, also of a weight; who derives something from the list compares it. */
  get version(): number {
    return this.#version;
  }

  /** `place` from 0 to below `size`. */
  at(place: number): number {
    return this.#slots[place]!;
  }

  /** Negative when it is no candidate. */
  placeOf(slot: number): number {
    return this.#places[slot]!;
  }

  has(slot: number): boolean {
    return this.#places[slot]! !== ABSENT;
  }

  /** For the owner alone, as all that follows. */
  add(slot: number): void {
    assert(!this.has(slot), 'a slot is a candidate once');
    this.#places[slot] = this.#size;
    this.#slots[this.#size] = slot;
    this.#size += 1;
    this.#version += 1;
  }

  remove(slot: number): void {
    const place = this.#places[slot]!;
    assert(place !== ABSENT, 'only a candidate can be removed');
    this.#size -= 1;
    const last = this.#slots[this.#size]!;
    this.#slots[place] = last;
    this.#places[last] = place;
    this.#places[slot] = ABSENT;
    this.#version += 1;
  }
}
