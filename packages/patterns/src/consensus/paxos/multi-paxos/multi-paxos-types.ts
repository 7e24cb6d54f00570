/** What goes into a replica and what comes out of it: the contract between the kernel and its driver. Data only. */
import type { Instant, RandomNumber } from '../../../base/index.ts';
import type { QuorumSystem } from '../../../quorum/index.ts';
import type { BackoffOptions } from '../../../resilience/backoff.ts';
import type { Ballot, NodeId } from '../ballot.ts';
import type { Rounds } from '../rounds.ts';
import type { SendEffect } from '../send-effect.ts';
import type { Entry, MultiPaxosMessage, SlotEntry } from './messages.ts';

export interface MultiPaxosOptions {
  /** A replica for all time: an id whose disk was lost is never used again. */
  readonly self: NodeId;
  /** Its members accept and stand for election. */
  readonly quorums: QuorumSystem<NodeId>;
  /** Who is told what is chosen besides. None by default. */
  readonly learners?: readonly NodeId[];
  /** Uniform in [0, 1). */
  readonly random: RandomNumber;
  /** A replica stands after a silence drawn evenly from [electionTimeoutMs, 2 × electionTimeoutMs). Default 300. */
  readonly electionTimeoutMs?: number;
  /** Default 60. */
  readonly heartbeatIntervalMs?: number;
  /** Without an answer, the question is repeated after so long. Default 120. */
  readonly resendMs?: number;
  /** So long after it heard its leader an acceptor does not listen to rivals: a node that comes back must not disturb. Default electionTimeoutMs. */
  readonly loyaltyMs?: number;
  /** After a candidacy that failed. Default: full jitter, electionTimeoutMs doubling up to eight of them. */
  readonly backoff?: BackoffOptions;
  /** Slots in which the leader proposes at the same time; one more is refused with `window-full`. Default 64. */
  readonly windowMax?: number;
  /** How far beyond what it knows to be chosen an acceptor accepts; it asks for the rest instead. At least `windowMax`. Default 256. */
  readonly aheadMax?: number;
  /** Entries in one `learned` message. Default 256. */
  readonly learnMax?: number;
  /** Slots held in memory; at the end the leader refuses with `log-full` until `compact`. Default 100,000. */
  readonly slotsMax?: number;
  /** Rounds reserved by one write to disk. Default 1. */
  readonly roundsPerWrite?: number;
}

export type MultiPaxosInput<Value> =
  /** Answered by one `done` or `failed` with this `id`. */
  | { readonly kind: 'propose'; readonly id: number; readonly value: Value }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: MultiPaxosMessage<Value> }
  /** A snapshot of the state machine with all slots up to this one is durable here: they may be forgotten. */
  | { readonly kind: 'compact'; readonly through: number }
  /** A snapshot of another's state machine with all slots up to this one is durable here, and has been taken over. */
  | { readonly kind: 'install'; readonly through: number }
  /** Stand for election now (operators, tests, a first start). */
  | { readonly kind: 'campaign' }
  | { readonly kind: 'tick' };

export type MultiPaxosRole = 'follower' | 'candidate' | 'leader';

/** `leader-lost`: the value may have been chosen, or yet be; the others say that it was not, here. */
export type MultiPaxosFailure = 'not-leader' | 'window-full' | 'log-full' | 'leader-lost';

export type MultiPaxosEffect<Value> =
  /**
   * Make durable, in the order of tickets: the record, and these slots, replacing what they held. Slots below `record.first` may be removed. All slots
   * up to `record.chosen` that are written are chosen.
   */
  | {
      readonly kind: 'persist';
      readonly ticket: number;
      readonly record: MultiPaxosRecord;
      readonly entries: readonly SlotEntry<Value>[];
    }
  /** A message to oneself is delivered like any other. */
  | SendEffect<MultiPaxosMessage<Value>>
  /** What is chosen from slot `first` on: in order, without gaps, each slot once. Feed it to the state machine. */
  | { readonly kind: 'chosen'; readonly first: number; readonly entries: readonly Entry<Value>[] }
  | { readonly kind: 'done'; readonly id: number; readonly slot: number }
  | {
      readonly kind: 'failed';
      readonly id: number;
      readonly reason: MultiPaxosFailure;
      readonly outcome: 'not-applied' | 'unknown';
      readonly leader: NodeId | undefined;
    }
  /** Slots below `first` are only in a snapshot of `from`: get it, and answer with `install`. */
  | { readonly kind: 'snapshot-needed'; readonly from: NodeId; readonly first: number }
  | { readonly kind: 'role'; readonly role: MultiPaxosRole; readonly leader: NodeId | undefined };

/** The part of what must be kept on disk that is written whole. */
export interface MultiPaxosRecord {
  readonly promised: Ballot;
  /** Rounds up to this one may have been used. */
  readonly reservedRound: number;
  /** All slots up to this one are chosen, as far as was known when it was written. */
  readonly chosen: number;
  /** The first slot that is not in a snapshot. */
  readonly first: number;
}

/** What the disk held. */
export interface MultiPaxosRestart<Value> {
  readonly record: MultiPaxosRecord;
  /** In any order, each slot once. */
  readonly entries: readonly SlotEntry<Value>[];
  /** The state machine has consumed the slots up to this one, at least `record.first - 1`; it may be ahead of the record. */
  readonly applied: number;
}

/** A candidate's phase 1. */
export interface Candidacy<Value> {
  readonly ballot: Ballot;
  /** The first slot that it did not know to be chosen when it began. */
  readonly from: number;
  readonly promises: readonly {
    readonly from: NodeId;
    readonly chosen: number;
    readonly accepted: readonly SlotEntry<Value>[];
  }[];
}

/** A slot in which the leader proposes. */
export interface InFlight<Value> {
  readonly slot: number;
  readonly entry: Entry<Value>;
  /** Of the `propose` that it comes from; undefined for what was recovered. */
  readonly id: number | undefined;
  readonly acceptedBy: readonly NodeId[];
  /** It waits for slots before it. */
  readonly isChosen: boolean;
  readonly sentAt: Instant;
}

export interface Reign<Value> {
  readonly ballot: Ballot;
  /** The next slot that is free. */
  readonly next: number;
  readonly inFlight: readonly InFlight<Value>[];
  /** Recovered, and waiting for a place in the window. */
  readonly backlog: readonly { readonly slot: number; readonly entry: Entry<Value> }[];
  readonly heartbeatAt: Instant;
  /** When each member last answered under this ballot. */
  readonly heardFrom: readonly (readonly [member: NodeId, at: Instant])[];
}

/** What is chosen up to `through` is asked for. */
export interface CatchUp {
  readonly through: number;
  readonly from: NodeId;
  readonly dueAt: Instant;
  /** Questions in vain since somebody last had some of it, or a snapshot. */
  readonly inVain: number;
}

/** All that a replica knows, as data. */
export interface MultiPaxosImage<Value> extends MultiPaxosRestart<Value> {
  readonly rounds: Rounds;
  readonly ticket: number;
  readonly leader: NodeId | undefined;
  readonly heardAt: Instant | undefined;
  /** When a follower stands, or a candidate begins again. Undefined before the first step. */
  readonly standsAt: Instant | undefined;
  readonly failures: number;
  /** The delay after the latest candidacy, should it fail; 0 before the first. */
  readonly delayMs: number;
  readonly candidacy: Candidacy<Value> | undefined;
  readonly reign: Reign<Value> | undefined;
  readonly catchUp: CatchUp | undefined;
}
