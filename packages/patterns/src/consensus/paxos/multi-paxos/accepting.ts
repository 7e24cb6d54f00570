/** The acceptor's side: promises for all slots at once, acceptances slot by slot. Lamport, "Paxos Made Simple", 2001, section 3. */
import { compareBallots, type NodeId } from '../ballot.ts';
import type { Learning } from './learning.ts';
import type { MultiPaxosMessage } from './messages.ts';
import type { ReplicaCore } from './replica-core.ts';

type Message<Value, Kind> = Extract<MultiPaxosMessage<Value>, { readonly kind: Kind }>;

export class Accepting<Value> {
  readonly #core: ReplicaCore<Value>;
  readonly #learning: Learning<Value>;

  constructor(core: ReplicaCore<Value>, learning: Learning<Value>) {
    this.#core = core;
    this.#learning = learning;
  }

  /** Whether a rival of a leader that was heard of just now is not listened to. */
  isLoyal(candidate: NodeId): boolean {
    const { leader, heardAt, now, options } = this.#core;
    if (heardAt === undefined || leader === undefined || leader === candidate) return false;
    return now - heardAt < options.loyaltyMs;
  }

  prepare(from: NodeId, { ballot, from: first }: Message<Value, 'prepare'>): void {
    const core = this.#core;
    if (!core.rules.mayPromise(core.promised, ballot)) {
      core.send(from, { kind: 'rejected', ballot, promised: core.promised });
      return;
    }
    core.promise(ballot);
    const { chosen } = core.log;
    core.answer(from, { kind: 'promise', ballot, chosen, accepted: core.log.acceptedFrom(first) });
  }

  /** Returns whether the leader is one to follow. */
  accept(from: NodeId, { ballot, slot, entry, chosen }: Message<Value, 'accept'>): boolean {
    const core = this.#core;
    if (!this.#follows(from, ballot, chosen)) return false;
    const { log, options } = core;
    if (slot > log.chosen) {
      // Too far beyond what is known here, or no room: as if the message were lost.
      if (slot > log.chosen + options.aheadMax || !core.hasRoomFor(slot)) return true;
      const before = log.at(slot);
      core.promise(ballot);
      if (before === undefined || compareBallots(before.ballot, ballot) !== 0)
        core.persist(log.accept(slot, ballot, entry));
    }
    // A slot that is chosen holds what the leader proposes in it, under whatever ballot: nothing else can be proposed any more.
    core.answer(from, { kind: 'accepted', ballot, slot });
    return true;
  }

  heartbeat(from: NodeId, { ballot, chosen }: Message<Value, 'heartbeat'>): boolean {
    if (!this.#follows(from, ballot, chosen)) return false;
    this.#core.noteChosen();
    this.#core.send(from, { kind: 'following', ballot });
    return true;
  }

  #follows(from: NodeId, ballot: Message<Value, 'accept'>['ballot'], chosen: number): boolean {
    const core = this.#core;
    if (!core.rules.mayAccept(core.promised, ballot)) {
      core.send(from, { kind: 'rejected', ballot, promised: core.promised });
      return false;
    }
    core.leader = from;
    core.heardAt = core.now;
    this.#learning.told(from, ballot, chosen);
    return true;
  }
}
