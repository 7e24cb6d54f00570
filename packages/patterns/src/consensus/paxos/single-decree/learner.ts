/**
 * The learner: finds out what was chosen by listening to acceptors. A value is chosen once a phase-2 quorum has accepted it under one ballot.
 * Lamport, "Paxos Made Simple", 2001, section 2.3.
 *
 * Pure. O(acceptors) memory: of each acceptor only the latest ballot counts, since an acceptor moves upwards only.
 */
import type { Instant } from '../../../base/index.ts';
import type { QuorumSystem } from '../../../quorum/index.ts';
import { type Accepted, compareBallots, type NodeId, sameBallot } from '../ballot.ts';
import { PaxosRules } from '../rules.ts';
import type { AcceptorAnswer } from './messages.ts';

export interface LearnerInput<Value> {
  readonly kind: 'message';
  readonly from: NodeId;
  readonly message: AcceptorAnswer<Value>;
}

/** Once. */
export interface LearnerEffect<Value> {
  readonly kind: 'chosen';
  readonly value: Value;
}

export class Learner<Value> {
  readonly #quorums: QuorumSystem<NodeId>;
  readonly #rules: PaxosRules;
  #votes: ReadonlyMap<NodeId, Accepted<Value>>;
  #chosen: { readonly value: Value } | undefined;

  /** `votes` is for tests that go on from a state. */
  constructor(
    quorums: QuorumSystem<NodeId>,
    votes: ReadonlyMap<NodeId, Accepted<Value>> = new Map(),
    rules: PaxosRules = new PaxosRules(),
  ) {
    this.#quorums = quorums;
    this.#votes = votes;
    this.#rules = rules;
  }

  /** Undefined until known. An object, so that a value may itself be undefined. */
  get chosen(): { readonly value: Value } | undefined {
    return this.#chosen;
  }

  /** What each acceptor was last heard to accept. */
  get votes(): ReadonlyMap<NodeId, Accepted<Value>> {
    return this.#votes;
  }

  step(input: LearnerInput<Value>, _now: Instant, out: LearnerEffect<Value>[]): void {
    const { from, message } = input;
    if (message.kind !== 'accepted' || this.#chosen !== undefined || !this.#quorums.members.includes(from)) return;
    const before = this.#votes.get(from);
    if (before !== undefined && compareBallots(before.ballot, message.ballot) >= 0) return;
    const { ballot, value } = message;
    this.#votes = new Map(this.#votes).set(from, { ballot, value });
    const agreeing = [...this.#votes].filter(([, vote]) => sameBallot(vote.ballot, ballot)).map(([node]) => node);
    if (!this.#rules.isQuorum(this.#quorums, 'write', agreeing)) return;
    this.#chosen = { value };
    out.push({ kind: 'chosen', value });
  }
}
