/**
 * Key-range partitions: the ordered key space is cut into ranges that split when they grow and merge when they shrink, so that scans stay local and
 * partitions stay equal whatever the keys look like. Chang et al., "Bigtable", OSDI 2006, section 5.1 (tablets); Joshi, "Patterns of Distributed
 * Systems": Key-Range Partitions.
 *
 * Keys are compared by code unit (as `<` does); bytes are kept as binary strings (`binaryFromBytes` of `base`). Immutable.
 */

export interface KeyRange {
  /** Never used again: a split gives both parts new ids, so that a message to the old range cannot be mistaken for one to its part. */
  readonly id: number;
  /** The first key. '' for the first range. */
  readonly start: string;
  /** The first key that is not in it any more; none for the last range. */
  readonly end: string | undefined;
  /** The nodes that hold it, the leader first. */
  readonly replicas: readonly string[];
}

export const KEY_RANGES_MAX = 1_000_000;

export class KeyRanges {
  /** Grows by one with each change. */
  readonly epoch: number;
  /** Ascending; together they are all keys, and none is in two. */
  readonly ranges: readonly KeyRange[];
  /** What the next range will be called. */
  readonly nextId: number;

  private constructor(epoch: number, ranges: readonly KeyRange[], nextId: number) {
    this.epoch = epoch;
    this.ranges = ranges;
    this.nextId = nextId;
  }

  /** One range of all keys, number 1. */
  static whole(replicas: readonly string[]): KeyRanges {
    return new KeyRanges(0, [{ id: 1, start: '', end: undefined, replicas }], 2);
  }

  /** Ranges as they were stored. `RangeError` when they leave a gap, overlap, or have an id that is not below `nextId`. */
  static of(epoch: number, ranges: readonly KeyRange[], nextId: number): KeyRanges {
    if (ranges.length < 1 || ranges.length > KEY_RANGES_MAX)
      throw new RangeError(`there must be 1 to ${KEY_RANGES_MAX} ranges, got ${ranges.length}`);
    if (!Number.isSafeInteger(epoch) || epoch < 0)
      throw new RangeError(`the epoch of ranges must be a whole number from 0 on, got ${epoch}`);
    if (!Number.isSafeInteger(nextId)) throw new RangeError(`nextId must be a whole number, got ${nextId}`);
    ranges.forEach((range, i) => {
      const start = i === 0 ? '' : ranges[i - 1]!.end;
      const isLast = i === ranges.length - 1;
      const ends = range.end === undefined ? isLast : !isLast && range.end > range.start;
      if (range.start !== start || !ends)
        throw new RangeError(`range ${range.id} must begin where the one before it ends, and end later`);
      if (!(range.id < nextId))
        throw new RangeError(`range ${range.id} must have an id below nextId, which is ${nextId}`);
    });
    if (new Set(ranges.map(({ id }) => id)).size < ranges.length) throw new RangeError('the ids of ranges must differ');
    return new KeyRanges(epoch, ranges, nextId);
  }

  /** The range of a key. O(log ranges) comparisons; allocates nothing. */
  rangeOf(key: string): KeyRange {
    return this.ranges[this.#placeOf(key)]!;
  }

  /** The leader of a key's range, or nothing while nobody holds it. */
  ownerOf(key: string): string | undefined {
    return this.rangeOf(key).replicas[0];
  }

  /** The ranges that hold keys from `start` on and before `end` (to the last key, when absent), ascending. O(log ranges + result). */
  overlapping(start: string, end?: string): KeyRange[] {
    if (end !== undefined && end <= start) return [];
    const found: KeyRange[] = [];
    for (let i = this.#placeOf(start); i < this.ranges.length; i++) {
      const range = this.ranges[i]!;
      if (end !== undefined && range.start >= end) break;
      found.push(range);
    }
    return found;
  }

  /**
   * Cuts the range of `at` in two, of which the second begins with `at`. Both are held by those who held the whole: nothing moves. `RangeError` when
   * a range begins there already, or there are too many.
   */
  split(at: string): KeyRanges {
    const place = this.#placeOf(at);
    const { id, start, end, replicas } = this.ranges[place]!;
    if (start === at)
      throw new RangeError(`range ${id} begins at ${JSON.stringify(at)} already: split it at a later key`);
    const parts: KeyRange[] = [
      { id: this.nextId, start, end: at, replicas },
      { id: this.nextId + 1, start: at, end, replicas },
    ];
    return this.#with(place, 1, parts, this.nextId + 2);
  }

  /**
   * Joins a range with the one behind it. `RangeError` when it is the last one or unknown, or when the two are not held by the same nodes: move one
   * first, so that joining moves nothing.
   */
  merge(id: number): KeyRanges {
    const place = this.#placeOfId(id);
    const [left, right] = [this.ranges[place]!, this.ranges[place + 1]];
    if (right === undefined) throw new RangeError(`range ${id} is the last one: there is none behind it to join`);
    const held = new Set(left.replicas);
    if (left.replicas.length !== right.replicas.length || !right.replicas.every((node) => held.has(node)))
      throw new RangeError(`ranges ${id} and ${right.id} must be held by the same nodes before they are joined`);
    const joined: KeyRange = { id: this.nextId, start: left.start, end: right.end, replicas: left.replicas };
    return this.#with(place, 2, [joined], this.nextId + 1);
  }

  /** Gives a range to other nodes; it keeps its id. `RangeError` when there is no such range. */
  move(id: number, replicas: readonly string[]): KeyRanges {
    const place = this.#placeOfId(id);
    return this.#with(place, 1, [{ ...this.ranges[place]!, replicas }], this.nextId);
  }

  #with(place: number, count: number, ranges: readonly KeyRange[], nextId: number): KeyRanges {
    if (this.ranges.length - count + ranges.length > KEY_RANGES_MAX)
      throw new RangeError(`there are ${KEY_RANGES_MAX} ranges already: join some first`);
    return new KeyRanges(this.epoch + 1, this.ranges.toSpliced(place, count, ...ranges), nextId);
  }

  #placeOf(key: string): number {
    const { ranges } = this;
    let low = 0;
    let high = ranges.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (ranges[middle]!.start <= key) low = middle;
      else high = middle;
    }
    return low;
  }

  #placeOfId(id: number): number {
    const place = this.ranges.findIndex((range) => range.id === id);
    if (place < 0) throw new RangeError(`there is no range ${id} (any more): look its keys up again`);
    return place;
  }
}
