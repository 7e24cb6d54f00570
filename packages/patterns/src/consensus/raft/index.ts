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
