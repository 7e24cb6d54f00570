/** What goes into a proposer of registers and what comes out: the contract between the kernel and its driver. Data only. */
import type { Instant, RandomNumber } from '../../../base/index.ts';
import type { BackoffOptions } from '../../../resilience/backoff.ts';
import type { Accepted, Ballot, NodeId } from '../ballot.ts';
import type { Rounds } from '../rounds.ts';
import type { SendEffect } from '../send-effect.ts';
import type { RegisterConfiguration } from './configuration.ts';
import type { Held } from './held.ts';
import type {
  CollectorAnswer,
  CollectorRequest,
  ConfigureAnswer,
  ConfigureRequest,
  RegisterAnswer,
  RegisterRequest,
} from './messages.ts';

export interface RegisterProposerOptions {
  /** A proposer for all time: an id whose disk was lost is never used again. */
  readonly self: NodeId;
  /** Uniform in [0, 1). */
  readonly random: RandomNumber;
  /** Without an answer, the question is repeated after so long. Default 100. */
  readonly resendMs?: number;
  /** A change that has not ended by then fails. Default 5,000. */
  readonly changeMs?: number;
  /** After a ballot that was outbid. Default: full jitter, 10 ms doubling up to 1,000. */
  readonly backoff?: BackoffOptions;
  /** Ballots that a change may use up. Default 50. */
  readonly attemptsMax?: number;
  /** Whether the next ballot is promised with each acceptance, so that the next change of a register here takes one round trip. Default true. */
  readonly oneRoundTrip?: boolean;
  /** Registers of which the next ballot is remembered; the oldest makes room. Default 10,000. */
  readonly readyMax?: number;
  /** Changes and reads under way and waiting; one more fails with `busy`. Default 10,000. */
  readonly changesMax?: number;
  /** Rounds reserved by one write to disk. Default 1,000. */
  readonly roundsPerWrite?: number;
}

export type RegisterProposerInput<Value> =
  /** Applies a function to a register: the function is asked for by `apply`. Answered by `changed` or `failed` with this `id`, which is the driver's and unique, also among those of before a restart. */
  | { readonly kind: 'change'; readonly id: number; readonly key: string }
  /** What the function made of `current` of the `apply` with this `id`, `key` and `round`. Undefined deletes. */
  | {
      readonly kind: 'applied';
      readonly id: number;
      readonly key: string;
      readonly round: number;
      readonly next: Value | undefined;
    }
  /**
   * Changes nothing (x → x) but has what it finds accepted by a quorum, or by all acceptors. Answered like `change`; with `everywhere` it fails while
   * any acceptor is away.
   */
  | { readonly kind: 'identity'; readonly id: number; readonly key: string; readonly reach: Reach }
  /** One round trip and no write when nobody is changing the register, otherwise an `identity`. Answered by `value` or `failed`. */
  | { readonly kind: 'read'; readonly id: number; readonly key: string }
  | {
      readonly kind: 'message';
      readonly from: NodeId;
      readonly message:
        | RegisterAnswer<Value>
        | Extract<CollectorRequest, { readonly kind: 'outdate' }>
        | ConfigureRequest;
    }
  | { readonly kind: 'tick' };

export type Reach = 'quorum' | 'everywhere';

/** Why a change or a read failed: too many others at it; not enough acceptors answered; its register was deleted meanwhile; no room at acceptors; none here. */
export type RegisterFailure = 'contended' | 'timed-out' | 'deleted' | 'full' | 'busy';

export type RegisterProposerEffect<Value> =
  /** Make durable, in the order of tickets. */
  | { readonly kind: 'persist'; readonly ticket: number; readonly record: RegisterProposerRecord }
  | SendEffect<RegisterRequest<Value> | CollectorAnswer | ConfigureAnswer>
  /** Answer with `applied`. May be asked again, with another `round`: the function must depend on `current` alone. */
  | {
      readonly kind: 'apply';
      readonly id: number;
      readonly round: number;
      readonly key: string;
      readonly current: Value | undefined;
    }
  /** The register held `value` from `ballot` on: after an `identity` it does, after a `change` others may have gone on since. */
  | { readonly kind: 'changed'; readonly id: number; readonly value: Value | undefined; readonly ballot: Ballot }
  | { readonly kind: 'value'; readonly id: number; readonly value: Value | undefined }
  /** `unknown`: the change may have happened, and may even happen later. */
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly reason: RegisterFailure;
      readonly outcome: 'not-applied' | 'unknown';
    };

/** What a proposer must keep on disk. */
export interface RegisterProposerRecord {
  /** Rounds up to this one may have been used; 0 for a new proposer. */
  readonly reservedRound: number;
  /** 0 for a new proposer. */
  readonly age: number;
  readonly configuration: RegisterConfiguration;
}

export interface Promised<Value> {
  readonly from: NodeId;
  readonly accepted: Accepted<Held<Value>> | undefined;
}

/** A ballot and the age at which it was begun: every message of a ballot bears the one age. */
export interface Attempt {
  readonly ballot: Ballot;
  readonly age: number;
}

export type ChangePhase<Value> =
  /** Until `dueAt`. */
  | { readonly kind: 'backing-off' }
  | (Attempt & { readonly kind: 'preparing'; readonly promises: readonly Promised<Value>[] })
  | (Attempt & { readonly kind: 'applying'; readonly before: Held<Value> | undefined })
  | (Attempt & {
      readonly kind: 'accepting';
      readonly held: Held<Value>;
      /** What the change will have done once this is chosen. */
      readonly result: Proposed<Value>;
      readonly next: Ballot | undefined;
      readonly acceptedBy: readonly NodeId[];
    });

/** A value and the ballot that brought it. */
export interface Proposed<Value> {
  readonly ballot: Ballot;
  readonly value: Value | undefined;
}

/** A change under way. Immutable. */
export interface Change<Value> {
  readonly id: number;
  readonly key: string;
  readonly kind: 'change' | 'identity' | 'read';
  readonly reach: Reach;
  readonly phase: ChangePhase<Value>;
  /** What this change was sent to acceptors as: any of it may have been accepted. At most `attemptsMax`. */
  readonly proposals: readonly Proposed<Value>[];
  readonly refusedBy: readonly NodeId[];
  /** Ballots that came to nothing. */
  readonly failures: number;
  /** How long it waited, or waits, after the latest of them; 0 before the first. */
  readonly delayMs: number;
  /** When the question is repeated, or the next ballot begins. */
  readonly dueAt: Instant;
  readonly giveUpAt: Instant;
}

/** What is wanted of a register, before it is begun. */
export type Wanted = Pick<Change<never>, 'id' | 'key' | 'kind' | 'reach' | 'giveUpAt'>;

/** A register of which the next ballot is promised already, and what was accepted with that promise. */
export interface Ready<Value> {
  readonly key: string;
  readonly accepted: Accepted<Held<Value>>;
  readonly next: Ballot;
  readonly age: number;
}

/** A read that asks without a promise. */
export interface Query<Value> {
  readonly id: number;
  readonly key: string;
  readonly answers: readonly Promised<Value>[];
  readonly dueAt: Instant;
  readonly giveUpAt: Instant;
}

/** All that a proposer knows, as data. */
export interface RegisterProposerImage<Value> {
  readonly record: RegisterProposerRecord;
  readonly rounds: Rounds;
  readonly ticket: number;
  readonly changes: readonly Change<Value>[];
  readonly waiting: readonly Wanted[];
  readonly ready: readonly Ready<Value>[];
  readonly queries: readonly Query<Value>[];
  /** The collection that made the proposer as old as it is. */
  readonly outdatedBy: string | undefined;
}
