export {
  type AskCounts,
  type AskEffect,
  type AskFailure,
  type AskInput,
  Asks,
  type AsksOptions,
  deadlineOnArrival,
} from './asks.ts';
export { type Call, type CallChain, circleOf } from './call-chain.ts';
export { Mailbox, type MailboxCounts, type MailboxOptions, type Offer, type Overflow } from './mailbox.ts';
export { RestartIntensity, type RestartIntensityOptions } from './restart-intensity.ts';
export { SupervisionTree, type TreeEffect, type TreeInput, type TreeSpec } from './supervision-tree.ts';
export type {
  ChildEnd,
  ChildSpec,
  Directive,
  DownReason,
  RestartType,
  StopPolicy,
  Strategy,
  SupervisorEffect,
  SupervisorInput,
  SupervisorOptions,
} from './supervision-types.ts';
export { Supervisor } from './supervisor.ts';
export type {
  ActorOptions,
  Reentrancy,
  Rejection,
  TurnEffect,
  TurnInput,
  TurnSchedulerOptions,
} from './turn-types.ts';
export { TurnScheduler } from './turns.ts';
export {
  type Probe,
  type WaitForEffect,
  WaitForGraph,
  type WaitForGraphOptions,
  type WaitForInput,
} from './wait-for-graph.ts';
