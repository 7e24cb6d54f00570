export { type Accepted, type Ballot, compareBallots, NO_BALLOT, NodeId, sameBallot, showBallot } from './ballot.ts';
export {
  majorityConfiguration,
  type PhaseMembers,
  PhaseQuorum,
  phasesMeet,
  type RegisterConfiguration,
} from './caspaxos/configuration.ts';
export {
  type CollectionState,
  type CollectionStep,
  collectionOf,
  GarbageCollection,
  type GarbageCollectionEffect,
  type GarbageCollectionInput,
  type GarbageCollectionOptions,
} from './caspaxos/garbage-collection.ts';
export { type Held, heldAfter, MARKS_MAX } from './caspaxos/held.ts';
export {
  growthSteps,
  MembershipChange,
  type MembershipChangeEffect,
  type MembershipChangeInput,
  type MembershipChangeOptions,
  type MembershipChangeState,
  type MembershipStep,
  shrinkSteps,
} from './caspaxos/membership-change.ts';
export type {
  CollectorAnswer,
  CollectorRequest,
  ConfigureAnswer,
  ConfigureRequest,
  RegisterAnswer,
  RegisterRefusal,
  RegisterRequest,
  Tombstone,
} from './caspaxos/messages.ts';
export {
  RegisterAcceptor,
  type RegisterAcceptorEffect,
  type RegisterAcceptorInput,
  type RegisterAcceptorMessage,
  type RegisterAcceptorOptions,
  type RegisterAcceptorRestart,
  type RegisterRecord,
  type RegisterWrite,
} from './caspaxos/register-acceptor.ts';
export {
  type Collected,
  RegisterAdministrator,
  type RegisterAdministratorOptions,
} from './caspaxos/register-administrator.ts';
export { RegisterError, type RegisterErrorCode } from './caspaxos/register-error.ts';
export { newRegisterProposer, RegisterProposer, restartedRegisterProposer } from './caspaxos/register-proposer.ts';
export { RegisterRules, type Settlement } from './caspaxos/register-rules.ts';
export { RegisterServer, type RegisterServerOptions } from './caspaxos/register-server.ts';
export type {
  Reach,
  RegisterFailure,
  RegisterProposerEffect,
  RegisterProposerImage,
  RegisterProposerInput,
  RegisterProposerOptions,
  RegisterProposerRecord,
} from './caspaxos/register-types.ts';
export { Registers, type RegistersOptions } from './caspaxos/registers.ts';
export type { Entry, MultiPaxosMessage, SlotEntry } from './multi-paxos/messages.ts';
export { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos/multi-paxos.ts';
export { MultiPaxosRules } from './multi-paxos/multi-paxos-rules.ts';
export type {
  MultiPaxosEffect,
  MultiPaxosFailure,
  MultiPaxosImage,
  MultiPaxosInput,
  MultiPaxosOptions,
  MultiPaxosRecord,
  MultiPaxosRestart,
  MultiPaxosRole,
} from './multi-paxos/multi-paxos-types.ts';
export { PaxosRules } from './rules.ts';
export type { SendEffect } from './send-effect.ts';
export {
  Acceptor,
  type AcceptorEffect,
  type AcceptorInput,
  type AcceptorOptions,
  type AcceptorState,
  NEW_ACCEPTOR,
} from './single-decree/acceptor.ts';
export { Learner, type LearnerEffect, type LearnerInput } from './single-decree/learner.ts';
export type { AcceptorAnswer, AcceptorRequest, SynodMessage } from './single-decree/messages.ts';
export {
  Proposer,
  type ProposerEffect,
  type ProposerInput,
  type ProposerOptions,
  type ProposerState,
  restartedProposer,
} from './single-decree/proposer.ts';
