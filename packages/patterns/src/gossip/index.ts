export {
  AntiEntropy,
  type AntiEntropyEffect,
  type AntiEntropyInput,
  type AntiEntropyMessage,
  type AntiEntropyOptions,
  type VersionedEntry,
} from './anti-entropy.ts';
export { Extrema, SizeEstimate } from './extrema.ts';
export { choosePeers, type GossipPeers } from './peers.ts';
export {
  Plumtree,
  type PlumtreeEffect,
  type PlumtreeInput,
  type PlumtreeMessage,
  type PlumtreeOptions,
} from './plumtree.ts';
export { PushSum, type PushSumShare, type PushSumStart, pushSumStart } from './push-sum.ts';
export {
  type Rumour,
  type RumourEffect,
  type RumourInput,
  type RumourMessage,
  RumourMonger,
  type RumourOptions,
} from './rumour.ts';
