import type { Instant } from '@quorate/patterns/base';
import type { Raft, RaftOptions, RaftRestart } from '@quorate/patterns/consensus/raft';

/** What the driver needs of a Raft node: `Raft` of the patterns, or a defective variant in tests. */
export type RaftKernel = Pick<Raft, 'step' | 'deadline' | 'status'>;

export type CreateKernel = (options: RaftOptions, restart: RaftRestart, now: Instant) => RaftKernel;
