/**
 * Who takes part, and how that changes: joint consensus (section 6, thesis 4.3) with learners (thesis 4.2.1).
 *
 *     ordinary --configure (voters change)--> joint --committed; the leader writes the next entry--> ordinary
 *         \----configure (only learners change)-----------------------------------------------------/
 *
 * Every change of voters, even of one, goes through a joint configuration: one path to test, and none of the trouble of
 * single-server changes that overlap between leaders. Values are immutable.
 */
import { jointCommittedIndex, jointVoteResult, type VoteResult } from '../../quorum/index.ts';
import type { Configuration, NodeId } from './types.ts';

export function isJoint(configuration: Configuration): boolean {
  return configuration.outgoing.length > 0;
}

/** Whether the node counts in decisions, in either half. */
export function isVoter(configuration: Configuration, id: NodeId): boolean {
  return configuration.voters.includes(id) || configuration.outgoing.includes(id);
}

/** Everybody who gets the log: voters of both halves and learners. Each once. */
export function membersOf(configuration: Configuration): Set<NodeId> {
  return new Set([...configuration.voters, ...configuration.outgoing, ...configuration.learners]);
}

/** What is wrong with these lists, or undefined. */
export function configurationFault(voters: readonly NodeId[], learners: readonly NodeId[]): string | undefined {
  if (voters.length === 0) return 'there must be a voter';
  if (new Set(voters).size !== voters.length) return 'a voter is named twice';
  if (new Set(learners).size !== learners.length) return 'a learner is named twice';
  const both = learners.find((id) => voters.includes(id));
  return both === undefined ? undefined : `${both} cannot be a voter and a learner`;
}

/** The entry to write for a move from an ordinary configuration to these voters and learners. */
export function changeTo(
  current: Configuration,
  voters: readonly NodeId[],
  learners: readonly NodeId[],
): Configuration {
  const next = ascending(voters);
  if (equalIds(next, current.voters))
    return { voters: next, outgoing: [], learners: ascending(learners), learnersNext: [] };
  // Those who still count in the old half become learners only when it is left.
  const demoted = learners.filter((id) => current.voters.includes(id));
  return {
    voters: next,
    outgoing: current.voters,
    learners: ascending(learners.filter((id) => !demoted.includes(id))),
    learnersNext: ascending(demoted),
  };
}

/** C_new: what follows a committed joint configuration. */
export function leaveJoint(joint: Configuration): Configuration {
  return {
    voters: joint.voters,
    outgoing: [],
    learners: ascending([...joint.learners, ...joint.learnersNext]),
    learnersNext: [],
  };
}

/** What a quorum of the configuration has reached. No allocation. */
export function quorumIndex(configuration: Configuration, valueOf: (id: NodeId) => number): number {
  return jointCommittedIndex(configuration.voters, configuration.outgoing, valueOf);
}

export function quorumVote(configuration: Configuration, voteOf: (id: NodeId) => boolean | undefined): VoteResult {
  return jointVoteResult(configuration.voters, configuration.outgoing, voteOf);
}

function ascending(ids: readonly NodeId[]): NodeId[] {
  return [...ids].sort((a, b) => a - b);
}

function equalIds(a: readonly NodeId[], b: readonly NodeId[]): boolean {
  return a.length === b.length && a.every((id, at) => id === b[at]);
}
