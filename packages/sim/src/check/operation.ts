/**
 * One operation of a history, as its client saw it. `call` and `return` are instants or sequence numbers of one clock; only their
 * order counts. Where a call and a return coincide the two operations count as concurrent, which can hide an error but never
 * invents one: prefer sequence numbers, which cannot tie.
 */
export interface Operation<Input, Output> {
  /** Who called. An operation is a row's box in the picture; the checker itself does not use it. */
  readonly client: number | string;
  readonly input: Input;
  /**
   * Undefined: the client does not know what the operation answered, nor, without a `return`, whether it happened. Where there is other
   * evidence of what an unanswered operation did, such as a replicated log, give that: every operation whose effect is uncertain
   * multiplies the orders to be tried. Leave out those that certainly never happened.
   */
  readonly output: Output | undefined;
  readonly call: number;
  /** Infinity when no answer came: the operation may take effect at any later time, or never. */
  readonly return: number;
}

/** `unknown` means that time or memory ran out before an answer; it is never a yes. */
export type Verdict = 'linearizable' | 'illegal' | 'unknown';
