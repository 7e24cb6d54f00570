export { isVoter, membersOf } from './configuration.ts';
export { Raft } from './raft.ts';
export { RaftRules } from './rules.ts';
export type { RaftStatus } from './status.ts';
export {
  type Configuration,
  type Entry,
  type HardState,
  NodeId,
  type RaftEffect,
  type RaftInput,
  type RaftMessage,
  type RaftOptions,
  type RaftRestart,
  type RaftRole,
  type RefusalReason,
  type SnapshotMark,
} from './types.ts';
