export type { FailureDetector } from './failure-detector.ts';
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
