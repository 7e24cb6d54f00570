/**
 * Which segments of a log that many streams share may go. Joshi, "Patterns of Distributed Systems", Low-Water Mark.
 *
 * A segment is needed while it holds an entry that some stream has not released. Segments go from the oldest on, so that those
 * that are left are always a run without gaps, and a missing one can be told from a removed one. All else that a segment holds (terms,
 * votes, marks) is written again at the head of each new segment, so the newest never goes.
 */
export class LowWaterMark {
  /** Ascending by number. Bounded by the size of the log. */
  readonly #segments: Segment[] = [];
  readonly #released = new Map<number, number>();

  /** A new segment, which from now on is the one written to. */
  opened(segment: number): void {
    this.#segments.push({ segment, highest: new Map() });
  }

  /** An entry of `stream` with this index was written to the newest segment. All its entries with this index or a higher one are void. */
  written(stream: number, firstIndex: number, lastIndex: number): void {
    this.truncated(stream, firstIndex);
    this.#segments[this.#segments.length - 1]!.highest.set(stream, lastIndex);
  }

  /** All entries of `stream` from this index on are void. O(segments). */
  truncated(stream: number, fromIndex: number): void {
    for (let i = this.#segments.length - 1; i >= 0; i--) {
      const { highest } = this.#segments[i]!;
      const index = highest.get(stream);
      if (index === undefined) continue;
      // Entries ascend from segment to segment: older ones hold only lower indexes.
      if (index < fromIndex) return;
      if (fromIndex <= 1) highest.delete(stream);
      else highest.set(stream, fromIndex - 1);
    }
  }

  /** `stream` needs nothing up to and including `index` any more. Never falls. */
  release(stream: number, index: number): void {
    this.#released.set(stream, Math.max(index, this.#released.get(stream) ?? 0));
  }

  /** The oldest segment when it may go. The caller removes it and says so. */
  get removable(): number | undefined {
    const oldest = this.#segments[0];
    if (oldest === undefined || this.#segments.length === 1) return undefined;
    return this.#holders(oldest).next().done === true ? oldest.segment : undefined;
  }

  removed(segment: number): void {
    if (this.#segments[0]?.segment === segment) this.#segments.shift();
  }

  /** The streams that keep the oldest segment. */
  get holders(): readonly number[] {
    const oldest = this.#segments[0];
    return oldest === undefined || this.#segments.length === 1 ? [] : [...this.#holders(oldest)];
  }

  *#holders(segment: Segment): Generator<number> {
    for (const [stream, index] of segment.highest) {
      if (index > (this.#released.get(stream) ?? 0)) yield stream;
    }
  }
}

interface Segment {
  readonly segment: number;
  /** The highest index of each stream that has entries in it. */
  readonly highest: Map<number, number>;
}
