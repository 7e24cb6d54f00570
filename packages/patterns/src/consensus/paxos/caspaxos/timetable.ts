/** When which key is due next: one time per key. O(log n) to set, to move and to clear. */
import { Instant } from '../../../base/index.ts';
import { DeadlineHeap, type Due } from '../../../leases/deadline-heap.ts';

interface Entry<Key> extends Due {
  readonly key: Key;
}

export class Timetable<Key> {
  readonly #heap = new DeadlineHeap<Entry<Key>>();
  readonly #entries = new Map<Key, Entry<Key>>();

  get deadline(): Instant | undefined {
    const { earliest } = this.#heap;
    return earliest === undefined ? undefined : Instant.of(earliest.dueAt);
  }

  set(key: Key, dueAt: Instant): void {
    const before = this.#entries.get(key);
    if (before?.dueAt === dueAt) return;
    if (before !== undefined) this.#heap.remove(before);
    const entry: Entry<Key> = { key, dueAt, gone: false };
    this.#entries.set(key, entry);
    this.#heap.add(entry);
  }

  clear(key: Key): void {
    const before = this.#entries.get(key);
    if (before === undefined) return;
    this.#heap.remove(before);
    this.#entries.delete(key);
  }

  /** Takes out the keys that are due at `now`. */
  takeDue(now: Instant): Key[] {
    const due: Key[] = [];
    for (let first = this.#heap.earliest; first !== undefined && first.dueAt <= now; first = this.#heap.earliest) {
      this.#heap.take();
      this.#entries.delete(first.key);
      due.push(first.key);
    }
    return due;
  }
}
