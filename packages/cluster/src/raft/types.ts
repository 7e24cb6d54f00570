import type { Configuration, NodeId, RaftRole } from '@quorate/patterns/consensus/raft';

/** What a group replicates. All calls are synchronous and deterministic functions of the log, save the snapshot's streaming. */
export interface StateMachine {
  /**
   * Consumes one committed entry. `local` is what this node attached when it proposed the entry, or undefined when another node
   * (or an earlier life of this one) did; the machine hands the outcome to it. Nobody writes to `data` again: it may be kept.
   */
  apply(index: number, data: Uint8Array, local: Proposal | undefined): void;
  /** All entries of this turn have been applied: flush replies, wake watchers. */
  applied(index: number): void;
  /**
   * Freezes the state as of now, cheaply, and streams it in chunks of at most 256 KiB as the consumer asks. A chunk is good until the next one
   * is asked for. An empty chunk says that the next one takes longer: others are given their turn first.
   */
  snapshot(): AsyncIterable<Uint8Array>;
  /** Replaces the state by a snapshot's. Rejects when it cannot be decoded; the state is then unusable. */
  restore(chunks: AsyncIterable<Uint8Array>): Promise<void>;
}

/** A proposal's local end. Exactly one of: the machine's `apply` sees it, `refused`, `lost`. */
export interface Proposal {
  /** Not in the log and never will be. */
  refused(reason: ProposalRefusal): void;
  /** It was in the log of a leader that has since been deposed: it may yet be applied, or not. */
  lost(): void;
}

export interface ProposalRefusal {
  readonly reason: 'not-leader' | 'overloaded' | 'transferring' | 'stopped';
  readonly leader: NodeId | undefined;
}

export interface GroupStatus {
  readonly role: RaftRole;
  readonly term: number;
  readonly leader: NodeId | undefined;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  readonly configuration: Configuration;
  readonly damaged: boolean;
  /** On the leader: what each follower is known to hold. */
  readonly progress: readonly {
    readonly id: NodeId;
    readonly matchIndex: number;
    readonly state: 'probe' | 'replicate' | 'snapshot';
  }[];
}

/** One group, as its owner on this node sees it. */
export interface RaftGroup {
  readonly status: GroupStatus;
  /**
   * Queued; everything proposed in one turn of the event loop is one batch. Never calls back inside this call. A function as `data` is called once,
   * when the batch is put together at the end of the turn (not at all when the proposal is refused before): so that one entry can gather what comes until then.
   */
  propose(data: Uint8Array | (() => Uint8Array), proposal: Proposal): void;
  /** Resolves once everything acknowledged before this call has been applied here. Rejects with a retryable error. One round serves all that wait. */
  readBarrier(done: (error: Error | undefined) => void): void;
  /** Resolves when the new configuration is committed and, if it was joint, left. */
  configure(voters: readonly NodeId[], learners: readonly NodeId[]): Promise<void>;
  transferLeadership(to: NodeId): Promise<void>;
  /** Called after a change of role, term, leader or configuration, outside any step. */
  onChange(listener: (status: GroupStatus) => void): Disposable;
}
