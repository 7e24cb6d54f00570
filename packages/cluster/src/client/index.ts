export type { CallOptions, CoreStatus, MemberStatus } from '../core/core.ts';
export { CompactedError, CoreError, type CoreErrorCode, type Outcome } from '../core/errors.ts';
export type {
  Compare,
  DeleteRangeResponse,
  KeyValue,
  MemberRecord,
  PutResponse,
  RangeResponse,
  TxnOperation,
  TxnResponse,
  WatchEvent,
} from '../core/requests.ts';
export type { ClusterAdministration } from './administration.ts';
export { Client, connect, type ReadOptions, type ScanOptions } from './client.ts';
export { findAddress, formatAddress, parseAddress } from './endpoints.ts';
export { type Bytes, type Keys, prefixEnd, toBytes, toText } from './keys.ts';
export type { Lease } from './lease.ts';
export {
  absent,
  type Comparison,
  createRevision,
  type DeleteOptions,
  get,
  modRevision,
  type PutOptions,
  present,
  put,
  type RangeOptions,
  remove,
  type Transaction,
  value,
  version,
} from './operations.ts';
export type { ClientEnv, ClientOptions } from './options.ts';
export type { Barrier } from './recipes/barrier.ts';
export type { DoubleBarrier, EnterOptions, Participation } from './recipes/double-barrier.ts';
export { type Election, type Leader, type Leadership, stillLeads } from './recipes/election.ts';
export type { AcquireOptions, Holding } from './recipes/holding.ts';
export type { Lock } from './recipes/lock.ts';
export type { Permit, Semaphore } from './recipes/semaphore.ts';
export type { Sequence } from './recipes/sequence.ts';
export type { WatchBatch, Watcher, WatchOptions } from './watcher.ts';
