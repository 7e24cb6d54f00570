import { ConfigurationCache, spread } from './configuration-cache.ts';
import { EventList, NONE } from './event-list.ts';
import { LinearizedSet } from './linearized-set.ts';
import type { Machine } from './machine.ts';
import type { Operation, Verdict } from './operation.ts';

/** In place of a limit: the operation is a read, which can only be refused later: no order is lost by taking it as soon as it is accepted. */
const FORCED = -2;

/** How far the search got: what a person needs to see why there is no order. */
export interface Progress {
  /** Operations in the longest order found that the model accepts, as indices into the part. */
  readonly longest: readonly number[];
  /** The operation that had to come next and that the model refused, as an index into the part. */
  readonly refused: number | undefined;
}

/**
 * Looks for an order of one part's operations that the model accepts and that respects real time: depth first, with the set of
 * configurations (operations linearized, state) already tried, after Lowe. Worst case exponential in the number of concurrent
 * operations; linear in the length of a history whose operations hardly overlap.
 */
export class Search<Input, Output, State> {
  steps = 0;
  readonly #machine: Machine<Input, Output, State>;
  readonly #list: EventList;
  readonly #done: LinearizedSet;
  readonly #cache: ConfigurationCache;
  /** Answered operations not yet linearized. */
  #remaining: number;
  #state: number;
  /** The call to be tried next, or a return when every answered call before it has been tried. */
  #cursor: number;
  /** While operations without a return are tried: the position before which they must have been called. Otherwise `NONE`. */
  #limit = NONE;
  /** The operations linearized, with the state and the limit before each. */
  readonly #stack: Int32Array;
  readonly #states: Int32Array;
  readonly #limits: Int32Array;
  #depth = 0;
  readonly #longest: Int32Array;
  #longestDepth = 0;
  #longestAnswered = -1;
  /** How many entries at the bottom of `#longest` and `#stack` are the same. */
  #sharedDepth = 0;
  #refused = NONE;

  constructor(
    machine: Machine<Input, Output, State>,
    operations: readonly Operation<Input, Output>[],
    options: { readonly bytesMax: number },
  ) {
    this.#machine = machine;
    this.#list = new EventList(operations);
    this.#done = new LinearizedSet(this.#list);
    this.#cache = new ConfigurationCache(this.#done.words + 1, options.bytesMax);
    this.#remaining = this.#list.answered;
    this.#state = machine.initial;
    this.#cursor = this.#list.next[this.#list.answeredHead] as number;
    const count = operations.length;
    [this.#stack, this.#states] = [new Int32Array(count), new Int32Array(count)];
    [this.#limits, this.#longest] = [new Int32Array(count), new Int32Array(count)];
  }

  get bytes(): number {
    return this.#cache.bytes + this.#machine.bytes;
  }

  /** Goes on for about `steps` steps of the model; undefined when there is no answer yet. */
  run(steps: number): Verdict | undefined {
    const list = this.#list;
    const end = this.steps + steps;
    if (this.#remaining === 0) return this.#succeed();
    while (this.steps < end) {
      const cursor = this.#cursor;
      if (this.#limit === NONE && cursor >= list.count) {
        this.#limit = list.position[cursor] as number;
        this.#cursor = list.next[list.pendingHead] as number;
      } else if (cursor === NONE || (this.#limit !== NONE && (list.position[cursor] as number) > this.#limit)) {
        if (!this.#backtrack()) return 'illegal';
      } else {
        const tried = this.#try(cursor);
        if (tried === 'full') return 'unknown';
        if (tried === 'dead' && !this.#backtrack()) return 'illegal';
        if (tried === 'refused') this.#cursor = list.next[cursor] as number;
        if (this.#remaining === 0) return this.#succeed();
      }
    }
    return undefined;
  }

  progress(): Progress {
    const order = this.#list.order;
    const longest = Array.from(
      this.#longest.subarray(0, this.#longestDepth),
      (operation) => order[operation] as number,
    );
    return { longest, refused: this.#refused === NONE ? undefined : order[this.#refused] };
  }

  /** Linearizes `operation` next, if the model accepts it and the outcome has not been tried. */
  #try(operation: number): 'linearized' | 'refused' | 'dead' | 'full' {
    this.steps += 1;
    const next = this.#machine.step(this.#state, this.#list.order[operation] as number);
    if (next < 0) return 'refused';
    const isAnswered = operation < this.#list.answered;
    // Without effect here, and without an answer to account for, it may as well happen later.
    if (next === this.#state && !isAnswered) return 'refused';
    // A read can only be refused later: where it is accepted, nothing else needs to be tried.
    const isForced = this.#machine.isRead(this.#list.order[operation] as number);
    const done = this.#done;
    done.add(operation);
    done.copyTo(this.#cache.record);
    this.#cache.record[done.words] = next;
    const added = this.#cache.add(done.hash ^ spread(next + 1));
    if (added !== 'new') {
      done.remove(operation);
      return added === 'full' ? 'full' : isForced ? 'dead' : 'refused';
    }
    this.#push(operation, isForced ? FORCED : this.#limit);
    this.#state = next;
    return 'linearized';
  }

  #push(operation: number, limit: number): void {
    this.#stack[this.#depth] = operation;
    this.#states[this.#depth] = this.#state;
    this.#limits[this.#depth] = limit;
    this.#depth += 1;
    this.#list.lift(operation);
    if (operation < this.#list.answered) this.#remaining -= 1;
    this.#limit = NONE;
    this.#cursor = this.#list.next[this.#list.answeredHead] as number;
  }

  /** Takes back operations up to one that had an alternative, and turns to it; false when there is none. */
  #backtrack(): boolean {
    this.#keepLongest();
    do {
      if (this.#depth === 0) return false;
      this.#depth -= 1;
      const operation = this.#stack[this.#depth] as number;
      this.#state = this.#states[this.#depth] as number;
      this.#limit = this.#limits[this.#depth] as number;
      this.#done.remove(operation);
      this.#list.unlift(operation);
      if (operation < this.#list.answered) this.#remaining += 1;
      this.#cursor = this.#list.next[operation] as number;
    } while (this.#limit === FORCED);
    this.#sharedDepth = Math.min(this.#sharedDepth, this.#depth);
    return true;
  }

  #succeed(): Verdict {
    this.#keepLongest();
    this.#refused = NONE;
    return 'linearizable';
  }

  /** Remembers the order reached when it accounts for more answered operations than any before. */
  #keepLongest(): void {
    const answered = this.#list.answered - this.#remaining;
    if (answered <= this.#longestAnswered) return;
    this.#longestAnswered = answered;
    this.#longest.set(this.#stack.subarray(this.#sharedDepth, this.#depth), this.#sharedDepth);
    this.#longestDepth = this.#depth;
    this.#sharedDepth = this.#depth;
    this.#refused = this.#firstReturn();
  }

  /** The operation whose return no other one's precedes among those not linearized. */
  #firstReturn(): number {
    let node = this.#list.next[this.#list.answeredHead] as number;
    while (node !== NONE && node < this.#list.count) node = this.#list.next[node] as number;
    return node === NONE ? NONE : node - this.#list.count;
  }
}
