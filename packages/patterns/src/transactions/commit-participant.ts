/**
 * A participant of two-phase commit with presumed abort: what stands in front of a resource that can prepare, commit and undo.
 * Protocol, messages and records: `commit-protocol.ts`.
 *
 *              enlist            prepare              voted yes              recorded: the vote goes out
 *     (unknown) ----> active ------------> preparing -----------> recording ----------------> in doubt <--+
 *                       | abort, activeMs      | no, read-only        | abort                  |  |  |    | inquiryMs:
 *                       v                      v                      v                  abort |  |  +----+ ask
 *                     ended <------------------------------------------------------------------+  | commit
 *                       ^                                                                         v
 *                       +------------------------------ recorded: ack -------------------- committing
 *
 * Until its vote is on its way a participant may abort alone. From then on it is in doubt: only the coordinator knows, or another participant.
 * It asks the coordinator first, and when that is silent all others too (cooperative termination, Bernstein, Hadzilacos, Goodman
 * 1987, section 7.4): one that has ended tells how; one that has not voted yet aborts, and says so. If all that can be reached are in doubt it
 * stays so, with its locks: no protocol can do better (ibid., section 7.3, on blocking). An operator may end it with
 * `decide`; it goes on asking, and says `conflict` when that was wrong.
 *
 * A crash forgets what is not prepared, so that a later `prepare` finds nothing, and is answered with no. What was begun must therefore not be begun
 * again under the same id.
 *
 * Pure: no clock, no timers. A message O(log transactions).
 */
import { assert, Instant } from '../base/index.ts';
import type {
  CommitParticipantEffect,
  CommitParticipantInput,
  CommitParticipantOptions,
  EndedTransaction,
  Guessed,
  ParticipatedTransaction,
  Prepared,
} from './commit-participant-types.ts';
import type {
  CoordinatorMessage,
  Outcome,
  ParticipantMessage,
  ParticipantRecord,
  TransactionId,
  Vote,
} from './commit-protocol.ts';
import { EndedTransactions } from './ended-transactions.ts';
import { TransactionTimers } from './transaction-timers.ts';

type Out<W> = CommitParticipantEffect<W>[];

export class CommitParticipant<W> {
  readonly #options: CommitParticipantOptions;
  readonly #transactionsMax: number;
  readonly #transactions = new Map<TransactionId, ParticipatedTransaction<W>>();
  readonly #ended: EndedTransactions;
  readonly #timers = new TransactionTimers();
  /** What waits for its record, by ascending ticket. */
  readonly #awaited = new Map<number, TransactionId>();
  #hasRecovered = false;
  #ticket = 0;

  constructor(options: CommitParticipantOptions) {
    assert(options.activeMs > 0, `activeMs must be > 0, not ${options.activeMs}`);
    assert(options.inquiryMs > 0, `inquiryMs must be > 0, not ${options.inquiryMs}`);
    this.#options = options;
    this.#transactionsMax = options.transactionsMax ?? 10_000;
    assert(this.#transactionsMax >= 1, `transactionsMax must be >= 1, not ${this.#transactionsMax}`);
    this.#ended = new EndedTransactions(options.endedMax ?? 10_000);
  }

  /** Those that have not ended. For operators and tests. */
  get transactions(): ReadonlyMap<TransactionId, ParticipatedTransaction<W>> {
    return this.#transactions;
  }

  /** How a transaction ended, as long as it is remembered. */
  ended(transaction: TransactionId): EndedTransaction | undefined {
    return this.#ended.get(transaction);
  }

  /** When `tick` is next worth calling, or undefined when nothing is pending. */
  get deadline(): Instant | undefined {
    return this.#timers.deadline;
  }

  /**
   * What the log may be shortened to once it is durable up to its end, and the resource has made durable what it was told: recovering from
   * these is recovering from the whole log.
   */
  checkpoint(): ParticipantRecord<W>[] {
    const records: ParticipantRecord<W>[] = this.#ended.records();
    for (const [transaction, state] of this.#transactions) {
      if (state.phase === 'active' || state.phase === 'preparing') continue;
      const { coordinator, participants, work } = state;
      records.push({ kind: 'prepared', transaction, coordinator, participants, work });
      if (state.phase === 'committing') records.push({ kind: 'commit', transaction });
      else if ('guess' in state) records.push({ kind: 'guessed', transaction, guess: state.guess });
    }
    return records;
  }

  step(input: CommitParticipantInput<W>, now: Instant, out: Out<W>): void {
    if (input.kind !== 'recover' && !this.#hasRecovered) {
      if (input.kind === 'enlist') out.push({ kind: 'refused', transaction: input.transaction });
      return;
    }
    switch (input.kind) {
      case 'recover':
        return this.#recover(input.records, now, out);
      case 'enlist':
        return this.#enlist(input.transaction, input.coordinator, now, out);
      case 'abort':
        return this.#abortAlone(input.transaction, out);
      case 'voted':
        return this.#voted(input, out);
      case 'recorded':
        return this.#recorded(input.ticket, now, out);
      case 'decide':
        return this.#decide(input.transaction, input.outcome, out);
      case 'message':
        return this.#message(input.from, input.message, out);
      case 'tick':
        return this.#tick(now, out);
    }
  }

  #recover(records: Iterable<ParticipantRecord<W>>, now: Instant, out: Out<W>): void {
    assert(!this.#hasRecovered, 'a participant recovers once, when it starts');
    this.#hasRecovered = true;
    const open = this.#transactions;
    for (const record of records) {
      const { transaction } = record;
      const state = open.get(transaction) as Prepared<W> | Guessed<W> | undefined;
      if (record.kind === 'prepared') {
        const { coordinator, participants, work } = record;
        open.set(transaction, { phase: 'in-doubt', coordinator, participants, work, hasAsked: false });
      } else if (record.kind === 'guessed') {
        assert(
          state !== undefined,
          `transaction ${transaction} was decided without being prepared: the log lacks records`,
        );
        open.set(transaction, { ...state, phase: 'guessed', guess: record.guess });
        out.push({ kind: record.guess, transaction, work: state.work });
      } else {
        open.delete(transaction);
        this.#ended.add(transaction, record.kind);
        out.push({ kind: record.kind, transaction, work: state?.work });
      }
    }
    for (const [transaction, state] of open) {
      if (state.phase === 'in-doubt') out.push({ kind: 'hold', transaction, work: state.work });
      this.#timers.set(transaction, now);
    }
  }

  #enlist(transaction: TransactionId, coordinator: string, now: Instant, out: Out<W>): void {
    const isNew = !this.#transactions.has(transaction) && this.#ended.get(transaction) === undefined;
    assert(isNew, `transaction ${transaction} is known here; ids are used once`);
    if (this.#transactions.size >= this.#transactionsMax) {
      out.push({ kind: 'refused', transaction });
      return;
    }
    this.#transactions.set(transaction, { phase: 'active', coordinator });
    this.#timers.set(transaction, Instant.add(now, this.#options.activeMs));
  }

  #message(from: string, message: CoordinatorMessage | ParticipantMessage, out: Out<W>): void {
    const { transaction } = message;
    switch (message.kind) {
      case 'prepare':
        return this.#prepare(transaction, from, message.participants, out);
      case 'commit':
      case 'abort':
        return this.#outcome(transaction, message.kind, from, out);
      case 'inquiry':
        return this.#inquired(transaction, from, out);
      case 'answer':
        if (message.outcome === 'commit' || message.outcome === 'abort')
          this.#outcome(transaction, message.outcome, undefined, out);
        return;
      case 'vote':
      case 'ack':
        return;
    }
  }

  #prepare(transaction: TransactionId, from: string, participants: readonly string[], out: Out<W>): void {
    const state = this.#transactions.get(transaction);
    if (state === undefined) {
      // Nothing was begun here, or a crash has lost it, or it was aborted.
      out.push(vote(from, transaction, this.#ended.get(transaction) === 'read-only' ? 'read-only' : 'no'));
    } else if (state.phase === 'active') {
      this.#transactions.set(transaction, { phase: 'preparing', coordinator: state.coordinator, participants });
      this.#timers.cancel(transaction);
      out.push({ kind: 'prepare', transaction });
    } else if (state.phase === 'in-doubt' || state.phase === 'guessed') out.push(vote(from, transaction, 'yes'));
  }

  #voted(input: CommitParticipantInput<W> & { readonly kind: 'voted' }, out: Out<W>): void {
    const { transaction } = input;
    const state = this.#transactions.get(transaction);
    if (state?.phase !== 'preparing') return;
    const { coordinator, participants } = state;
    if (input.vote === 'yes') {
      const { work } = input;
      this.#transactions.set(transaction, { phase: 'recording', coordinator, participants, work, hasAsked: false });
      this.#await({ kind: 'prepared', transaction, coordinator, participants, work }, out);
      return;
    }
    if (input.vote === 'no') this.#abort(transaction, out);
    else this.#end(transaction, 'read-only');
    out.push(vote(coordinator, transaction, input.vote));
  }

  /** `coordinator` is undefined when another participant told. */
  #outcome(transaction: TransactionId, outcome: Outcome, coordinator: string | undefined, out: Out<W>): void {
    const state = this.#transactions.get(transaction);
    switch (state?.phase) {
      case undefined:
        // Committed here before: the acknowledgement was lost.
        if (outcome === 'commit' && coordinator !== undefined) out.push(ack(coordinator, transaction));
        return;
      case 'active':
      case 'preparing':
      case 'recording':
        // Without this vote nobody commits.
        if (outcome === 'abort') this.#abort(transaction, out);
        return;
      case 'in-doubt':
        if (outcome === 'abort') this.#abort(transaction, out);
        else this.#move(transaction, { ...state, phase: 'committing' }, { kind: 'commit', transaction }, out);
        return;
      case 'guessed':
        if (outcome !== state.guess) out.push({ kind: 'conflict', transaction, here: state.guess, there: outcome });
        if (outcome === 'commit')
          return this.#move(transaction, { ...state, phase: 'settling' }, { kind: 'commit', transaction }, out);
        this.#record({ kind: 'abort', transaction }, false, out);
        return this.#end(transaction, 'abort');
      case 'committing':
      case 'guessing':
      case 'settling':
        return;
    }
  }

  #inquired(transaction: TransactionId, from: string, out: Out<W>): void {
    const phase = this.#transactions.get(transaction)?.phase;
    let outcome: Outcome | 'in-doubt' | 'unknown';
    if (phase === undefined) {
      const how = this.#ended.get(transaction);
      outcome = how === undefined || how === 'read-only' ? 'unknown' : how;
    } else if (phase === 'active' || phase === 'preparing') {
      this.#abort(transaction, out);
      outcome = 'abort';
      // `recording` too: a prepared record on its way to the disk may outlive a crash, and then the vote is yes.
    } else outcome = phase === 'committing' ? 'commit' : 'in-doubt';
    out.push({ kind: 'send', to: from, message: { kind: 'answer', transaction, outcome } });
  }

  #decide(transaction: TransactionId, guess: Outcome, out: Out<W>): void {
    const state = this.#transactions.get(transaction);
    if (state?.phase !== 'in-doubt') return;
    this.#move(transaction, { ...state, phase: 'guessing', guess }, { kind: 'guessed', transaction, guess }, out);
  }

  #recorded(ticket: number, now: Instant, out: Out<W>): void {
    for (const [awaited, transaction] of this.#awaited) {
      if (awaited > ticket) return;
      this.#awaited.delete(awaited);
      const state = this.#transactions.get(transaction);
      if (state?.phase === 'recording') {
        this.#transactions.set(transaction, { ...state, phase: 'in-doubt' });
        this.#timers.set(transaction, Instant.add(now, this.#options.inquiryMs));
        out.push(vote(state.coordinator, transaction, 'yes'));
      } else if (state?.phase === 'committing') {
        this.#end(transaction, 'commit');
        out.push({ kind: 'commit', transaction, work: state.work }, ack(state.coordinator, transaction));
      } else if (state?.phase === 'settling') {
        this.#end(transaction, 'commit');
        out.push(ack(state.coordinator, transaction));
      } else if (state?.phase === 'guessing') {
        this.#transactions.set(transaction, { ...state, phase: 'guessed' });
        this.#timers.set(transaction, Instant.add(now, this.#options.inquiryMs));
        out.push({ kind: state.guess, transaction, work: state.work });
      }
    }
  }

  #abortAlone(transaction: TransactionId, out: Out<W>): void {
    const phase = this.#transactions.get(transaction)?.phase;
    if (phase === 'active' || phase === 'preparing') this.#abort(transaction, out);
  }

  #abort(transaction: TransactionId, out: Out<W>): void {
    const state = this.#transactions.get(transaction);
    const work = state !== undefined && 'work' in state ? state.work : undefined;
    // Nothing waits for it: who finds the prepared record and not this one asks, and is told the same.
    this.#record({ kind: 'abort', transaction }, false, out);
    this.#end(transaction, 'abort');
    out.push({ kind: 'abort', transaction, work });
  }

  #end(transaction: TransactionId, how: EndedTransaction): void {
    this.#transactions.delete(transaction);
    this.#timers.cancel(transaction);
    this.#ended.add(transaction, how);
  }

  #tick(now: Instant, out: Out<W>): void {
    for (let due = this.#timers.takeDue(now); due !== undefined; due = this.#timers.takeDue(now)) {
      const state = this.#transactions.get(due);
      if (state?.phase === 'active') this.#abort(due, out);
      else if (state?.phase === 'in-doubt' || state?.phase === 'guessed') this.#ask(due, state, now, out);
    }
  }

  #ask(transaction: TransactionId, state: Prepared<W> | Guessed<W>, now: Instant, out: Out<W>): void {
    const { self, inquiryMs } = this.#options;
    const others = state.hasAsked ? state.participants.filter((name) => name !== self) : [];
    for (const to of [state.coordinator, ...others])
      out.push({ kind: 'send', to, message: { kind: 'inquiry', transaction } });
    this.#transactions.set(transaction, { ...state, hasAsked: true });
    this.#timers.set(transaction, Instant.add(now, inquiryMs));
  }

  /** To a phase that lasts until its record is durable. */
  #move(transaction: TransactionId, state: Prepared<W> | Guessed<W>, record: ParticipantRecord<W>, out: Out<W>): void {
    this.#transactions.set(transaction, state);
    this.#timers.cancel(transaction);
    this.#await(record, out);
  }

  #await(record: ParticipantRecord<W>, out: Out<W>): void {
    this.#awaited.set(this.#record(record, true, out), record.transaction);
  }

  #record(record: ParticipantRecord<W>, forced: boolean, out: Out<W>): number {
    this.#ticket += 1;
    out.push({ kind: 'record', ticket: this.#ticket, forced, record });
    return this.#ticket;
  }
}

function vote<W>(to: string, transaction: TransactionId, cast: Vote): CommitParticipantEffect<W> {
  return { kind: 'send', to, message: { kind: 'vote', transaction, vote: cast } };
}

function ack<W>(to: string, transaction: TransactionId): CommitParticipantEffect<W> {
  return { kind: 'send', to, message: { kind: 'ack', transaction } };
}
