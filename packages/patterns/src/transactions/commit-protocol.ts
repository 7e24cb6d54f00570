/**
 * What the two sides of two-phase commit say and write down: presumed abort, with the read-only vote.
 *
 * Gray, "Notes on Data Base Operating Systems", 1978 (two-phase commit). Mohan, Lindsay, Obermarck, "Transaction Management in the R*
 * Distributed Database Management System", ACM TODS 11(4), 1986, section 3 (presumed abort). Bernstein, Hadzilacos, Goodman,
 * "Concurrency Control and Recovery in Database Systems", 1987, section 7.4 (the cooperative termination protocol).
 *
 *     coordinator                     participant
 *         | ------- prepare -----------> |   asks its resource
 *         |                              #   prepared, forced
 *         | <------ vote yes ----------- |   in doubt from here on
 *         #   commit, forced             |
 *         | ------- commit ------------> |
 *         |                              #   commit, forced
 *         | <------ ack ---------------- |
 *         -   end, not forced
 *
 * An abort forces nothing and is not acknowledged: a coordinator that knows nothing of a transaction answers `abort`.
 */

/** Used once, for all time. */
export type TransactionId = string;

export type Outcome = 'commit' | 'abort';

/** `read-only`: nothing was changed here, so this participant does not need to know the outcome. */
export type Vote = 'yes' | 'no' | 'read-only';

/** From the coordinator to a participant. */
export type CoordinatorMessage =
  /** `participants`: all of them, so that they can ask each other when the coordinator is silent. */
  | { readonly kind: 'prepare'; readonly transaction: TransactionId; readonly participants: readonly string[] }
  | { readonly kind: Outcome; readonly transaction: TransactionId };

/** From a participant to the coordinator, or, `inquiry` and `answer`, to another participant. */
export type ParticipantMessage =
  | { readonly kind: 'vote'; readonly transaction: TransactionId; readonly vote: Vote }
  | { readonly kind: 'ack'; readonly transaction: TransactionId }
  /** In doubt: what has become of it? The coordinator answers `commit` or `abort`, or, undecided, not at all. */
  | { readonly kind: 'inquiry'; readonly transaction: TransactionId }
  /** To a participant that inquired. `in-doubt`: so am I. `unknown`: I have voted read-only, or have forgotten. */
  | {
      readonly kind: 'answer';
      readonly transaction: TransactionId;
      readonly outcome: Outcome | 'in-doubt' | 'unknown';
    };

/** What a coordinator writes to its log. There is none of an aborted transaction that needs to be found again. */
export type CoordinatorRecord =
  /** Forced. `participants`: those that voted yes, and have to acknowledge. */
  | { readonly kind: 'commit'; readonly transaction: TransactionId; readonly participants: readonly string[] }
  /** Not forced, and read by nobody but people. */
  | { readonly kind: 'abort'; readonly transaction: TransactionId }
  /** Not forced. What precedes it of its transaction may go from the log. */
  | { readonly kind: 'end'; readonly transaction: TransactionId };

/** What a participant writes to its log. `W`: what its resource needs to commit after a crash (redo, locks). */
export type ParticipantRecord<W> =
  /** Forced before the vote is sent. */
  | {
      readonly kind: 'prepared';
      readonly transaction: TransactionId;
      readonly coordinator: string;
      readonly participants: readonly string[];
      readonly work: W;
    }
  /** An operator has decided, alone. Forced. */
  | { readonly kind: 'guessed'; readonly transaction: TransactionId; readonly guess: Outcome }
  /** The end. `commit` is forced before it is acknowledged, `abort` is not forced. What precedes it of its transaction may go from the log. */
  | { readonly kind: Outcome; readonly transaction: TransactionId };
