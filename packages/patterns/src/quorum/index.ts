export {
  kFreshness,
  missProbability,
  monotonicReads,
  Staleness,
  type StalenessDelays,
  type StalenessOptions,
  simulateStaleness,
  tFreshness,
} from './bounded-staleness.ts';
export { describe } from './describe.ts';
export { type FlexibleOptions, FlexibleQuorum } from './flexible.ts';
export { GridQuorum, gridAvailability } from './grid.ts';
export { jointCommittedIndex, jointVoteResult } from './joint.ts';
export { committedIndex, majoritySize, type VoteResult, voteResult } from './majority.ts';
export {
  availability,
  CHECKED_MEMBERS_MAX,
  checkIntersection,
  failuresTolerated,
  type QuorumCheck,
  type QuorumKind,
  type QuorumSystem,
} from './quorum-system.ts';
export { describeReadWrite, type ReadWriteFacts, ReadWriteQuorum, readWriteFacts } from './read-write.ts';
export { type SloppyQuorum, type SloppyTarget, sloppyQuorum } from './sloppy.ts';
export { type WeightedOptions, WeightedQuorum } from './weighted.ts';
