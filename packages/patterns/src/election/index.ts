export { Bully, type BullyEffect, type BullyInput, type BullyMessage, type BullyOptions } from './bully.ts';
export { EmergentLeader, type EmergentLeaderOptions } from './emergent-leader.ts';
export type {
  EmergentLeaderEffect,
  EmergentLeaderInput,
  EmergentMessage,
  MemberView,
} from './emergent-types.ts';
export {
  ExternalLeader,
  type ExternalLeaderEffect,
  type ExternalLeaderInput,
  type ExternalLeaderOptions,
} from './external-leader.ts';
export {
  type AdvisoryLeadership,
  type Election,
  FencedResource,
  FencingToken,
  type Leadership,
  type SafeLeadership,
} from './leadership.ts';
export {
  LeaseElection,
  type LeaseElectionEffect,
  type LeaseElectionInput,
  type LeaseElectionOptions,
} from './lease-election.ts';
export {
  RingElection,
  type RingElectionEffect,
  type RingElectionInput,
  type RingElectionOptions,
  type RingMessage,
} from './ring-election.ts';
