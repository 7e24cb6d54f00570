export { type DataDirectory, openDataDirectory, readDataDirectoryOwner } from './data-directory.ts';
export { StorageError, type StorageErrorCode } from './errors.ts';
export type { LogOwner } from './log-recovery.ts';
export { type LogStoreOptions, openLogStore } from './log-store.ts';
export { openSnapshotStore } from './snapshot-store.ts';
export {
  GroupId,
  type LogStore,
  type PersistRequest,
  type RecoveredGroup,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
} from './types.ts';
