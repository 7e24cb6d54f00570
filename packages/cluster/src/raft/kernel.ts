import type { Instant } from '@quorate/patterns/base';
import type { Configuration, NodeId, RaftEffect, RaftInput, RaftRole } from '@quorate/patterns/consensus/raft';
import type { GroupStatus } from './types.ts';

/** What the driver needs of a Raft node: `Raft` of `@quorate/patterns/consensus/raft`. */
export interface RaftKernel {
  step(input: RaftInput, now: Instant, out: RaftEffect[]): void;
  readonly deadline: Instant | undefined;
  readonly role: RaftRole;
  readonly term: number;
  readonly leader: NodeId | undefined;
  readonly commitIndex: number;
  readonly lastIndex: number;
  readonly configuration: Configuration;
  readonly damaged: boolean;
  readonly progress: GroupStatus['progress'];
}
