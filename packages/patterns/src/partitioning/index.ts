export { BoundedLoads, type BoundedLoadsOptions } from './bounded-loads.ts';
export { HashRing, type HashRingOptions, RING_POINTS_MAX } from './hash-ring.ts';
export { jump, jumpKey } from './jump.ts';
export { KETAMA_SERVERS_MAX, Ketama, type KetamaMode, type KetamaPoint, type KetamaServer } from './ketama.ts';
export { hashKey, mix32 } from './key-hash.ts';
export { Maglev, type MaglevOptions } from './maglev.ts';
export { NODES_MAX, type Placement, type PlacementNode } from './nodes.ts';
export { spread } from './preference-list.ts';
export { Rendezvous } from './rendezvous.ts';
