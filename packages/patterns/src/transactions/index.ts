export {
  CommitCoordinator,
  type CommitCoordinatorEffect,
  type CommitCoordinatorInput,
  type CommitCoordinatorOptions,
  type CoordinatedTransaction,
} from './commit-coordinator.ts';
export { CommitParticipant } from './commit-participant.ts';
export type {
  CommitParticipantEffect,
  CommitParticipantInput,
  CommitParticipantOptions,
  EndedTransaction,
  ParticipatedTransaction,
} from './commit-participant-types.ts';
export type {
  CoordinatorMessage,
  CoordinatorRecord,
  Outcome,
  ParticipantMessage,
  ParticipantRecord,
  TransactionId,
  Vote,
} from './commit-protocol.ts';
export { type DecisionCommand, DecisionRegister } from './decision-register.ts';
export {
  type FrozenKeys,
  IdempotencyKeys,
  type IdempotencyKeysOptions,
  type KeyEntry,
  type KeyVerdict,
} from './idempotency-keys.ts';
export {
  type FrozenSession,
  IdempotentReceiver,
  type IdempotentReceiverOptions,
  type Reception,
} from './idempotent-receiver.ts';
export { type OrderedMap, SortedArrayMap } from './ordered-map.ts';
export { type FrozenOutbox, Outbox, type OutboxEntry, type OutboxOptions, type ParkedKey } from './outbox.ts';
export {
  OutboxRelay,
  type OutboxRelayEffect,
  type OutboxRelayInput,
  type OutboxRelayOptions,
} from './outbox-relay.ts';
export {
  resumeSaga,
  runSaga,
  type SagaEnd,
  type SagaLog,
  type SagaRequest,
  type SagaWorld,
  settleSaga,
} from './saga.ts';
export {
  type SagaCall,
  SagaPlan,
  type SagaPlanOptions,
  SagaRefusal,
  type SagaScope,
  type SagaStep,
  type SagaUndo,
} from './saga-plan.ts';
export type { SagaDirection, SagaOutcome, SagaRecord } from './saga-state.ts';
export { type FrozenStore, VersionedStore } from './versioned-store.ts';
export { Cell, type Version, versionAt, versionBefore } from './versioned-value.ts';
