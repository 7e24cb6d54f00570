export { DeadlineHeap, type Due } from './deadline-heap.ts';
export { LeaseTable, type LeaseTableEffect, type LeaseTableInput, type LeaseTableOptions } from './lease-table.ts';
export {
  type FrozenLock,
  type FrozenLocks,
  type LockMode,
  LockTable,
  type LockTableEffect,
  type LockTableInput,
  type LockTableOptions,
} from './lock-table.ts';
export { type KeyInterval, RangeIndex } from './range-index.ts';
export { RevisionLog } from './revision-log.ts';
export { StateWatch, type StateWatchOptions, type WatchSource } from './state-watch.ts';
export { TimingWheel, WheelTimer } from './timing-wheel.ts';
export {
  type CancelReason,
  Watcher,
  type WatcherHost,
  type WatchGroup,
  type WatchNotice,
  type WatchRange,
} from './watcher.ts';
