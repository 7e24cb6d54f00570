export { BoundedLoads, type BoundedLoadsOptions } from './bounded-loads.ts';
export {
  Directory,
  type DirectoryChange,
  type DirectoryEntry,
  type DirectoryOptions,
} from './directory.ts';
export { type EpochStanding, PARTITIONS_MAX, PartitionTable, partitionOf } from './fixed-partitions.ts';
export { HashRing, type HashRingOptions, RING_POINTS_MAX } from './hash-ring.ts';
export { type HotAdvice, HotPartitions, type HotPartitionsOptions } from './hot-partitions.ts';
export { jump, jumpKey } from './jump.ts';
export { KETAMA_SERVERS_MAX, Ketama, type KetamaMode, type KetamaPoint, type KetamaServer } from './ketama.ts';
export { hashKey, mix32 } from './key-hash.ts';
export { KEY_RANGES_MAX, type KeyRange, KeyRanges } from './key-ranges.ts';
export { Maglev, type MaglevOptions } from './maglev.ts';
export { NODES_MAX, type Placement, type PlacementNode } from './nodes.ts';
export { OwnerCache, type OwnerCacheOptions } from './owner-cache.ts';
export {
  describePlan,
  type NodeLoad,
  PLACEMENT_CELLS_MAX,
  type PlacementMove,
  type PlacementPlan,
  type PlacementRequest,
  planPlacement,
} from './placement-plan.ts';
export { type CandidateWalk, spread, ZoneSpread } from './preference-list.ts';
export { adviseRanges, type RangeAdvice, type RangeLimits, type RangeLoad, splitPoint } from './range-advice.ts';
export { Rendezvous } from './rendezvous.ts';
export { SALT_WAYS_MAX, saltedKey, saltedKeys, unsaltedKey } from './salting.ts';
