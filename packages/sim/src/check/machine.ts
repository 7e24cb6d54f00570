import { ILLEGAL, type Model } from './model.ts';
import type { Operation } from './operation.ts';

/** Entries of the transition table; past it every step asks the model. 4 MiB. */
const TABLE_ENTRIES_MAX = 1 << 20;
/** What a state is taken to occupy beside its identity. */
const STATE_BYTES = 128;
const UNSEEN = 0;
const REFUSED = -1;

/**
 * A model run over one part of a history with its states interned: a state is a small integer, equal states are equal integers,
 * and a transition seen once is an array access.
 */
export class Machine<Input, Output, State> {
  /** An estimate of what the interned states occupy. */
  bytes = 0;
  readonly initial: number;
  readonly #model: Model<Input, Output, State>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #states: State[] = [];
  readonly #ids = new Map<string | number, number>();
  /** Row per state, column per operation: the next state + 1, `REFUSED`, or `UNSEEN`. */
  #table: Int32Array;
  readonly #rowsMax: number;

  readonly #reads: Uint8Array;

  constructor(model: Model<Input, Output, State>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    this.#rowsMax = Math.floor(TABLE_ENTRIES_MAX / Math.max(1, operations.length));
    this.#table = new Int32Array(Math.min(this.#rowsMax, 8) * operations.length);
    this.#reads = Uint8Array.from(operations, ({ input, output }) => Number(model.isRead?.(input, output) === true));
    this.initial = this.#intern(model.initial);
  }

  /** The state after `operation` in `state`, or −1. */
  step(state: number, operation: number): number {
    if (state >= this.#rowsMax) return this.#ask(state, operation);
    const at = state * this.#operations.length + operation;
    if (at >= this.#table.length) this.#grow();
    const seen = this.#table[at] as number;
    if (seen !== UNSEEN) return seen === REFUSED ? -1 : seen - 1;
    const next = this.#ask(state, operation);
    this.#table[at] = next === -1 ? REFUSED : next + 1;
    return next;
  }

  isRead(operation: number): boolean {
    return this.#reads[operation] === 1;
  }

  describe(state: number): string {
    return this.#model.describeState(this.#states[state] as State);
  }

  #ask(state: number, operation: number): number {
    const { input, output } = this.#operations[operation] as Operation<Input, Output>;
    const next = this.#model.step(this.#states[state] as State, input, output);
    return next === ILLEGAL ? -1 : this.#intern(next as State);
  }

  #intern(state: State): number {
    const identity = this.#model.identity(state);
    const known = this.#ids.get(identity);
    if (known !== undefined) return known;
    const id = this.#states.length;
    this.#states.push(state);
    this.#ids.set(identity, id);
    this.bytes += STATE_BYTES + (typeof identity === 'string' ? 2 * identity.length : 0);
    return id;
  }

  #grow(): void {
    const rows = Math.min(
      this.#rowsMax,
      Math.max(this.#states.length, (2 * this.#table.length) / this.#operations.length),
    );
    const table = new Int32Array(rows * this.#operations.length);
    table.set(this.#table);
    this.#table = table;
  }
}
