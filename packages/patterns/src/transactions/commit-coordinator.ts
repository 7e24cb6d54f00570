/**
 * The coordinator of two-phase commit with presumed abort. Protocol, messages and records: `commit-protocol.ts`. Mohan, Lindsay, Obermarck 1986, section 3.
 *
 *               commit             all have voted, one yes           recorded
 *     (unknown) ------> collecting ----------------------> recording --------> committed --all acks--> (unknown)
 *         ^                 |  a no, abort, votesMs                              | ^
 *         +-----------------+                                            retryMs +-+
 *         +-----------------+  all read-only, and no updates of its own
 *
 * What is not known here has aborted, or has committed everywhere: so the answer to whoever still asks is `abort`. That answer is only true when
 * everything that was decided is known here. Hence:
 * 1. After a start nothing is answered before `recover`, with all records of the log.
 * 2. While a commit is being recorded it may be decided already: it is not aborted any more, and nobody is answered.
 * 3. Where the log is replicated (`decision-register.ts`), a coordinator recovers only after the log has taken it for the newest, confirms that it still is
 *    before it presumes, and is told `superseded` when a record was refused because there is a newer one. From then on it says nothing until it recovers again.
 *
 * Pure: no clock, no timers. A message O(log transactions).
 */
import { assert, Instant } from '../base/index.ts';
import type {
  CoordinatorMessage,
  CoordinatorRecord,
  Outcome,
  ParticipantMessage,
  TransactionId,
  Vote,
} from './commit-protocol.ts';
import { TransactionTimers } from './transaction-timers.ts';

export interface CommitCoordinatorOptions {
  /** From `commit` on: how long votes are waited for. Then the transaction is aborted. */
  readonly votesMs: number;
  /** How often `prepare` and `commit` are sent again to those that are silent. */
  readonly retryMs: number;
  /** Transactions known at once; beyond, `commit` is refused. Default 10,000. */
  readonly transactionsMax?: number;
}

export type CommitCoordinatorInput =
  /** All that the log holds, oldest first; the first input after a start, and after `superseded`. */
  | { readonly kind: 'recover'; readonly records: Iterable<CoordinatorRecord> }
  /** Try to commit. `hasUpdates`: the coordinator's own node has changes that depend on the outcome. */
  | {
      readonly kind: 'commit';
      readonly transaction: TransactionId;
      readonly participants: readonly string[];
      readonly hasUpdates: boolean;
    }
  /** Give up, if it is not too late: while it collects votes, or before `commit` was asked for; otherwise nothing happens. */
  | { readonly kind: 'abort'; readonly transaction: TransactionId; readonly participants: readonly string[] }
  /** The record with this ticket is durable, and all before it. */
  | { readonly kind: 'recorded'; readonly ticket: number }
  | { readonly kind: 'superseded' }
  | { readonly kind: 'message'; readonly from: string; readonly message: ParticipantMessage }
  | { readonly kind: 'tick' };

export type CommitCoordinatorEffect =
  /** Append to the log. Forced: say `recorded` once it is durable. Not forced: whenever the log is written next. */
  | {
      readonly kind: 'record';
      readonly ticket: number;
      readonly forced: boolean;
      readonly record: CoordinatorRecord;
    }
  | { readonly kind: 'send'; readonly to: string; readonly message: CoordinatorMessage }
  /**
   * Nothing is known of it: send `abort`. Where another coordinator can take over this one's log, confirm first that none has, after
   * the message came that led to this (a barrier through the log): a newer one may know more.
   */
  | { readonly kind: 'presume'; readonly to: string; readonly transaction: TransactionId }
  /** For good. Said once for each `commit`, unless there is a crash or `superseded` before: then the log knows. */
  | { readonly kind: 'outcome'; readonly transaction: TransactionId; readonly outcome: Outcome }
  /** Nothing was done. `full`: too many at once, try again. `away`: this coordinator has not recovered, or is superseded. */
  | { readonly kind: 'refused'; readonly transaction: TransactionId; readonly why: 'full' | 'away' };

interface Collecting {
  readonly phase: 'collecting';
  readonly participants: readonly string[];
  readonly hasUpdates: boolean;
  readonly votes: ReadonlyMap<string, Vote>;
  readonly votesUntil: Instant;
}
interface Recording {
  readonly phase: 'recording';
  readonly ticket: number;
  readonly participants: readonly string[];
}
interface Committed {
  readonly phase: 'committed';
  /** Never empty. */
  readonly waitsFor: ReadonlySet<string>;
}
/** One transaction as its coordinator sees it. */
export type CoordinatedTransaction = Collecting | Recording | Committed;

export class CommitCoordinator {
  readonly #options: CommitCoordinatorOptions;
  readonly #transactionsMax: number;
  readonly #transactions = new Map<TransactionId, CoordinatedTransaction>();
  readonly #timers = new TransactionTimers();
  /** Transactions whose commit is being recorded, by ascending ticket. */
  readonly #recording = new Map<number, TransactionId>();
  #isAway = true;
  #ticket = 0;

  constructor(options: CommitCoordinatorOptions) {
    assert(options.votesMs > 0, `votesMs must be > 0, not ${options.votesMs}`);
    assert(options.retryMs > 0, `retryMs must be > 0, not ${options.retryMs}`);
    this.#options = options;
    this.#transactionsMax = options.transactionsMax ?? 10_000;
    assert(this.#transactionsMax >= 1, `transactionsMax must be >= 1, not ${this.#transactionsMax}`);
  }

  /** Not recovered yet, or superseded. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Those that are known: what has ended is not. For operators and tests. */
  get transactions(): ReadonlyMap<TransactionId, CoordinatedTransaction> {
    return this.#transactions;
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    return this.#timers.deadline;
  }

  /** What the log may be shortened to: recovering from these is recovering from all that was recorded and is durable. */
  checkpoint(): CoordinatorRecord[] {
    const records: CoordinatorRecord[] = [];
    for (const [transaction, state] of this.#transactions)
      if (state.phase === 'committed') records.push({ kind: 'commit', transaction, participants: [...state.waitsFor] });
    return records;
  }

  step(input: CommitCoordinatorInput, now: Instant, out: CommitCoordinatorEffect[]): void {
    switch (input.kind) {
      case 'recover':
        return this.#recover(input.records, now, out);
      case 'commit':
        return this.#commit(input.transaction, input.participants, input.hasUpdates, now, out);
      case 'abort':
        return this.#giveUp(input.transaction, input.participants, out);
      case 'recorded':
        return this.#recorded(input.ticket, now, out);
      case 'superseded':
        return this.#leave();
      case 'message':
        if (!this.#isAway) this.#message(input.from, input.message, out);
        return;
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #leave(): void {
    this.#isAway = true;
    this.#transactions.clear();
    this.#recording.clear();
    this.#timers.clear();
  }

  #recover(records: Iterable<CoordinatorRecord>, now: Instant, out: CommitCoordinatorEffect[]): void {
    this.#leave();
    this.#isAway = false;
    const open = new Map<TransactionId, readonly string[]>();
    for (const record of records) {
      if (record.kind !== 'commit') open.delete(record.transaction);
      else if (record.participants.length > 0) open.set(record.transaction, record.participants);
    }
    for (const [transaction, participants] of open) this.#announce(transaction, participants, now, out);
  }

  #commit(
    transaction: TransactionId,
    participants: readonly string[],
    hasUpdates: boolean,
    now: Instant,
    out: CommitCoordinatorEffect[],
  ): void {
    assert(!this.#transactions.has(transaction), `transaction ${transaction} is under way; ids are used once`);
    assert(new Set(participants).size === participants.length, 'a participant takes part once');
    if (this.#isAway || this.#transactions.size >= this.#transactionsMax) {
      out.push({ kind: 'refused', transaction, why: this.#isAway ? 'away' : 'full' });
      return;
    }
    const votesUntil = Instant.add(now, this.#options.votesMs);
    const state: Collecting = { phase: 'collecting', participants, hasUpdates, votes: new Map(), votesUntil };
    for (const to of participants) out.push(prepare(to, transaction, participants));
    this.#await(transaction, state, now);
    this.#decideIfAllHaveVoted(transaction, state, out);
  }

  #giveUp(transaction: TransactionId, participants: readonly string[], out: CommitCoordinatorEffect[]): void {
    const state = this.#transactions.get(transaction);
    if (this.#isAway) out.push({ kind: 'refused', transaction, why: 'away' });
    else if (state?.phase === 'collecting') this.#abort(transaction, state, out);
    else if (state === undefined) for (const to of participants) out.push(send(to, 'abort', transaction));
  }

  #message(from: string, message: ParticipantMessage, out: CommitCoordinatorEffect[]): void {
    const { transaction } = message;
    const state = this.#transactions.get(transaction);
    switch (message.kind) {
      case 'vote':
        if (state?.phase === 'collecting') this.#vote(transaction, state, from, message.vote, out);
        // It waits for an outcome, and we know of none.
        else if (state === undefined && message.vote === 'yes') out.push({ kind: 'presume', to: from, transaction });
        return;
      case 'inquiry':
        if (state === undefined) out.push({ kind: 'presume', to: from, transaction });
        else if (state.phase === 'committed') out.push(send(from, 'commit', transaction));
        return;
      case 'ack':
        if (state?.phase === 'committed') this.#acknowledged(transaction, state, from, out);
        return;
      case 'answer':
        return;
    }
  }

  #vote(transaction: TransactionId, state: Collecting, from: string, vote: Vote, out: CommitCoordinatorEffect[]): void {
    // The first counts: who has voted and forgotten answers a repeated question with no.
    if (state.votes.has(from) || !state.participants.includes(from)) return;
    const voted: Collecting = { ...state, votes: new Map(state.votes).set(from, vote) };
    this.#transactions.set(transaction, voted);
    if (vote === 'no') this.#abort(transaction, voted, out);
    else this.#decideIfAllHaveVoted(transaction, voted, out);
  }

  #decideIfAllHaveVoted(transaction: TransactionId, state: Collecting, out: CommitCoordinatorEffect[]): void {
    if (state.votes.size < state.participants.length) return;
    const participants = state.participants.filter((name) => state.votes.get(name) === 'yes');
    if (participants.length === 0 && !state.hasUpdates) {
      this.#forget(transaction);
      out.push({ kind: 'outcome', transaction, outcome: 'commit' });
      return;
    }
    const ticket = this.#record({ kind: 'commit', transaction, participants }, true, out);
    this.#recording.set(ticket, transaction);
    this.#transactions.set(transaction, { phase: 'recording', ticket, participants });
    // Nothing can be done until it is recorded, or until this coordinator is another run of it.
    this.#timers.cancel(transaction);
  }

  #recorded(ticket: number, now: Instant, out: CommitCoordinatorEffect[]): void {
    for (const [recording, transaction] of this.#recording) {
      if (recording > ticket) return;
      this.#recording.delete(recording);
      const state = this.#transactions.get(transaction);
      assert(state?.phase === 'recording', 'a transaction stays as it is while its commit is recorded');
      out.push({ kind: 'outcome', transaction, outcome: 'commit' });
      this.#announce(transaction, state.participants, now, out);
    }
  }

  #announce(
    transaction: TransactionId,
    participants: readonly string[],
    now: Instant,
    out: CommitCoordinatorEffect[],
  ): void {
    // The changes were all our own: the commit record is enough, it needs no end.
    if (participants.length === 0) return this.#forget(transaction);
    for (const to of participants) out.push(send(to, 'commit', transaction));
    this.#await(transaction, { phase: 'committed', waitsFor: new Set(participants) }, now);
  }

  #acknowledged(transaction: TransactionId, state: Committed, from: string, out: CommitCoordinatorEffect[]): void {
    const waitsFor = new Set(state.waitsFor);
    waitsFor.delete(from);
    this.#transactions.set(transaction, { phase: 'committed', waitsFor });
    if (waitsFor.size > 0) return;
    this.#record({ kind: 'end', transaction }, false, out);
    this.#forget(transaction);
  }

  /** Those that voted no, or read-only, have ended by themselves. */
  #abort(transaction: TransactionId, state: Collecting, out: CommitCoordinatorEffect[]): void {
    this.#record({ kind: 'abort', transaction }, false, out);
    for (const to of state.participants)
      if ((state.votes.get(to) ?? 'yes') === 'yes') out.push(send(to, 'abort', transaction));
    out.push({ kind: 'outcome', transaction, outcome: 'abort' });
    this.#forget(transaction);
  }

  #tick(now: Instant, out: CommitCoordinatorEffect[]): void {
    for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) {
      const state = this.#transactions.get(due);
      if (state?.phase === 'committed') {
        for (const to of state.waitsFor) out.push(send(to, 'commit', due));
        this.#await(due, state, now);
      } else if (state?.phase === 'collecting') this.#ask(due, state, now, out);
    }
  }

  #ask(transaction: TransactionId, state: Collecting, now: Instant, out: CommitCoordinatorEffect[]): void {
    if (now >= state.votesUntil) return this.#abort(transaction, state, out);
    const { participants, votes } = state;
    for (const to of participants) if (!votes.has(to)) out.push(prepare(to, transaction, participants));
    this.#await(transaction, state, now);
  }

  #await(transaction: TransactionId, state: Collecting | Committed, now: Instant): void {
    this.#transactions.set(transaction, state);
    const retryAt = Instant.add(now, this.#options.retryMs);
    this.#timers.set(
      transaction,
      state.phase === 'collecting' ? Instant.of(Math.min(retryAt, state.votesUntil)) : retryAt,
    );
  }

  #forget(transaction: TransactionId): void {
    this.#transactions.delete(transaction);
    this.#timers.cancel(transaction);
  }

  #record(record: CoordinatorRecord, forced: boolean, out: CommitCoordinatorEffect[]): number {
    this.#ticket += 1;
    out.push({ kind: 'record', ticket: this.#ticket, forced, record });
    return this.#ticket;
  }
}

function prepare(to: string, transaction: TransactionId, participants: readonly string[]): CommitCoordinatorEffect {
  return { kind: 'send', to, message: { kind: 'prepare', transaction, participants } };
}

function send(to: string, kind: Outcome, transaction: TransactionId): CommitCoordinatorEffect {
  return { kind: 'send', to, message: { kind, transaction } };
}
