/**
 * Which acceptors a proposer of registers asks in each phase, and how many of them are enough. The two sets may differ while acceptors come and
 * go. Rystsov, "CASPaxos: Replicated State Machines without Logs", 2018, section 2.3.
 *
 * Values.
 */
import { majoritySize, type QuorumKind, type QuorumSystem } from '../../../quorum/index.ts';
import type { NodeId } from '../ballot.ts';

export interface PhaseMembers {
  readonly acceptors: readonly NodeId[];
  /** How many of them are enough. */
  readonly quorum: number;
}

export interface RegisterConfiguration {
  /** Grows with every step of every change. */
  readonly version: number;
  readonly prepare: PhaseMembers;
  readonly accept: PhaseMembers;
}

/** The same acceptors in both phases, and more than half of them in each. */
export function majorityConfiguration(version: number, acceptors: readonly NodeId[]): RegisterConfiguration {
  const members: PhaseMembers = { acceptors, quorum: majoritySize(acceptors.length) };
  return { version, prepare: members, accept: members };
}

/** Whether each phase-1 quorum shares an acceptor with each phase-2 quorum. O(n²). */
export function phasesMeet(prepare: PhaseMembers, accept: PhaseMembers): boolean {
  const shared = prepare.acceptors.filter((acceptor) => accept.acceptors.includes(acceptor)).length;
  // Both take as many as they can from where the other does not reach; the rest must be too many for what they share.
  const prepared = Math.max(0, prepare.quorum - (prepare.acceptors.length - shared));
  const accepted = Math.max(0, accept.quorum - (accept.acceptors.length - shared));
  return prepared + accepted > shared;
}

/** A configuration as a quorum system: `read` is phase 1, `write` is phase 2. */
export class PhaseQuorum implements QuorumSystem<NodeId> {
  readonly members: readonly NodeId[];
  readonly #configuration: RegisterConfiguration;

  /** `RangeError` unless quorums are from 1 to the number of acceptors of their phase, and those of the two phases meet. */
  constructor(configuration: RegisterConfiguration) {
    const { prepare, accept } = configuration;
    for (const [name, { acceptors, quorum }] of Object.entries({ prepare, accept }))
      if (!Number.isInteger(quorum) || quorum < 1 || quorum > acceptors.length)
        throw new RangeError(
          `the quorum of ${name} must be from 1 to ${acceptors.length}, its acceptors, got ${quorum}`,
        );
    if (!phasesMeet(prepare, accept))
      throw new RangeError(
        `${prepare.quorum} of ${prepare.acceptors.join(', ')} and ${accept.quorum} of ${accept.acceptors.join(', ')} need not share an acceptor: a change could miss the one before`,
      );
    this.members = [...new Set([...prepare.acceptors, ...accept.acceptors])];
    this.#configuration = configuration;
  }

  /** O(members). */
  isQuorum(kind: QuorumKind, has: (member: NodeId) => boolean): boolean {
    const { acceptors, quorum } = kind === 'read' ? this.#configuration.prepare : this.#configuration.accept;
    let count = 0;
    for (const acceptor of acceptors) if (has(acceptor)) count += 1;
    return count >= quorum;
  }
}
