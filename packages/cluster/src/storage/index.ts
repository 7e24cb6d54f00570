export { StorageError, type StorageErrorCode } from './errors.ts';
export { type LogStoreOptions, openLogStore } from './log-store.ts';
export {
  GroupId,
  type LogStore,
  type PersistRequest,
  type RecoveredGroup,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
} from './types.ts';
