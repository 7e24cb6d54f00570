export {
  type FrozenSession,
  IdempotentReceiver,
  type IdempotentReceiverOptions,
  type Reception,
} from './idempotent-receiver.ts';
export { type OrderedMap, SortedArrayMap } from './ordered-map.ts';
export { type FrozenStore, VersionedStore } from './versioned-store.ts';
export { Cell, type Version, versionAt, versionBefore } from './versioned-value.ts';
