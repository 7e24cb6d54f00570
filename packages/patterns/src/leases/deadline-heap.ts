/** Items by the time at which they are due, earliest first: a binary heap. Removal is lazy: mark the item, and it is skipped; when most are marked, they are swept out. */
export interface Due {
  /** Changed by the heap's owner only while the item is not in the heap. */
  dueAt: number;
  gone: boolean;
}

const SWEEP_MIN = 64;

export class DeadlineHeap<T extends Due> {
  #items: T[] = [];
  #gone = 0;

  /** Items, those that were removed but not swept out included. */
  get size(): number {
    return this.#items.length;
  }

  /** The earliest item. O(1) amortised. */
  get earliest(): T | undefined {
    while (this.#items.length > 0 && this.#items[0]!.gone) {
      this.#gone -= 1;
      this.#pop();
    }
    return this.#items[0];
  }

  /** O(log n). */
  add(item: T): void {
    this.#items.push(item);
    this.#rise(this.#items.length - 1);
  }

  /** Takes the earliest item out. O(log n). */
  take(): T | undefined {
    const { earliest } = this;
    if (earliest !== undefined) this.#pop();
    return earliest;
  }

  /** The item must be in the heap. O(1) amortised. */
  remove(item: T): void {
    item.gone = true;
    this.#gone += 1;
    if (this.#gone < SWEEP_MIN || this.#gone * 2 < this.#items.length) return;
    this.#items = this.#items.filter((kept) => !kept.gone);
    this.#gone = 0;
    for (let i = (this.#items.length >>> 1) - 1; i >= 0; i--) this.#sink(i);
  }

  clear(): void {
    this.#items = [];
    this.#gone = 0;
  }

  #pop(): void {
    const last = this.#items.pop()!;
    if (this.#items.length === 0) return;
    this.#items[0] = last;
    this.#sink(0);
  }

  #rise(from: number): void {
    const items = this.#items;
    const item = items[from]!;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (items[parent]!.dueAt <= item.dueAt) break;
      items[at] = items[parent]!;
      at = parent;
    }
    items[at] = item;
  }

  #sink(from: number): void {
    const items = this.#items;
    const item = items[from]!;
    let at = from;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= items.length) break;
      if (child + 1 < items.length && items[child + 1]!.dueAt < items[child]!.dueAt) child += 1;
      if (items[child]!.dueAt >= item.dueAt) break;
      items[at] = items[child]!;
      at = child;
    }
    items[at] = item;
  }
}
