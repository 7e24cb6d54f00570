export {
  absent,
  type Client,
  type ClientOptions,
  CompactedError,
  CoreError,
  createRevision,
  get,
  type KeyValue,
  type Leadership,
  type Lease,
  type Lock,
  modRevision,
  present,
  put,
  remove,
  type Transaction,
  toText,
  value,
  version,
  type Watcher,
} from '@quorate/cluster/client';
export { connect } from './connect.ts';
export type { NodeSettings } from './settings.ts';
export { type RunningNode, type StartNodeSettings, startNode } from './start-node.ts';
