import type { Core, CoreStatus } from '@quorate/cluster/core';
import type { Metric } from './metrics.ts';

/** What `/status` answers and `quorate status` shows. */
export interface NodeStatus {
  readonly name: string;
  readonly version: string;
  readonly pid: number;
  readonly clusterId: number;
  readonly memberId: number;
  /** Raft's, or `learner`, or `removed` when it is no member any more. */
  readonly role: string;
  readonly term: number;
  /** The leader's name, or its id when the name is not known yet; null while there is none. */
  readonly leader: string | null;
  readonly leaderId: number | null;
  readonly commitIndex: number;
  readonly appliedIndex: number;
  readonly lastIndex: number;
  readonly snapshotIndex: number;
  readonly revision: number;
  readonly compactRevision: number;
  readonly sizeBytes: number;
  readonly quotaBytes: number;
  readonly damaged: boolean;
  readonly alarms: readonly { readonly alarm: string; readonly memberId: number }[];
  readonly members: readonly {
    readonly id: number;
    readonly name: string;
    readonly peerAddress: string;
    readonly clientUrls: readonly string[];
    readonly isLearner: boolean;
    /** On the leader: how many entries of its log the member is not known to hold. */
    readonly lag: number | null;
  }[];
}

function roleOf({ removed, raft, memberId }: CoreStatus): string {
  if (removed === true) return 'removed';
  return raft.configuration.learners.some((id) => Number(id) === memberId) ? 'learner' : raft.role;
}

export function nodeStatus(core: Core, pid: number): NodeStatus {
  const { raft, ...status }: CoreStatus = core.status;
  const matchOf = new Map(raft.progress.map((peer) => [Number(peer.id), peer.matchIndex]));
  const members = core.members.map((member) => {
    const match = member.id === status.memberId ? raft.lastIndex : matchOf.get(member.id);
    return {
      id: member.id,
      name: member.name,
      peerAddress: member.peerAddress,
      clientUrls: member.clientUrls,
      isLearner: member.isLearner,
      lag: raft.role === 'leader' && match !== undefined ? Math.max(0, raft.lastIndex - match) : null,
    };
  });
  const leader = members.find((member) => member.id === Number(raft.leader));
  return {
    name: status.name,
    version: status.version,
    pid,
    clusterId: status.clusterId,
    memberId: status.memberId,
    role: roleOf(core.status),
    term: raft.term,
    leader: raft.leader === undefined ? null : (leader?.name ?? String(raft.leader)),
    leaderId: raft.leader === undefined ? null : Number(raft.leader),
    commitIndex: raft.commitIndex,
    appliedIndex: raft.appliedIndex,
    lastIndex: raft.lastIndex,
    snapshotIndex: raft.snapshotIndex,
    revision: status.revision,
    compactRevision: status.compactRevision,
    sizeBytes: status.sizeBytes,
    quotaBytes: status.quotaBytes,
    damaged: raft.damaged,
    alarms: status.alarms,
    members,
  };
}

const gauge = (name: string, help: string, value: number): Metric => ({
  name,
  help,
  type: 'gauge',
  samples: [{ value }],
});

/** The core's own families; names end in their unit. */
export function coreMetrics(status: NodeStatus): Metric[] {
  return [
    gauge('quorate_core_is_leader', '1 on the leader, else 0.', status.role === 'leader' ? 1 : 0),
    gauge('quorate_core_has_leader', '1 while a leader is known, else 0.', status.leaderId === null ? 0 : 1),
    gauge('quorate_core_term', 'Current Raft term.', status.term),
    gauge('quorate_core_commit_index', 'Highest log index known to be committed.', status.commitIndex),
    gauge('quorate_core_applied_index', 'Highest log index applied to the state machine.', status.appliedIndex),
    gauge('quorate_core_last_index', 'Highest log index in the log.', status.lastIndex),
    gauge('quorate_core_snapshot_index', 'Log index of the newest snapshot.', status.snapshotIndex),
    gauge('quorate_core_revision', 'Revision of the key space.', status.revision),
    gauge('quorate_core_compact_revision', 'Revision up to which history is compacted.', status.compactRevision),
    gauge('quorate_core_size_bytes', 'Bytes of keys, values and bookkeeping in memory.', status.sizeBytes),
    gauge('quorate_core_quota_bytes', 'Bytes at which writes are refused.', status.quotaBytes),
    gauge('quorate_core_damaged', '1 while this node repairs a damaged log and does not vote.', status.damaged ? 1 : 0),
    {
      name: 'quorate_core_alarm',
      help: '1 for each raised alarm.',
      type: 'gauge',
      samples: status.alarms.map(({ alarm, memberId }) => ({ labels: { alarm, member: String(memberId) }, value: 1 })),
    },
    {
      name: 'quorate_core_member_lag_entries',
      help: 'On the leader: entries a member is not known to hold.',
      type: 'gauge',
      // One that has not started yet may have no name.
      samples: status.members.flatMap(({ id, name, lag }) =>
        lag === null ? [] : [{ labels: { member: name === '' ? String(id) : name }, value: lag }],
      ),
    },
  ];
}
