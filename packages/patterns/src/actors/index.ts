export { ActorDirectory } from './actor-directory.ts';
export { ActorError, type ActorErrorCode } from './actor-error.ts';
export { ActorHost } from './actor-host.ts';
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
export type {
  ActorDirectoryOptions,
  DirectoryEffect,
  DirectoryInput,
  DirectorySnapshot,
  PartitionOwner,
} from './directory-types.ts';
export { FenceTable, type FenceTableOptions, type FenceToken } from './fence-table.ts';
export type {
  ActorHostOptions,
  DeactivationReason,
  Fence,
  HostEffect,
  HostInput,
  HostRejection,
} from './host-types.ts';
export { type ActorContext, type Handler, LocalActors, type LocalActorsOptions } from './local-actors.ts';
export { Mailbox, type MailboxCounts, type MailboxOptions, type Offer, type Overflow } from './mailbox.ts';
export { type PartitionPlacement, placeByHash, placeEvenly } from './partition-placement.ts';
export { Passivation, type PassivationOptions } from './passivation.ts';
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
