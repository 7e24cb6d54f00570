/**
 * The proposer: gets one value chosen, its own or one that may already have been. Lamport, "Paxos Made Simple", 2001, sections 2.2 and 2.4; quorums
 * of the two phases may differ (Howard, Malkhi, Spiegelman, "Flexible Paxos", OPODIS 2016).
 *
 *          propose            phase-1 quorum           phase-2 quorum
 *     idle ------> preparing ---------------> accepting -------------> chosen
 *                    ^  |                        |
 *               tick |  | no quorum is left      |
 *                    |  v                        |
 *                 backing-off <------------------+
 *
 * Two proposers can outbid each other forever (section 2.4); each therefore waits for a random while that doubles before it bids again. It
 * needs no leader to be safe, and with one only ever proposes.
 *
 * Pure. O(acceptors) per step.
 */
import { assert, Instant, type RandomNumber } from '../../../base/index.ts';
import type { QuorumSystem } from '../../../quorum/index.ts';
import { Backoff, type BackoffOptions } from '../../../resilience/backoff.ts';
import { type Accepted, type Ballot, type NodeId, sameBallot } from '../ballot.ts';
import { type Rounds, roundsAfterRestart, roundsBeyond, takeRound } from '../rounds.ts';
import { PaxosRules } from '../rules.ts';
import type { SendEffect } from '../send-effect.ts';
import type { AcceptorAnswer, AcceptorRequest } from './messages.ts';

export interface ProposerOptions {
  /** A proposer for all time: an id whose disk was lost is never used again. */
  readonly self: NodeId;
  readonly quorums: QuorumSystem<NodeId>;
  /** Uniform in [0, 1). */
  readonly random: RandomNumber;
  /** Without an answer, the question is repeated after so long. Default 100. */
  readonly resendMs?: number;
  /** After a ballot that was outbid. Default: full jitter, 20 ms doubling up to 2,000. */
  readonly backoff?: BackoffOptions;
  /** Rounds reserved by one write to disk. Default 1. */
  readonly roundsPerWrite?: number;
}

export type ProposerInput<Value> =
  /** The first value stands: a second while the first is under way, or after, changes nothing. */
  | { readonly kind: 'propose'; readonly value: Value }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: AcceptorAnswer<Value> }
  | { readonly kind: 'tick' };

export type ProposerEffect<Value> =
  /** Rounds up to this one may be used: make it durable, in the order of tickets. */
  | { readonly kind: 'persist'; readonly ticket: number; readonly reservedRound: number }
  | SendEffect<AcceptorRequest<Value>>
  /** Once. `value` need not be the one proposed here. */
  | { readonly kind: 'chosen'; readonly value: Value };

interface Promised<Value> {
  readonly from: NodeId;
  readonly accepted: Accepted<Value> | undefined;
}

type Phase<Value> =
  | { readonly kind: 'idle' }
  | { readonly kind: 'preparing'; readonly ballot: Ballot; readonly promises: readonly Promised<Value>[] }
  | {
      readonly kind: 'accepting';
      readonly ballot: Ballot;
      readonly value: Value;
      readonly acceptedBy: readonly NodeId[];
    }
  | { readonly kind: 'backing-off' }
  | { readonly kind: 'chosen'; readonly value: Value };

/** All that a proposer knows. Immutable; only `rounds.reserved` has to outlive a restart. */
export interface ProposerState<Value> {
  readonly rounds: Rounds;
  /** An object, so that a value may itself be undefined. */
  readonly own: { readonly value: Value } | undefined;
  readonly phase: Phase<Value>;
  /** Who has refused the ballot under way. */
  readonly refusedBy: readonly NodeId[];
  /** Ballots in a row that came to nothing. */
  readonly failures: number;
  /** How long it waited, or waits, after the latest of them; 0 before the first. */
  readonly delayMs: number;
  readonly deadline: Instant | undefined;
  /** The latest ticket given out. */
  readonly ticket: number;
}

/** The state of a proposer whose disk says that rounds up to `reservedRound` may have been used; 0 for a new one. */
export function restartedProposer(reservedRound: number): ProposerState<never> {
  const rounds = roundsAfterRestart(reservedRound);
  return {
    rounds,
    own: undefined,
    phase: { kind: 'idle' },
    refusedBy: [],
    failures: 0,
    delayMs: 0,
    deadline: undefined,
    ticket: 0,
  };
}

export class Proposer<Value> {
  readonly #options: ProposerOptions;
  readonly #backoff: Backoff;
  readonly #resendMs: number;
  readonly #roundsPerWrite: number;
  readonly #rules: PaxosRules;
  #state: ProposerState<Value>;

  /** `rules` is for tests that break one. */
  constructor(
    options: ProposerOptions,
    restart: ProposerState<Value> = restartedProposer(0),
    rules: PaxosRules = new PaxosRules(),
  ) {
    this.#options = options;
    this.#backoff = new Backoff({ baseMs: 20, capMs: 2_000, ...options.backoff });
    this.#resendMs = options.resendMs ?? 100;
    this.#roundsPerWrite = options.roundsPerWrite ?? 1;
    assert(this.#resendMs > 0, `resendMs must be above 0, got ${this.#resendMs}`);
    assert(this.#roundsPerWrite >= 1, `roundsPerWrite must be at least 1, got ${this.#roundsPerWrite}`);
    this.#rules = rules;
    this.#state = restart;
  }

  get state(): ProposerState<Value> {
    return this.#state;
  }

  /** When `tick` is next useful. */
  get deadline(): Instant | undefined {
    return this.#state.deadline;
  }

  step(input: ProposerInput<Value>, now: Instant, out: ProposerEffect<Value>[]): void {
    switch (input.kind) {
      case 'propose':
        if (this.#state.own !== undefined) return;
        this.#become({ own: { value: input.value } });
        return this.#prepare(now, out);
      case 'message':
        return this.#answered(input.from, input.message, now, out);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #answered(from: NodeId, message: AcceptorAnswer<Value>, now: Instant, out: ProposerEffect<Value>[]): void {
    const { phase } = this.#state;
    if (phase.kind !== 'preparing' && phase.kind !== 'accepting') return;
    // An answer to an earlier ballot says nothing about this one.
    if (!sameBallot(message.ballot, phase.ballot) || !this.#options.quorums.members.includes(from)) return;
    if (message.kind === 'rejected') this.#refused(from, message.promised, now);
    else if (message.kind === 'promise' && phase.kind === 'preparing')
      this.#promised(phase, { from, accepted: message.accepted }, now, out);
    else if (message.kind === 'accepted' && phase.kind === 'accepting') this.#accepted(phase, from, out);
  }

  #prepare(now: Instant, out: ProposerEffect<Value>[]): void {
    const { self } = this.#options;
    const { rounds: before, ticket: used } = this.#state;
    const rounds = takeRound(before, this.#roundsPerWrite);
    const ticket = rounds.reserved > before.reserved ? used + 1 : used;
    if (ticket > used) out.push({ kind: 'persist', ticket, reservedRound: rounds.reserved });
    this.#become({ rounds, ticket, refusedBy: [] });
    this.#ask({ kind: 'preparing', ballot: { round: rounds.last, node: self }, promises: [] }, now, out);
  }

  #promised(
    phase: Extract<Phase<Value>, { kind: 'preparing' }>,
    promise: Promised<Value>,
    now: Instant,
    out: ProposerEffect<Value>[],
  ): void {
    if (phase.promises.some(({ from }) => from === promise.from)) return;
    const promises = [...phase.promises, promise];
    const nodes = promises.map(({ from }) => from);
    if (!this.#rules.isQuorum(this.#options.quorums, 'read', nodes))
      return this.#become({ phase: { ...phase, promises } });
    const told = promises.flatMap(({ accepted }) => (accepted === undefined ? [] : [accepted]));
    const { value } = this.#rules.binding(told) ?? this.#state.own!;
    const { ballot } = phase;
    this.#ask({ kind: 'accepting', ballot, value, acceptedBy: [] }, now, out);
  }

  #accepted(phase: Extract<Phase<Value>, { kind: 'accepting' }>, from: NodeId, out: ProposerEffect<Value>[]): void {
    if (phase.acceptedBy.includes(from)) return;
    const acceptedBy = [...phase.acceptedBy, from];
    if (!this.#rules.isQuorum(this.#options.quorums, 'write', acceptedBy))
      return this.#become({ phase: { ...phase, acceptedBy } });
    const { value } = phase;
    this.#become({ phase: { kind: 'chosen', value }, deadline: undefined });
    out.push({ kind: 'chosen', value });
  }

  #refused(from: NodeId, promised: Ballot, now: Instant): void {
    const { rounds, phase } = this.#state;
    const refusedBy = [...new Set([...this.#state.refusedBy, from])];
    this.#become({ rounds: roundsBeyond(rounds, promised.round), refusedBy });
    const { quorums } = this.#options;
    const kind = phase.kind === 'preparing' ? 'read' : 'write';
    // One who refuses does not matter while the others suffice: whoever outbid us may be gone.
    if (!quorums.isQuorum(kind, (member) => !refusedBy.includes(member))) this.#backOff(now);
  }

  #backOff(now: Instant): void {
    const failures = this.#state.failures + 1;
    const delayMs = this.#backoff.delayMs(failures, this.#state.delayMs, this.#options.random);
    this.#become({ phase: { kind: 'backing-off' }, failures, delayMs, deadline: Instant.add(now, delayMs) });
  }

  #tick(now: Instant, out: ProposerEffect<Value>[]): void {
    const { deadline, phase, refusedBy } = this.#state;
    if (deadline === undefined || now < deadline) return;
    if (phase.kind !== 'preparing' && phase.kind !== 'accepting') return this.#prepare(now, out);
    // The rest would have answered by now: only a higher ballot helps.
    if (refusedBy.length > 0) return this.#backOff(now);
    this.#ask(phase, now, out);
  }

  /** Asks whoever has not answered under the ballot under way. */
  #ask(
    phase: Extract<Phase<Value>, { kind: 'preparing' | 'accepting' }>,
    now: Instant,
    out: ProposerEffect<Value>[],
  ): void {
    this.#become({ phase, deadline: Instant.add(now, this.#resendMs) });
    const { ticket } = this.#state;
    const { ballot } = phase;
    const answered = phase.kind === 'preparing' ? phase.promises.map(({ from }) => from) : phase.acceptedBy;
    const message: AcceptorRequest<Value> =
      phase.kind === 'preparing' ? { kind: 'prepare', ballot } : { kind: 'accept', ballot, value: phase.value };
    for (const to of this.#options.quorums.members)
      if (!answered.includes(to)) out.push({ kind: 'send', to, message, after: ticket });
  }

  #become(change: Partial<ProposerState<Value>>): void {
    this.#state = { ...this.#state, ...change };
  }
}
