/**
 * The acceptor: the memory of Paxos. It promises, it accepts, and it never forgets either. Lamport, "Paxos Made Simple", 2001, section 2.2, phase 1 (b)
 * and 2 (b).
 *
 * Differs from the paper in that it answers what it must refuse, so that a proposer need not wait in vain (section 2.2 allows it), and that it
 * may be asked the same thing twice.
 *
 * Pure. Constant memory. An answer that speaks of what must not be forgotten waits for the disk: its `after` is the ticket of the latest `persist`.
 */
import type { Instant } from '../../../base/index.ts';
import { type Accepted, type Ballot, compareBallots, NO_BALLOT, type NodeId, sameBallot } from '../ballot.ts';
import { PaxosRules } from '../rules.ts';
import type { SendEffect } from '../send-effect.ts';
import type { AcceptorAnswer, AcceptorRequest } from './messages.ts';

/** All that an acceptor must keep on disk. Immutable. */
export interface AcceptorState<Value> {
  /** Invariant: never falls, and is not below `accepted.ballot`. */
  readonly promised: Ballot;
  readonly accepted: Accepted<Value> | undefined;
}

export const NEW_ACCEPTOR: AcceptorState<never> = { promised: NO_BALLOT, accepted: undefined };

export interface AcceptorOptions {
  /** Who else hears of what is accepted. None by default: the proposer learns for all. */
  readonly learners?: readonly NodeId[];
  /** The latest ticket given out before, when one log serves several kernels. Default 0. */
  readonly ticket?: number;
}

export interface AcceptorInput<Value> {
  readonly kind: 'message';
  readonly from: NodeId;
  readonly message: AcceptorRequest<Value>;
}

export type AcceptorEffect<Value> =
  /** Make durable, in the order of tickets. Answers that name this ticket, or a later one, wait for it. */
  | { readonly kind: 'persist'; readonly ticket: number; readonly state: AcceptorState<Value> }
  | SendEffect<AcceptorAnswer<Value>>;

export class Acceptor<Value> {
  readonly #learners: readonly NodeId[];
  readonly #rules: PaxosRules;
  #state: AcceptorState<Value>;
  #ticket: number;

  /** `restart` is what the disk held. `rules` is for tests that break one. */
  constructor(
    options: AcceptorOptions = {},
    restart: AcceptorState<Value> = NEW_ACCEPTOR,
    rules: PaxosRules = new PaxosRules(),
  ) {
    this.#learners = options.learners ?? [];
    this.#ticket = options.ticket ?? 0;
    this.#state = restart;
    this.#rules = rules;
  }

  get state(): AcceptorState<Value> {
    return this.#state;
  }

  /** The latest ticket given out. */
  get ticket(): number {
    return this.#ticket;
  }

  step(input: AcceptorInput<Value>, _now: Instant, out: AcceptorEffect<Value>[]): void {
    const { from, message } = input;
    switch (message.kind) {
      case 'prepare':
        return this.#prepare(from, message.ballot, out);
      case 'accept':
        return this.#accept(from, message, out);
    }
  }

  #prepare(from: NodeId, ballot: Ballot, out: AcceptorEffect<Value>[]): void {
    const { promised, accepted } = this.#state;
    if (!this.#rules.mayPromise(promised, ballot)) return this.#reject(from, ballot, out);
    if (compareBallots(ballot, promised) !== 0) this.#become({ promised: ballot, accepted }, out);
    this.#answer(from, { kind: 'promise', ballot, accepted }, out);
  }

  #accept(from: NodeId, { ballot, value }: Accepted<Value>, out: AcceptorEffect<Value>[]): void {
    const { promised, accepted } = this.#state;
    if (!this.#rules.mayAccept(promised, ballot)) return this.#reject(from, ballot, out);
    if (accepted === undefined || !sameBallot(accepted.ballot, ballot))
      this.#become({ promised: ballot, accepted: { ballot, value } }, out);
    for (const to of new Set([from, ...this.#learners])) this.#answer(to, { kind: 'accepted', ballot, value }, out);
  }

  #become(state: AcceptorState<Value>, out: AcceptorEffect<Value>[]): void {
    this.#state = state;
    this.#ticket += 1;
    out.push({ kind: 'persist', ticket: this.#ticket, state });
  }

  #answer(to: NodeId, message: AcceptorAnswer<Value>, out: AcceptorEffect<Value>[]): void {
    // Also when nothing changed just now: what the answer speaks of may still be on its way to the disk.
    out.push({ kind: 'send', to, message, after: this.#rules.answerAfter(this.#ticket) });
  }

  #reject(to: NodeId, ballot: Ballot, out: AcceptorEffect<Value>[]): void {
    const { promised } = this.#state;
    out.push({ kind: 'send', to, message: { kind: 'rejected', ballot, promised }, after: 0 });
  }
}
