import type { Operation } from './operation.ts';

export const NONE = -1;

/**
 * The calls and returns of one part of a history as two doubly linked lists in typed arrays, from which operations are lifted out
 * and put back in constant time (Wing and Gong, "Testing and verifying concurrent objects", JPDC 1993; Lowe, "Testing for
 * linearizability", 2017).
 *
 * Operations are numbered anew: the `answered` ones first, then those that never returned, each kind in the order of its calls.
 * A node is an operation's number for its call, `count` + that number for its return. Operations without a return have a list of
 * their own, so that a search can try them last: they are needed rarely and are always there.
 */
export class EventList {
  readonly count: number;
  readonly answered: number;
  /** By number: the operation's index in the part it was built from. */
  readonly order: Int32Array;
  /** By node: place among all events. */
  readonly position: Int32Array;
  readonly next: Int32Array;
  readonly answeredHead: number;
  readonly pendingHead: number;
  readonly #previous: Int32Array;

  constructor(operations: readonly Pick<Operation<unknown, unknown>, 'call' | 'return'>[]) {
    const times = operations.map((operation, index) => ({ index, call: operation.call, return: operation.return }));
    const isAnswered = (operation: { readonly return: number }): boolean => operation.return !== Infinity;
    const numbered = times.sort(
      (a, b) => Number(isAnswered(b)) - Number(isAnswered(a)) || a.call - b.call || a.index - b.index,
    );
    this.count = numbered.length;
    this.answered = numbered.filter(isAnswered).length;
    this.order = Int32Array.from(numbered, (operation) => operation.index);
    const nodes = this.count + this.answered;
    this.answeredHead = nodes;
    this.pendingHead = nodes + 1;
    this.position = new Int32Array(nodes);
    this.next = new Int32Array(nodes + 2).fill(NONE);
    this.#previous = new Int32Array(nodes + 2).fill(NONE);
    this.#link(numbered);
  }

  #link(numbered: readonly { readonly call: number; readonly return: number }[]): void {
    const timeOf = (node: number): number =>
      node < this.count ? (numbered[node]?.call as number) : (numbered[node - this.count]?.return as number);
    // Stable and by node on ties: calls come before returns.
    const events = Array.from({ length: this.position.length }, (_, node) => node).sort(
      (a, b) => timeOf(a) - timeOf(b) || a - b,
    );
    let [answeredTail, pendingTail] = [this.answeredHead, this.pendingHead];
    for (const [position, node] of events.entries()) {
      this.position[node] = position;
      const isPending = node >= this.answered && node < this.count;
      const tail = isPending ? pendingTail : answeredTail;
      this.next[tail] = node;
      this.#previous[node] = tail;
      if (isPending) pendingTail = node;
      else answeredTail = node;
    }
  }

  /** Takes an operation's call, and its return if it has one, out of the list. */
  lift(operation: number): void {
    this.#unlink(operation);
    if (operation < this.answered) this.#unlink(this.count + operation);
  }

  /** Puts back what `lift` took out. Only in the reverse order of lifting. */
  unlift(operation: number): void {
    if (operation < this.answered) this.#relink(this.count + operation);
    this.#relink(operation);
  }

  #unlink(node: number): void {
    const [before, after] = [this.#previous[node] as number, this.next[node] as number];
    this.next[before] = after;
    if (after !== NONE) this.#previous[after] = before;
  }

  #relink(node: number): void {
    const [before, after] = [this.#previous[node] as number, this.next[node] as number];
    this.next[before] = node;
    if (after !== NONE) this.#previous[after] = node;
  }
}
