export { GroupError, type GroupErrorCode } from './errors.ts';
export { ENTRY_BYTES_MAX } from './group.ts';
export { type RaftCounters, RaftHost, type RaftHostParts } from './host.ts';
export type { CreateKernel, RaftKernel } from './kernel.ts';
export type { GroupOptions } from './options.ts';
export type { GroupStatus, Proposal, ProposalRefusal, RaftGroup, StateMachine } from './types.ts';
