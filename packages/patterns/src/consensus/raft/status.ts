/** What a node can say of itself, for operators and drivers. */
import { isVoter } from './configuration.ts';
import type { Core } from './core.ts';
import type { ProgressState } from './progress.ts';
import type { Configuration, NodeId, RaftRole } from './types.ts';

export interface RaftStatus {
  readonly id: NodeId;
  readonly role: RaftRole;
  readonly term: number;
  readonly vote: NodeId | undefined;
  readonly leader: NodeId | undefined;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  /** The log up to here is on this node's disk. */
  readonly durableIndex: number;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The first entry that is still in memory. */
  readonly firstIndex: number;
  readonly snapshotIndex: number;
  readonly logBytes: number;
  readonly configuration: Configuration;
  /** Whether this node counts in the configuration in force. */
  readonly voter: boolean;
  readonly damaged: boolean;
  readonly quiet: boolean;
  readonly transferringTo: NodeId | undefined;
  /** On the leader: bytes of entries that are not yet committed. */
  readonly uncommittedBytes: number;
  /** On the leader: what each follower is known to hold. */
  readonly progress: readonly {
    readonly id: NodeId;
    readonly matchIndex: number;
    readonly nextIndex: number;
    readonly state: ProgressState;
    readonly inflightBytes: number;
  }[];
}

export function statusOf(core: Core): RaftStatus {
  const { log, replication } = core;
  return {
    id: core.id,
    role: core.role,
    term: core.term,
    vote: core.vote,
    leader: core.leader,
    commitIndex: core.commitIndex,
    appliedIndex: core.appliedIndex,
    durableIndex: core.durability.durableIndex,
    lastIndex: log.lastIndex,
    lastTerm: log.lastTerm,
    firstIndex: log.baseIndex + 1,
    snapshotIndex: log.mark.index,
    logBytes: log.sizeBytes,
    configuration: core.configuration,
    voter: isVoter(core.configuration, core.id),
    damaged: core.repair.damaged,
    quiet: core.quiescence.quiet,
    transferringTo: core.transfer.target,
    uncommittedBytes: core.isLeader ? replication.uncommittedBytes : 0,
    progress: replication.peers.map((peer) => ({
      id: peer.id,
      matchIndex: peer.match,
      nextIndex: peer.next,
      state: peer.state,
      inflightBytes: peer.inflight.bytes,
    })),
  };
}
