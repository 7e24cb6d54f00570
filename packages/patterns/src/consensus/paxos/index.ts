export { type Accepted, type Ballot, compareBallots, NO_BALLOT, NodeId, sameBallot, showBallot } from './ballot.ts';
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
