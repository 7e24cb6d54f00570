export { AllToAllHeartbeat } from './all-to-all-heartbeat.ts';
export { CentralHeartbeat, type CentralHeartbeatOptions } from './central-heartbeat.ts';
export type { FailureDetector } from './failure-detector.ts';
export {
  type BeatCount,
  GossipHeartbeat,
  type GossipHeartbeatEffect,
  type GossipHeartbeatInput,
  type GossipHeartbeatOptions,
} from './gossip-heartbeat.ts';
export {
  type HeartbeatEffect,
  HeartbeatExchange,
  type HeartbeatInput,
  type HeartbeatLinks,
  type HeartbeatOptions,
} from './heartbeat-exchange.ts';
export { IntervalHistory } from './interval-history.ts';
export { LocalHealth, type LocalHealthOptions } from './local-health.ts';
export {
  compareMemberStates,
  joinMemberStates,
  type MemberRank,
  type MemberState,
  MembershipTable,
  type Observation,
  refute,
} from './membership.ts';
export { deviationsAtPhi, exponentialPhi, logisticPhi, normalPhi, type PhiCurve, phiOf } from './phi.ts';
export { PhiAccrualDetector, type PhiAccrualOptions } from './phi-accrual.ts';
export { Probe, type ProbeEffect, type ProbeInput, type ProbeOptions } from './probe.ts';
export { ProbeOrder } from './probe-order.ts';
export { ProbeRelay, type ProbeRelayEffect, type ProbeRelayInput, type ProbeRelayOptions } from './probe-relay.ts';
export { RingHeartbeat, type RingHeartbeatOptions } from './ring-heartbeat.ts';
export {
  Suspicion,
  type SuspicionLimits,
  type SuspicionScale,
  suspicionLimits,
  suspicionTimeoutMs,
} from './suspicion.ts';
export { Swim } from './swim.ts';
export type { SwimEffect, SwimInput, SwimMessage, SwimOptions } from './swim-types.ts';
export { TimeoutDetector } from './timeout-detector.ts';
export { type MemberUpdate, retransmitLimit, UpdateQueue } from './update-queue.ts';
