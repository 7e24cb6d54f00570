/** What goes into and comes out of `CommitParticipant`, and what it holds of a transaction. */
import type {
  CoordinatorMessage,
  Outcome,
  ParticipantMessage,
  ParticipantRecord,
  TransactionId,
} from './commit-protocol.ts';

export interface CommitParticipantOptions {
  readonly self: string;
  /** How long a transaction may be active without being asked to prepare; then it is aborted. */
  readonly activeMs: number;
  /** In doubt: how often to ask. */
  readonly inquiryMs: number;
  /** Transactions that have not ended; beyond, `enlist` is refused. Default 10,000. */
  readonly transactionsMax?: number;
  /** Outcomes kept for others that ask; the oldest is forgotten, and they wait for the coordinator. Default 10,000. */
  readonly endedMax?: number;
}

export type CommitParticipantInput<W> =
  /** All that the log holds, oldest first; the first input after a start. */
  | { readonly kind: 'recover'; readonly records: Iterable<ParticipantRecord<W>> }
  /** The resource has begun to work for this transaction. */
  | { readonly kind: 'enlist'; readonly transaction: TransactionId; readonly coordinator: string }
  /** The resource gives up, before it has voted. */
  | { readonly kind: 'abort'; readonly transaction: TransactionId }
  /** The resource's answer to `prepare`. After yes it can commit and undo, whatever happens to it, given `work`. */
  | { readonly kind: 'voted'; readonly transaction: TransactionId; readonly vote: 'yes'; readonly work: W }
  | { readonly kind: 'voted'; readonly transaction: TransactionId; readonly vote: 'no' | 'read-only' }
  /** The record with this ticket is durable, and all before it. */
  | { readonly kind: 'recorded'; readonly ticket: number }
  /** An operator ends a transaction that is in doubt: a guess. */
  | { readonly kind: 'decide'; readonly transaction: TransactionId; readonly outcome: Outcome }
  | {
      readonly kind: 'message';
      readonly from: string;
      readonly message: CoordinatorMessage | ParticipantMessage;
    }
  | { readonly kind: 'tick' };

export type CommitParticipantEffect<W> =
  /** Append to the log. Forced: say `recorded` once it is durable. Not forced: whenever the log is written next. */
  | {
      readonly kind: 'record';
      readonly ticket: number;
      readonly forced: boolean;
      readonly record: ParticipantRecord<W>;
    }
  | { readonly kind: 'send'; readonly to: string; readonly message: ParticipantMessage }
  /** To the resource: be ready for either outcome and say `voted`. */
  | { readonly kind: 'prepare'; readonly transaction: TransactionId }
  /** To the resource, after a restart: hold the locks of this again. Its outcome comes later. */
  | { readonly kind: 'hold'; readonly transaction: TransactionId; readonly work: W }
  /** To the resource. After a restart it may come again: the resource carries it out once. `work`: of what was prepared. */
  | { readonly kind: Outcome; readonly transaction: TransactionId; readonly work: W | undefined }
  /** Nothing was done: too many at once, or the participant has not recovered. */
  | { readonly kind: 'refused'; readonly transaction: TransactionId }
  /** An operator decided otherwise than all others. People have to repair it. */
  | { readonly kind: 'conflict'; readonly transaction: TransactionId; readonly here: Outcome; readonly there: Outcome };

interface Active {
  readonly phase: 'active';
  readonly coordinator: string;
}
interface Preparing {
  readonly phase: 'preparing';
  readonly coordinator: string;
  readonly participants: readonly string[];
}
/** `recording`: the prepared record is not durable yet, so the vote has not been sent. `committing`: nor is the commit record. */
export interface Prepared<W> {
  readonly phase: 'recording' | 'in-doubt' | 'committing';
  readonly coordinator: string;
  readonly participants: readonly string[];
  readonly work: W;
  /** The coordinator was asked, and has not answered. */
  readonly hasAsked: boolean;
}
/**
 * An operator has decided; the true outcome is still asked for. `guessing`: the record of the guess is not durable yet. `settling`: the true outcome is
 * commit, and the record of that is not durable yet.
 */
export interface Guessed<W> {
  readonly phase: 'guessing' | 'guessed' | 'settling';
  readonly guess: Outcome;
  readonly coordinator: string;
  readonly participants: readonly string[];
  readonly work: W;
  readonly hasAsked: boolean;
}
/** One transaction that has not ended, as a participant sees it. */
export type ParticipatedTransaction<W> = Active | Preparing | Prepared<W> | Guessed<W>;

/** `read-only`: it voted so, and does not know the outcome. */
export type EndedTransaction = Outcome | 'read-only';
