/**
 * Who leads: a replica that hears of no leader stands for election by beginning phase 1 with a higher ballot; whoever gets a phase-1 quorum leads. Two
 * that stand at the same time outbid each other; each waits for a random while that doubles. Nothing of this is needed for safety. Lamport, "Paxos Made
 * Simple", 2001, sections 2.4 and 3.
 */
import type { Instant } from '../../../base/index.ts';
import { type Ballot, type NodeId, sameBallot } from '../ballot.ts';
import type { MultiPaxosMessage } from './messages.ts';
import type { Candidacy, MultiPaxosImage } from './multi-paxos-types.ts';
import type { ReplicaCore } from './replica-core.ts';

export class Standing<Value> {
  readonly #core: ReplicaCore<Value>;
  #candidacy: Candidacy<Value> | undefined;
  #standsAt: Instant | undefined;
  #failures: number;
  #delayMs: number;

  constructor(core: ReplicaCore<Value>, { candidacy, standsAt, failures, delayMs }: MultiPaxosImage<Value>) {
    this.#core = core;
    this.#candidacy = candidacy;
    this.#standsAt = standsAt;
    this.#failures = failures;
    this.#delayMs = delayMs;
  }

  get image(): Pick<MultiPaxosImage<Value>, 'candidacy' | 'standsAt' | 'failures' | 'delayMs'> {
    return {
      candidacy: this.#candidacy,
      standsAt: this.#standsAt,
      failures: this.#failures,
      delayMs: this.#delayMs,
    };
  }

  /** Of the candidacy under way. */
  get ballot(): Ballot | undefined {
    return this.#candidacy?.ballot;
  }

  get deadline(): Instant | undefined {
    return this.#standsAt;
  }

  /** The first step of a life. */
  awake(): void {
    if (this.#standsAt === undefined && this.#core.isMember) this.#wait();
  }

  /** A leader was heard. */
  heardLeader(): void {
    this.#candidacy = undefined;
    this.#calm();
    if (this.#core.isMember) this.#wait();
  }

  campaign(): void {
    const core = this.#core;
    if (!core.isMember) return;
    // Who stands has given up its leader, and may promise itself.
    core.leader = undefined;
    const ballot = core.takeBallot();
    const from = core.log.chosen + 1;
    this.#candidacy = { ballot, from, promises: [] };
    this.#failures += 1;
    this.#delayMs = core.backOffMs(this.#failures, this.#delayMs);
    this.#standsAt = core.after(core.options.electionTimeoutMs + this.#delayMs);
    for (const to of core.options.quorums.members)
      core.out.push({ kind: 'send', to, message: { kind: 'prepare', ballot, from }, after: core.ticket });
  }

  /** Returns the candidacy that has succeeded. */
  promised(
    from: NodeId,
    { ballot, chosen, accepted }: Extract<MultiPaxosMessage<Value>, { readonly kind: 'promise' }>,
  ): Candidacy<Value> | undefined {
    const { rules, options } = this.#core;
    const candidacy = this.#candidacy;
    if (candidacy === undefined || !sameBallot(candidacy.ballot, ballot)) return undefined;
    if (!options.quorums.members.includes(from) || candidacy.promises.some((promise) => promise.from === from))
      return undefined;
    const promises = [...candidacy.promises, { from, chosen, accepted }];
    this.#candidacy = { ...candidacy, promises };
    if (
      !rules.isQuorum(
        options.quorums,
        'read',
        promises.map((promise) => promise.from),
      )
    )
      return undefined;
    const won = this.#candidacy;
    this.#candidacy = undefined;
    this.#calm();
    return won;
  }

  /** The ballot was outbid. */
  refused(): void {
    this.#candidacy = undefined;
    this.#standsAt = this.#core.after(this.#delayMs);
  }

  /** No longer the leader. */
  deposed(): void {
    this.#wait();
  }

  tick(): void {
    if (this.#standsAt !== undefined && this.#core.now >= this.#standsAt) this.campaign();
  }

  /** Somebody leads: the next candidacy is a first one. */
  #calm(): void {
    this.#failures = 0;
    this.#delayMs = 0;
  }

  #wait(): void {
    const { electionTimeoutMs, random } = this.#core.options;
    this.#standsAt = this.#core.after(electionTimeoutMs * (1 + random()));
  }
}
