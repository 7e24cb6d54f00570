import type { Instant } from '@quorate/patterns/base';

interface Timed {
  readonly deadline: Instant | undefined;
}

/**
 * Which of many members has the least deadline (a binary heap). Deadlines move with every message, nearly always to later, so the heap
 * keeps the instant under which a member was filed and looks at the real one only when that comes up: a later deadline costs
 * nothing until then. O(log n) per member that comes up or moves forward.
 */
export class Deadlines<T extends Timed> {
  readonly #heap: { readonly at: Instant; readonly member: T }[] = [];
  /** The earliest instant under which a member is filed. A member may be filed more than once; only the earliest counts. */
  readonly #filed: Map<T, Instant> = new Map();

  /** Not later than the least deadline. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  /** To be called whenever the member's deadline may have moved forward. */
  update(member: T): void {
    const deadline = member.deadline;
    if (deadline === undefined) return;
    const filed = this.#filed.get(member);
    if (filed !== undefined && filed <= deadline) return;
    this.#filed.set(member, deadline);
    this.#push({ at: deadline, member });
  }

  /** Takes out the members whose deadline has come; each must be given to `update` again. */
  due(now: Instant, out: T[]): void {
    while (this.#heap.length > 0 && this.#heap[0]!.at <= now) {
      const { at, member } = this.#pop();
      // An entry that is not the member's earliest is left over from before it moved forward.
      if (this.#filed.get(member) !== at) continue;
      this.#filed.delete(member);
      const deadline = member.deadline;
      if (deadline !== undefined && deadline <= now) out.push(member);
      else this.update(member);
    }
  }

  #push(item: { readonly at: Instant; readonly member: T }): void {
    const heap = this.#heap;
    let slot = heap.length;
    heap.push(item);
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (heap[parent]!.at <= item.at) break;
      heap[slot] = heap[parent]!;
      slot = parent;
    }
    heap[slot] = item;
  }

  #pop(): { readonly at: Instant; readonly member: T } {
    const heap = this.#heap;
    const top = heap[0]!;
    const last = heap.pop()!;
    if (heap.length === 0) return top;
    let slot = 0;
    for (;;) {
      let child = 2 * slot + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child += 1;
      if (heap[child]!.at >= last.at) break;
      heap[slot] = heap[child]!;
      slot = child;
    }
    heap[slot] = last;
    return top;
  }
}
