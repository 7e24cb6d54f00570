/**
 * The keys that come most often in a stream, in fixed memory. Metwally, Agrawal and El Abbadi, "Efficient Computation of Frequent and Top-k Elements in
 * Data Streams", ICDT 2005.
 *
 * With m counters after a total of N: every key that came more than N/m times is among them; a count is never too low, and too high by at most its
 * `error`, which is at most N/m. A key that is not counted yet takes over the smallest counter, with its count as error.
 * A binary heap finds the smallest: O(log m) for any weight.
 */

export interface HeavyHitter<Key> {
  readonly key: Key;
  /** At least what was added for the key, and at most `error` more. */
  readonly count: number;
  readonly error: number;
}

export class SpaceSaving<Key> {
  readonly counters: number;
  #total = 0;
  /** How often a key that was never counted may have come while there is room. Above 0 only in what was merged of a smaller summary. */
  #unseen = 0;
  readonly #slots = new Map<Key, number>();
  readonly #keys: Key[] = [];
  readonly #counts: Float64Array;
  readonly #errors: Float64Array;
  /** Slots, the one with the smallest count first; and where in it a slot is. */
  readonly #heap: Int32Array;
  readonly #places: Int32Array;

  /** As many keys as are remembered: `spaceSavingCounters(ε)`. */
  constructor(counters: number) {
    if (!Number.isInteger(counters) || counters < 1)
      throw new RangeError(`counters must be a positive integer, not ${counters}`);
    this.counters = counters;
    this.#counts = new Float64Array(counters);
    this.#errors = new Float64Array(counters);
    this.#heap = new Int32Array(counters);
    this.#places = new Int32Array(counters);
  }

  /** All that was added. */
  get total(): number {
    return this.#total;
  }

  /** Adds `weight`, which is positive, to a key. O(log counters). */
  add(key: Key, weight: number = 1): void {
    if (!(weight > 0)) throw new RangeError(`weight must be positive, not ${weight}`);
    this.#total += weight;
    let slot = this.#slots.get(key);
    if (slot === undefined) slot = this.#admit(key);
    this.#counts[slot]! += weight;
    this.#sink(this.#places[slot]!);
  }

  /** What is known of a key, or undefined when it is not among those counted: then it came at most `floor` times. */
  get(key: Key): HeavyHitter<Key> | undefined {
    const slot = this.#slots.get(key);
    return slot === undefined ? undefined : this.#at(slot);
  }

  /** No key that is not counted has come more often. 0 while there is room, but in what was merged of a smaller summary that was full. */
  get floor(): number {
    return this.#keys.length < this.counters ? this.#unseen : this.#counts[this.#heap[0]!]!;
  }

  /** The keys with the greatest counts, greatest first. Those with count − error above the next one's count are certainly in order. O(m log m). */
  top(length: number = this.counters): HeavyHitter<Key>[] {
    return this.#keys
      .map((_, slot) => this.#at(slot))
      .sort((a, b) => b.count - a.count || a.error - b.error)
      .slice(0, length);
  }

  /** A summary of both streams, with as many counters as this one. Agarwal et al., "Mergeable Summaries", PODS 2012, section 3. O(m log m). */
  merged(other: SpaceSaving<Key>): SpaceSaving<Key> {
    const all: HeavyHitter<Key>[] = [];
    for (const mine of this.top()) {
      const theirs = other.get(mine.key) ?? { count: other.floor, error: other.floor };
      all.push({ key: mine.key, count: mine.count + theirs.count, error: mine.error + theirs.error });
    }
    for (const { key, count, error } of other.top())
      if (!this.#slots.has(key)) all.push({ key, count: count + this.floor, error: error + this.floor });
    all.sort((a, b) => b.count - a.count);
    const merged = new SpaceSaving<Key>(this.counters);
    for (const { key, count, error } of all.slice(0, this.counters)) {
      merged.add(key, count);
      merged.#errors[merged.#slots.get(key)!] = error;
    }
    merged.#total = this.#total + other.#total;
    // Counts of all that are counted are at least this.
    merged.#unseen = this.floor + other.floor;
    return merged;
  }

  #at(slot: number): HeavyHitter<Key> {
    return { key: this.#keys[slot]!, count: this.#counts[slot]!, error: this.#errors[slot]! };
  }

  /** A free counter, or the smallest one. */
  #admit(key: Key): number {
    let slot = this.#keys.length;
    if (slot < this.counters) {
      this.#keys.push(key);
      this.#counts[slot] = this.#unseen;
      this.#errors[slot] = this.#unseen;
      this.#heap[slot] = slot;
      this.#places[slot] = slot;
      this.#rise(slot);
    } else {
      slot = this.#heap[0]!;
      this.#slots.delete(this.#keys[slot]!);
      this.#keys[slot] = key;
      this.#errors[slot] = this.#counts[slot]!;
    }
    this.#slots.set(key, slot);
    return slot;
  }

  /** A new counter is below none, so it belongs on top; its weight is added, and it sinks, afterwards. */
  #rise(start: number): void {
    let place = start;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      this.#swap(place, parent);
      place = parent;
    }
  }

  #sink(start: number): void {
    const size = this.#keys.length;
    let place = start;
    for (;;) {
      let least = 2 * place + 1;
      if (least >= size) return;
      if (least + 1 < size && this.#countAt(least + 1) < this.#countAt(least)) least += 1;
      if (this.#countAt(place) <= this.#countAt(least)) return;
      this.#swap(place, least);
      place = least;
    }
  }

  #countAt(place: number): number {
    return this.#counts[this.#heap[place]!]!;
  }

  #swap(a: number, b: number): void {
    const slot = this.#heap[a]!;
    this.#heap[a] = this.#heap[b]!;
    this.#heap[b] = slot;
    this.#places[this.#heap[a]!] = a;
    this.#places[slot] = b;
  }
}
