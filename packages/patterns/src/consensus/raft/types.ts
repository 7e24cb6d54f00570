/**
 * What goes into a Raft node and what comes out of it: the contract between the kernel (`raft.ts`), the driver
 * that runs many groups over an environment, and the codec of the wire. Data only.
 */
import type { Brand } from '../../base/index.ts';

/** A member for all time: an id is never given to another node, not even to the same machine with an empty disk. */
export type NodeId = Brand<number, 'NodeId'>;
export const NodeId: { of(id: number): NodeId } = { of: (id) => id as NodeId };

/**
 * Who takes part. `outgoing` is empty except in a joint configuration (C_old,new), where a decision needs a majority
 * of `voters` and a majority of `outgoing`. A node is a learner or a voter of `voters`, never both. `learnersNext`
 * are voters of `outgoing` that become learners when the joint configuration is left.
 * All lists ascend. Ongaro and Ousterhout, "In Search of an Understandable Consensus Algorithm", section 6.
 */
export interface Configuration {
  readonly voters: readonly NodeId[];
  readonly outgoing: readonly NodeId[];
  readonly learners: readonly NodeId[];
  readonly learnersNext: readonly NodeId[];
}

export type Entry =
  | { readonly kind: 'data'; readonly index: number; readonly term: number; readonly data: Uint8Array }
  /** In force from the moment it is in the log, committed or not (section 6). */
  | {
      readonly kind: 'configuration';
      readonly index: number;
      readonly term: number;
      readonly configuration: Configuration;
    }
  /** What a new leader writes to be able to commit what earlier terms left (section 5.4.2 and 8). */
  | { readonly kind: 'empty'; readonly index: number; readonly term: number };

/** What must never be forgotten between two answers (section 5.1, "persistent state"). `vote` is undefined when none was given in `term`. */
export interface HardState {
  readonly term: number;
  readonly vote: NodeId | undefined;
}

/** Where a snapshot stands: it replaces all entries up to and including `index`. */
export interface SnapshotMark {
  readonly index: number;
  readonly term: number;
  readonly configuration: Configuration;
}

export type RaftMessage =
  /** `transfer`: the leader asked for this election, so leader stickiness does not hold against it (thesis 3.10, 4.2.3). */
  | {
      readonly kind: 'vote-request';
      readonly term: number;
      readonly preVote: boolean;
      readonly transfer: boolean;
      readonly lastIndex: number;
      readonly lastTerm: number;
    }
  | { readonly kind: 'vote-response'; readonly term: number; readonly preVote: boolean; readonly granted: boolean }
  | {
      readonly kind: 'append-request';
      readonly term: number;
      readonly prevIndex: number;
      readonly prevTerm: number;
      readonly commit: number;
      readonly entries: readonly Entry[];
    }
  /** `matchIndex`: the log agrees with the leader's, durably, up to here. */
  | { readonly kind: 'append-accepted'; readonly term: number; readonly matchIndex: number }
  /** The entry before the batch does not match. The leader may retry from the hint, which skips whole terms. */
  | {
      readonly kind: 'append-rejected';
      readonly term: number;
      readonly rejectedIndex: number;
      readonly hintIndex: number;
      readonly hintTerm: number;
    }
  /**
   * `round`: the latest read round that the answer will confirm. `quiesce`: nothing is outstanding; a follower that
   * agrees stops its election timer until something stirs.
   */
  | {
      readonly kind: 'heartbeat';
      readonly term: number;
      readonly commit: number;
      readonly round: number;
      readonly quiesce: boolean;
    }
  | { readonly kind: 'heartbeat-response'; readonly term: number; readonly round: number }
  | { readonly kind: 'timeout-now'; readonly term: number }
  /** A follower's ReadIndex (thesis 6.4): `id` is the follower's own token. */
  | { readonly kind: 'read-request'; readonly term: number; readonly id: number }
  /** `index` is undefined when the receiver was not in a position to answer: the reader asks again. */
  | { readonly kind: 'read-response'; readonly term: number; readonly id: number; readonly index: number | undefined }
  /** A damaged node asks the leader to forget what it acknowledged before (see `repair.ts`). `id` is the asker's own token. */
  | { readonly kind: 'repair-request'; readonly term: number; readonly id: number }
  /** The sender was confirmed as leader after the request, without the asker; the asker is whole again once it matches up to `index`. */
  | { readonly kind: 'repair-response'; readonly term: number; readonly id: number; readonly index: number };

export type RaftInput =
  | { readonly kind: 'tick' }
  | { readonly kind: 'message'; readonly from: NodeId; readonly message: RaftMessage }
  /** Each item becomes one data entry. The answer is one `proposed` or one `refused` effect with this `id`. */
  | { readonly kind: 'propose'; readonly id: number; readonly data: readonly Uint8Array[] }
  /**
   * Moves to these voters and learners: through a joint configuration when the voters change, which the leader leaves by itself
   * once it is committed. Answered like `propose`.
   */
  | {
      readonly kind: 'configure';
      readonly id: number;
      readonly voters: readonly NodeId[];
      readonly learners: readonly NodeId[];
    }
  /** Wants a point in the log that is not older than now. Answered by `read-ready` or `read-failed` with this `id`. */
  | { readonly kind: 'read'; readonly id: number }
  /** Everything up to and including `ticket` is durable. */
  | { readonly kind: 'persisted'; readonly ticket: number }
  /** The state machine has consumed the log up to here. */
  | { readonly kind: 'applied'; readonly index: number }
  /** A snapshot of the state machine at `mark.index` is durable here: the log up to `keepFrom` (exclusive) may be forgotten. */
  | { readonly kind: 'compact'; readonly mark: SnapshotMark; readonly keepFrom: number }
  /** The driver has finished, or given up, streaming a snapshot to a follower. */
  | { readonly kind: 'snapshot-sent'; readonly to: NodeId; readonly index: number; readonly delivered: boolean }
  /** A whole snapshot from the leader of `term` is durable here. It is taken (`restore`) or found stale (no effect but an answer). */
  | { readonly kind: 'snapshot-received'; readonly from: NodeId; readonly term: number; readonly mark: SnapshotMark }
  | { readonly kind: 'transfer'; readonly to: NodeId }
  /**
   * The transport cannot reach that node at present, or has just lost its connection: stop pipelining to it; if quiescent
   * under it, wake; if it leads, ask the others soon whether they still hear it (not with lease reads).
   */
  | { readonly kind: 'unreachable'; readonly peer: NodeId }
  /** Start an election now if allowed (tests, operators, a group's first start). */
  | { readonly kind: 'campaign' };

export type RefusalReason =
  | 'not-leader'
  | 'uncommitted-log-full'
  | 'transferring'
  | 'configuration-in-progress'
  | 'invalid-configuration';

export type RaftRole = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

export type RaftEffect =
  /**
   * Make durable, in the order of tickets: first the truncation (`entries[0].index` and all after it are replaced by `entries`), then the entries, and
   * the hard state when present. Answered by `persisted` once it, and all before it, is durable.
   */
  | {
      readonly kind: 'persist';
      readonly ticket: number;
      readonly state: HardState | undefined;
      readonly entries: readonly Entry[];
    }
  /** `after`: the ticket that must be durable before this message may leave; 0 when it need not wait. */
  | { readonly kind: 'send'; readonly to: NodeId; readonly message: RaftMessage; readonly after: number }
  /** `entries` are committed, follow on one another and on the last `commit` effect: feed them to the state machine. They may not be durable here yet. */
  | { readonly kind: 'commit'; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'proposed';
      readonly id: number;
      readonly firstIndex: number;
      readonly lastIndex: number;
      readonly term: number;
    }
  | {
      readonly kind: 'refused';
      readonly id: number;
      readonly reason: RefusalReason;
      readonly leader: NodeId | undefined;
    }
  /** Once the state machine has applied `index`, these reads are linearizable. */
  | { readonly kind: 'read-ready'; readonly ids: readonly number[]; readonly index: number }
  | { readonly kind: 'read-failed'; readonly ids: readonly number[] }
  /** Stream the newest snapshot to a follower whose next entry is no longer in the log; report with `snapshot-sent`. */
  | { readonly kind: 'send-snapshot'; readonly to: NodeId; readonly term: number }
  /** Replace state machine and log by the received snapshot at `mark`, durably (the log restarts after it), under `ticket` like a `persist`. */
  | {
      readonly kind: 'restore';
      readonly ticket: number;
      readonly state: HardState | undefined;
      readonly mark: SnapshotMark;
    }
  /** Role, term or known leader changed. */
  | { readonly kind: 'role'; readonly role: RaftRole; readonly term: number; readonly leader: NodeId | undefined }
  /** The configuration in force changed; `committed` once it can no longer be undone. */
  | { readonly kind: 'configuration'; readonly configuration: Configuration; readonly committed: boolean }
  /** A node started as `damaged` is whole again, durably: the next start need not say `damaged`. */
  | { readonly kind: 'repaired' };

export interface RaftOptions {
  readonly id: NodeId;
  /** An election starts after a silence drawn evenly from [electionTimeoutMs, 2 × electionTimeoutMs). Default 300. */
  readonly electionTimeoutMs?: number;
  /** Heartbeats fall on multiples of this on the driver's clock, so that those of all groups leave together. Default 60. */
  readonly heartbeatIntervalMs?: number;
  /** Default true (thesis 9.6). */
  readonly preVote?: boolean;
  /** A leader that has not heard from a quorum within an election timeout steps down. Default true (thesis 6.2). */
  readonly checkQuorum?: boolean;
  /**
   * `index`: a read costs a heartbeat round. `lease`: none while a quorum answered within `electionTimeoutMs − clockDriftMs`; assumes that
   * clocks drift apart less than that in one election timeout (thesis 6.4.1). Default `index`.
   */
  readonly reads?: 'index' | 'lease';
  /** Default a tenth of the election timeout. */
  readonly clockDriftMs?: number;
  /** Append requests in flight to one follower. Default 256. */
  readonly inflightMessagesMax?: number;
  /** Bytes in flight to one follower. Default 8 MiB. */
  readonly inflightBytesMax?: number;
  /** Bytes of entries in one append request (at least one entry). Default 1 MiB. */
  readonly appendBytesMax?: number;
  /** Bytes of uncommitted entries a leader holds before it refuses proposals. Default 64 MiB. */
  readonly uncommittedBytesMax?: number;
  /** A leader goes quiet after this long with nothing outstanding; undefined never. Default undefined. */
  readonly quiesceAfterMs?: number | undefined;
  /** Uniform 32-bit integers for election timeouts. */
  readonly random: () => number;
}

/** What the disk held when the node started. */
export interface RaftRestart {
  readonly state: HardState;
  /** The newest durable snapshot; for a group that never had one, index 0, term 0 and the configuration it starts from. */
  readonly mark: SnapshotMark;
  /** The log behind `mark`, or from before it on (entries kept for slow followers); without gaps. */
  readonly entries: readonly Entry[];
  /** The state machine starts from here: `mark.index` unless it has its own durable state. */
  readonly applied: number;
  /**
   * The log lost acknowledged entries to corruption: neither vote nor lead nor count towards a quorum until an entry of
   * a leader's own term, elected without this node, is durable here again.
   */
  readonly damaged: boolean;
}
