export { type Directions, type NetworkOptions, SimNetwork } from './network.ts';
export { betweenGroups, bridge, type Cut, isolate, majoritiesRing, oneWay } from './partitions.ts';
export { DEFAULT_NET_LIMITS, type NetLimits } from './process.ts';
export { DEFAULT_QUALITY, type LinkQuality } from './quality.ts';
