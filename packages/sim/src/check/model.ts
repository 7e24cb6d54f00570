import type { Operation } from './operation.ts';

/** What `Model.step` returns when the operation cannot have given that answer in that state. */
export const ILLEGAL: unique symbol = Symbol('illegal');

/** Operations that can be judged apart from all others: indices into the history, in any order. */
export interface Part {
  /** Shown to people: the key, for instance. */
  readonly name: string;
  readonly operations: readonly number[];
}

/**
 * A sequential specification: what one client alone would see. States are immutable values; `step` is a pure function, total over
 * every input, and called millions of times.
 */
export interface Model<Input, Output, State> {
  readonly name: string;
  readonly initial: State;
  /**
   * The state after `input` took effect in `state` and answered `output`, or `ILLEGAL`. An undefined `output` is an unknown
   * answer: the effect is what `input` does in `state`, whatever it answered.
   */
  step(state: State, input: Input, output: Output | undefined): State | typeof ILLEGAL;
  /** Two states are the same exactly when their identities are equal. A short string, or a number, is fast. */
  identity(state: State): string | number;
  /**
   * True when `input`, given that it answered `output`, changes no state whatever. It is then put into the order as soon as it can
   * be, which saves most of a search, and left out when its answer is unknown. A write of what is there already is no read.
   */
  isRead?(input: Input, output: Output | undefined): boolean;
  /**
   * Splits a history into parts without effect on each other (Horn and Kroening, "Faster linearizability checking via
   * P-compositionality", FORTE 2015). Every index must be in one part. Absent: one part. See `partitionByKey` and
   * `partitionByTouchedKeys`.
   */
  partition?(operations: readonly Operation<Input, Output>[]): readonly Part[];
  /** For people: `put x = 1`, `get x → 2`. */
  describeOperation(input: Input, output: Output | undefined): string;
  describeState(state: State): string;
}
