/**
 * What goes into a replica of a log and what comes out of it: the contract between the kernel (`log-replica.ts`), the driver and the codec of the wire. Data only.
 *
 * Indexes count records from 0. Ends and marks are exclusive: `end` is the index of the next record, records below the high-water mark are acknowledged.
 * The kernel never sees a record: the driver has the log, and puts the bytes of records [from, from + count) into a `records` message.
 */
import type { Instant } from '../base/index.ts';
import type { GenerationStart, LogPosition } from './generation-history.ts';
import type { ReplicationMode } from './replication-mode.ts';

export type LogMessage =
  /**
   * A follower wants records from `from` on; `latest` is the generation of its record before that (0: it has none), `mark` the high-water mark it knows. `answered`
   * is the id of the last answer it got, 0 for none; `held` as in the message of that name, undefined while that cannot be said.
   */
  | {
      readonly kind: 'fetch';
      readonly generation: number;
      readonly id: number;
      readonly from: number;
      readonly latest: number;
      readonly mark: number;
      readonly answered: number;
      readonly held: number | undefined;
    }
  /** The follower's log agrees with the leader's, on disk, up to `end`. */
  | { readonly kind: 'held'; readonly generation: number; readonly end: number }
  /**
   * `count` records (or none) from `from` on, written in generation `run`. `generationStart` is where the leader's own generation begins. What was acknowledged
   * `confirmedAgoMs` before the fetch arrived (negative: after), by whomever, is below `mark`; undefined while the leader does not know that it still leads.
   */
  | {
      readonly kind: 'records';
      readonly generation: number;
      readonly id: number;
      readonly from: number;
      readonly count: number;
      readonly run: number;
      readonly mark: number;
      readonly lowMark: number;
      readonly generationStart: number;
      readonly confirmedAgoMs: number | undefined;
    }
  /** The follower's log is not the beginning of the leader's: in that, generation `run` (the largest not above `latest`) ends at `end`. */
  | {
      readonly kind: 'diverged';
      readonly generation: number;
      readonly id: number;
      readonly run: number;
      readonly end: number;
    }
  /** The leader no longer has what the follower would need, or they have nothing in common: begin anew at `start`. */
  | { readonly kind: 'restart'; readonly generation: number; readonly id: number; readonly start: number }
  /** Promise to take part in no generation below this one, and say how far your log is. From who runs a failover. */
  | { readonly kind: 'fence'; readonly generation: number }
  /** The promise, and the log on disk: complete up to the beginning of generation `synced`, and as far as `end`. */
  | { readonly kind: 'position'; readonly generation: number; readonly synced: number; readonly end: number }
  /** You are of the past: a higher generation has been promised. */
  | { readonly kind: 'superseded'; readonly generation: number };

/** Who has every acknowledged record, as decided outside (by a consistent core): versions grow by one with each decision. */
export interface InSync {
  readonly version: number;
  readonly members: readonly string[];
}

export type LogInput =
  /** Add `count` records. Answered by `write` and later one of `acknowledged` and `unknown`, or by `refused` alone. Ids are used once. */
  | { readonly kind: 'append'; readonly id: number; readonly count: number }
  | { readonly kind: 'message'; readonly from: string; readonly message: LogMessage }
  /** This replica was chosen (`Failover`) to lead `generation`, which nobody else was, over these replicas. `inSync` in synchronous mode. */
  | {
      readonly kind: 'lead';
      readonly generation: number;
      readonly replicas: readonly string[];
      readonly inSync?: InSync;
    }
  | { readonly kind: 'follow'; readonly generation: number; readonly leader: string }
  /** Everything up to and including `ticket` is durable. */
  | { readonly kind: 'persisted'; readonly ticket: number }
  /** What was decided outside about the in-sync set: the answer to `propose-in-sync`, whether it was taken or not, or news. */
  | { readonly kind: 'in-sync'; readonly inSync: InSync }
  /** Nothing below `index` is needed here any more (retention, a snapshot, the slowest reader). */
  | { readonly kind: 'release'; readonly index: number }
  /** The log now begins at `start`, which is at most the low-water mark. */
  | { readonly kind: 'dropped'; readonly start: number }
  | { readonly kind: 'tick' };

export type AppendRefusal = 'not-leader' | 'full' | 'too-few-copies';

export type LogEffect =
  /**
   * Make durable, in the order of tickets: truncation (`end`: all records from there on go), `restartAt` (all records go, the next has that index), then the records,
   * then the promise and what the log is synced to. Answered by `persisted` once it, and all before it, is durable.
   *
   * `records` are those of the `append` or of the message that this step was given.
   */
  | {
      readonly kind: 'persist';
      readonly ticket: number;
      readonly generation: number;
      readonly synced: number;
      readonly truncateTo?: number;
      readonly restartAt?: number;
      readonly records?: { readonly first: number; readonly count: number; readonly generation: number };
    }
  /** `after`: the ticket that must be durable before this message may leave; 0 when it need not wait. */
  | { readonly kind: 'send'; readonly to: string; readonly message: LogMessage; readonly after: number }
  /** The records begin at `first`; `position` is behind the last one, for sessions. */
  | { readonly kind: 'acknowledged'; readonly id: number; readonly first: number; readonly position: LogPosition }
  /** Whether these records survive is not known: time is up, or another generation has begun. */
  | { readonly kind: 'unknown'; readonly id: number }
  | { readonly kind: 'refused'; readonly id: number; readonly why: AppendRefusal; readonly leader: string | undefined }
  /**
   * Records below `index` may be shown. Grows within a generation. Write it down now and then: a replica that starts knows no other. But not before the ticket
   * `after` is durable: until then there may be other records on disk below it.
   */
  | { readonly kind: 'high-water-mark'; readonly index: number; readonly after: number }
  /** Records below `index` may be dropped. */
  | { readonly kind: 'low-water-mark'; readonly index: number }
  /** Records that may have been shown here are gone: a failover has lost them. Never in a mode that promises otherwise, unless loss was allowed. */
  | { readonly kind: 'lost'; readonly from: number; readonly to: number }
  /** This follower is too far behind to keep records for; when it comes back it begins anew. */
  | { readonly kind: 'abandoned'; readonly replica: string }
  /** Ask outside to make these the in-sync set, if its version is still `version` − 1 and the generation in force is `generation`. */
  | {
      readonly kind: 'propose-in-sync';
      readonly generation: number;
      readonly version: number;
      readonly members: readonly string[];
    }
  | { readonly kind: 'role'; readonly role: LogRole; readonly generation: number; readonly leader: string | undefined };

/** `fenced`: has promised a generation and does not know who leads it. */
export type LogRole = 'fenced' | 'follower' | 'leader';

export interface LogReplicaOptions {
  /** A replica for all time: one that has lost its disk must come back under another name. */
  readonly self: string;
  readonly mode: ReplicationMode;
  /** Records of one answer. Default 1000. */
  readonly batchMax?: number;
  /** Records that wait to be acknowledged; more are refused as `full`. Default 10,000. */
  readonly unacknowledgedMax?: number;
  /** How long an `append` waits before its outcome is `unknown`. Default 10,000. */
  readonly appendTimeoutMs?: number;
  /** How long a leader holds back the answer to a follower that has everything. An idle log is known to be fresh up to twice as long ago. Default 500. */
  readonly waitMaxMs?: number;
  /** When a follower asks again. Above `waitMaxMs`. Default 2000. */
  readonly fetchTimeoutMs?: number;
  /** Disk writes that a follower has under way; at more it does not fetch. Default 16. */
  readonly writesMax?: number;
  /** A replica that has not caught up for so long is proposed to leave the in-sync set. Default 10,000. */
  readonly lagMaxMs?: number;
  /** Records that are kept for a follower that is behind; at more it is abandoned. Default 1,000,000. */
  readonly retainMax?: number;
}

/** What was on disk. A new replica starts without. */
export interface LogRecovery {
  readonly generation: number;
  readonly synced: number;
  /** With the generation of the last record, also when that has been dropped. */
  readonly starts: readonly GenerationStart[];
  readonly start: number;
  readonly end: number;
  /** The last one written down. */
  readonly highWaterMark: number;
}

/** A replica as others in its process see it. */
export interface LogStatus {
  readonly role: LogRole;
  readonly generation: number;
  readonly leader: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly highWaterMark: number;
  readonly lowWaterMark: number;
  /** All that was acknowledged before that instant, on the clock of this process, is below the high-water mark; undefined when nothing is known. */
  readonly freshAsOf: Instant | undefined;
}
