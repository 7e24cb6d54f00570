export { DeadlineHeap, type Due } from './deadline-heap.ts';
export { LeaseTable, type LeaseTableEffect, type LeaseTableInput, type LeaseTableOptions } from './lease-table.ts';
export { type KeyInterval, RangeIndex } from './range-index.ts';
export { RevisionLog } from './revision-log.ts';
export {
  type CancelReason,
  StateWatch,
  type StateWatchOptions,
  Watcher,
  type WatcherHost,
  type WatchNotice,
  type WatchRange,
  type WatchSource,
} from './state-watch.ts';
