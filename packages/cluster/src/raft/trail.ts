/** Bytes between two points that are remembered: the precision of `keepFrom`. */
const STEP_BYTES = 64 * 1024;

interface Point {
  readonly index: number;
  /** Bytes of all entries before `index` since the start. */
  readonly before: number;
}

/** Knows, of the entries applied lately, from which one on they hold about so many bytes. Remembers `bytesMax / 64 KiB` points. */
export class Trail {
  readonly #bytesMax: number;
  #points: Point[] = [];
  #head = 0;
  #total = 0;
  #sincePoint: number = STEP_BYTES;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** The next entry, of so many bytes. */
  add(index: number, bytes: number): void {
    if (this.#sincePoint >= STEP_BYTES) {
      this.#points.push({ index, before: this.#total });
      this.#sincePoint = 0;
      this.#forget();
    }
    this.#total += bytes;
    this.#sincePoint += bytes;
  }

  /** Entries from here on hold at most `bytesMax`, give or take a step. Entries from before the start are not counted. */
  get keepFrom(): number {
    for (let i = this.#head; i < this.#points.length; i++) {
      const { index, before } = this.#points[i]!;
      if (this.#total - before <= this.#bytesMax) return i === 0 && before === 0 ? 0 : index;
    }
    return this.#points[this.#points.length - 1]?.index ?? 0;
  }

  #forget(): void {
    while (
      this.#head < this.#points.length - 1 &&
      this.#total - this.#points[this.#head + 1]!.before > this.#bytesMax
    ) {
      this.#head += 1;
    }
    if (this.#head < 1024) return;
    this.#points = this.#points.slice(this.#head);
    this.#head = 0;
  }
}
