export {
  type ConflictResolution,
  checkMerge,
  type RecordVersion,
  ReplicatedRecord,
  type Resolved,
} from './conflict.ts';
export {
  Failover,
  type FailoverEffect,
  type FailoverInput,
  type FailoverOptions,
} from './failover.ts';
export {
  FollowerReads,
  type FollowerReadsEffect,
  type FollowerReadsInput,
  type FollowerReadsOptions,
  type ReadableReplica,
  type ReadRefusal,
} from './follower-reads.ts';
export {
  type GenerationEnd,
  GenerationHistory,
  type GenerationStart,
  type LogPosition,
} from './generation-history.ts';
export { HandoffPace, type HandoffPaceOptions } from './handoff-pace.ts';
export type {
  HintedHandoffEffect,
  HintedHandoffInput,
  HintedHandoffOptions,
  HintGap,
  HintRefusal,
} from './handoff-types.ts';
export { HintedHandoff } from './hinted-handoff.ts';
export { LogHolds } from './log-holds.ts';
export { LogReplica } from './log-replica.ts';
export type {
  AppendRefusal,
  InSync,
  LogEffect,
  LogInput,
  LogMessage,
  LogRecovery,
  LogReplicaOptions,
  LogRole,
  LogStatus,
} from './log-types.ts';
export {
  type LeaderChange,
  type LeaderMessage,
  MultiLeader,
  type MultiLeaderEffect,
  type MultiLeaderInput,
  type MultiLeaderOptions,
} from './multi-leader.ts';
export {
  ReadRepair,
  type ReadRepairEffect,
  type ReadRepairInput,
  type ReadRepairOptions,
} from './read-repair.ts';
export {
  describeReplication,
  type ReplicationFacts,
  type ReplicationMode,
  replicationFacts,
} from './replication-mode.ts';
export {
  clockPositions,
  logPositions,
  type Positions,
  type ReadGuarantee,
  SessionToken,
  timePositions,
  type WriteGuarantee,
} from './session-token.ts';
export { type LeaderTopology, linksOf } from './topology.ts';
export { dottedVersions, lastWriterVersions, recordVersions, type Versions } from './versions.ts';
