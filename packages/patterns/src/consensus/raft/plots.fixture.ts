/** The kinds of trouble that groups are put through. */
import type { Story } from './story.fixture.ts';

export type Plot = Omit<Story, 'seed' | 'rules'>;

const raft = { electionTimeoutMs: 150, heartbeatIntervalMs: 30 };
const small = { inflightMessagesMax: 2, inflightBytesMax: 200, appendBytesMax: 50, uncommittedBytesMax: 400 };
const plain = { ...raft, preVote: false, checkQuorum: false };

export const plots: Readonly<Record<string, Plot>> = {
  'three voters': { rounds: 60, voters: 3, raft },
  'five voters': { rounds: 60, voters: 5, raft },
  'one voter, and others that join': { rounds: 60, voters: 1, spares: 2, raft },
  'members that come and go': { rounds: 80, voters: 3, spares: 2, raft },
  'small windows': { rounds: 60, voters: 3, spares: 1, raft: { ...raft, ...small } },
  'no pre-vote': { rounds: 60, voters: 3, raft: { ...raft, preVote: false } },
  'no check-quorum': { rounds: 60, voters: 5, raft: { ...raft, checkQuorum: false } },
  'neither, as in the paper': { rounds: 60, voters: 3, spares: 1, raft: plain },
  'short reigns': { rounds: 100, voters: 5, kind: 'short reigns', raft: { ...plain, appendBytesMax: 1 } },
  'leases and clocks that drift': {
    rounds: 60,
    voters: 3,
    spares: 1,
    clockSkew: 0.04,
    raft: { ...raft, reads: 'lease', clockDriftMs: 15 },
  },
  'leases and two leaders': {
    rounds: 8,
    voters: 3,
    kind: 'two leaders',
    clockSkew: 0.04,
    raft: { ...raft, preVote: false, reads: 'lease', clockDriftMs: 15 },
  },
  'quiet groups': { rounds: 60, voters: 3, spares: 1, raft: { ...raft, quiesceAfterMs: 60 } },
  'damaged disks': { rounds: 80, voters: 3, spares: 1, raft, damage: true },
  'damaged disks among five': { rounds: 80, voters: 5, raft: { ...raft, quiesceAfterMs: 200 }, damage: true },
};
