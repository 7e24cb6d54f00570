/**
 * What changed, in order, from some revision on: the memory of a state watch (Joshi, "Patterns of Distributed Systems",
 * State Watch), so that a watcher that was away can resume, and the order in which old versions are collected.
 *
 * Items carry revisions that never fall; several items may share one. Places are absolute: an item keeps its place when older items
 * are dropped. Append O(1), access by place O(1), search by revision O(log n); 16 bytes an item.
 *
 * Invariant: `first` ≤ every place that can be read < `end`.
 */
import { assert } from '../base/index.ts';

const CHUNK_BITS = 10;
const CHUNK = 1 << CHUNK_BITS;
const WITHIN = CHUNK - 1;

interface Chunk<T> {
  readonly items: (T | undefined)[];
  /** Sum of all weights appended before and including the item at this place. */
  readonly sums: Float64Array;
}

export class RevisionLog<T extends { readonly revision: number }> {
  #chunks: Chunk<T>[] = [];
  /** Place of the first item of `#chunks[0]`; a multiple of `CHUNK`. */
  #origin = 0;
  #first = 0;
  #end = 0;
  #sum = 0;
  #droppedSum = 0;

  /** Place of the oldest item kept. */
  get first(): number {
    return this.#first;
  }

  /** The place after the newest item. */
  get end(): number {
    return this.#end;
  }

  get size(): number {
    return this.#end - this.#first;
  }

  /** `weight` is whatever the owner wants summed up over a span of places, such as bytes that a compaction will set free. */
  append(item: T, weight: number = 0): void {
    const within = this.#end & WITHIN;
    if (within === 0 || this.#chunks.length === 0) {
      this.#chunks.push({ items: [], sums: new Float64Array(CHUNK) });
    }
    const chunk = this.#chunks[this.#chunks.length - 1]!;
    this.#sum += weight;
    chunk.items[within] = item;
    chunk.sums[within] = this.#sum;
    this.#end += 1;
  }

  at(place: number): T {
    const offset = place - this.#origin;
    const item = this.#chunks[offset >>> CHUNK_BITS]?.items[offset & WITHIN];
    assert(item !== undefined && place >= this.#first, 'a place must lie between first and end');
    return item;
  }

  /** The place of the first item whose revision is at least `revision`; `end` when there is none. */
  seek(revision: number): number {
    let low = this.#first;
    let high = this.#end;
    while (low < high) {
      const middle = low + ((high - low) >>> 1);
      if (this.at(middle).revision < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The weights of all items before `place`, dropped ones included. */
  weightBefore(place: number): number {
    if (place <= this.#first) return this.#droppedSum;
    const offset = place - 1 - this.#origin;
    return this.#chunks[offset >>> CHUNK_BITS]!.sums[offset & WITHIN]!;
  }

  /** Forgets the items before `place`. */
  dropBefore(place: number): void {
    assert(place <= this.#end, 'only what was appended can be dropped');
    if (place <= this.#first) return;
    this.#droppedSum = this.weightBefore(place);
    const from = this.#first;
    this.#first = place;
    const whole = (place - this.#origin) >>> CHUNK_BITS;
    if (whole > 0) {
      this.#chunks = this.#chunks.slice(whole);
      this.#origin += whole * CHUNK;
    }
    const chunk = this.#chunks[0];
    for (let at = Math.max(from, this.#origin); at < place; at++) chunk!.items[at - this.#origin] = undefined;
  }
}
