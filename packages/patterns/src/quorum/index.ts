export { describe } from './describe.ts';
export { jointCommittedIndex, jointVoteResult } from './joint.ts';
export { committedIndex, majoritySize, type VoteResult, voteResult } from './majority.ts';
