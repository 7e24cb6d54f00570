/**
 * What has been sent to one follower and not yet acknowledged, bounded in messages and in bytes (thesis 10.2.1 on
 * pipelining). A ring buffer that grows to what is really used.
 */
export class InflightWindow {
  readonly #messagesMax: number;
  readonly #bytesMax: number;
  #lastIndexes: number[] = [];
  #sizes: number[] = [];
  #capacity = 0;
  #start = 0;
  #count = 0;
  #bytes = 0;

  constructor(messagesMax: number, bytesMax: number) {
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
  }

  get count(): number {
    return this.#count;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The last message may overshoot the bytes: otherwise one that is larger than the window could never leave. */
  get full(): boolean {
    return this.#count >= this.#messagesMax || this.#bytes >= this.#bytesMax;
  }

  /** A message whose last entry is `lastIndex` left. */
  add(lastIndex: number, bytes: number): void {
    if (this.#count === this.#capacity) this.#grow();
    const at = (this.#start + this.#count) % this.#capacity;
    this.#lastIndexes[at] = lastIndex;
    this.#sizes[at] = bytes;
    this.#count += 1;
    this.#bytes += bytes;
  }

  /** Everything up to `index` is acknowledged. */
  freeTo(index: number): void {
    while (this.#count > 0 && this.#lastIndexes[this.#start]! <= index) {
      this.#bytes -= this.#sizes[this.#start]!;
      this.#start = (this.#start + 1) % this.#capacity;
      this.#count -= 1;
    }
  }

  clear(): void {
    this.#count = 0;
    this.#bytes = 0;
  }

  /** The ring is full: turns it so that it starts at its first place, and makes room behind its end. */
  #grow(): void {
    const turned = (ring: number[]): number[] => [...ring.slice(this.#start), ...ring.slice(0, this.#start)];
    this.#lastIndexes = turned(this.#lastIndexes);
    this.#sizes = turned(this.#sizes);
    this.#start = 0;
    this.#capacity = Math.max(8, this.#capacity * 2);
  }
}
