/**
 * The leader: phase 2 only, for as long as nobody outbids it. A new one first finishes what others have begun: each slot that phase 1 told of is proposed
 * again with what binds it, and each gap between them is filled with a no-op, so that what follows can be executed. Lamport, "Paxos Made Simple", 2001,
 * section 3.
 *
 * Differs: a leader that has not heard of a phase-2 quorum for an election timeout gives up, so that those who wait for it learn that it is cut off. So
 * does one that cannot learn what was chosen before it, since those who knew are gone: another phase 1 finds it with those who accepted it.
 */
import { Instant } from '../../../base/index.ts';
import { type Ballot, type NodeId, sameBallot } from '../ballot.ts';
import type { Learning } from './learning.ts';
import type { Entry, MultiPaxosMessage } from './messages.ts';
import type { Candidacy, InFlight, MultiPaxosFailure, Reign } from './multi-paxos-types.ts';
import type { ReplicaCore } from './replica-core.ts';

type Message<Value, Kind> = Extract<MultiPaxosMessage<Value>, { readonly kind: Kind }>;

export class Leading<Value> {
  readonly #core: ReplicaCore<Value>;
  readonly #learning: Learning<Value>;
  /** Undefined while this replica does not lead; the rest is empty then. */
  #ballot: Ballot | undefined;
  /** The next slot that is free. */
  #next = 0;
  #heartbeatAt: Instant = Instant.of(0);
  #heardFrom = new Map<NodeId, Instant>();
  /** By slot, ascending. Bounded by the window. */
  #inFlight = new Map<number, InFlight<Value>>();
  #backlog: Reign<Value>['backlog'] = [];

  constructor(core: ReplicaCore<Value>, learning: Learning<Value>, reign: Reign<Value> | undefined) {
    this.#core = core;
    this.#learning = learning;
    if (reign === undefined) return;
    this.#ballot = reign.ballot;
    this.#next = reign.next;
    this.#heartbeatAt = reign.heartbeatAt;
    this.#heardFrom = new Map(reign.heardFrom);
    this.#backlog = reign.backlog;
    for (const each of reign.inFlight) this.#inFlight.set(each.slot, each);
  }

  get image(): Reign<Value> | undefined {
    if (this.#ballot === undefined) return undefined;
    return {
      ballot: this.#ballot,
      next: this.#next,
      inFlight: [...this.#inFlight.values()],
      backlog: this.#backlog,
      heartbeatAt: this.#heartbeatAt,
      heardFrom: [...this.#heardFrom],
    };
  }

  /** Undefined while this replica does not lead. */
  get ballot(): Ballot | undefined {
    return this.#ballot;
  }

  /** While it leads. */
  get deadline(): Instant {
    return this.#heartbeatAt;
  }

  /** While it leads: whether a phase-2 quorum was heard of within an election timeout. */
  get hasQuorum(): boolean {
    const { self, now, options } = this.#core;
    const isThere = (member: NodeId): boolean => now - this.#heardFrom.get(member)! < options.electionTimeoutMs;
    return options.quorums.isQuorum('write', (member) => member === self || isThere(member));
  }

  /** A phase-1 quorum has promised. */
  begin({ ballot, promises }: Candidacy<Value>): void {
    const core = this.#core;
    const first = core.rules.firstOpen([core.log.chosen, ...promises.map(({ chosen }) => chosen)]);
    const bySlot = new Map<number, Parameters<typeof core.rules.recovered<Value>>[0][number][]>();
    for (const accepted of promises.flatMap((promise) => promise.accepted))
      bySlot.set(accepted.slot, [...(bySlot.get(accepted.slot) ?? []), accepted]);
    const last = Math.max(first - 1, ...bySlot.keys());
    const backlog: { readonly slot: number; readonly entry: Entry<Value> }[] = [];
    for (let slot = first; slot <= last; slot++)
      backlog.push({ slot, entry: core.rules.recovered(bySlot.get(slot) ?? []) });
    this.#ballot = ballot;
    this.#next = last + 1;
    this.#heartbeatAt = core.now;
    // Those of phase 1 need not be enough for phase 2: all have an election timeout to answer.
    this.#heardFrom = new Map(core.options.quorums.members.map((member) => [member, core.now]));
    this.#backlog = backlog;
    core.leader = core.self;
    core.promise(ballot);
    this.#learnFrom(promises, first - 1);
    this.#refill();
    this.tick();
  }

  /** What somebody who promised knows to be chosen is not proposed again but asked for. */
  #learnFrom(promises: Candidacy<Value>['promises'], through: number): void {
    const source = promises.find(({ chosen }) => chosen >= through);
    this.#learning.askOnly(source?.from ?? this.#core.self, through);
  }

  propose(id: number, value: Value): void {
    const { options, leader } = this.#core;
    if (this.#ballot === undefined) return this.#refuse(id, 'not-leader', leader);
    // What was recovered and waits has filled it.
    if (this.#inFlight.size >= options.windowMax) return this.#refuse(id, 'window-full', leader);
    if (!this.#core.hasRoomFor(this.#next)) return this.#refuse(id, 'log-full', leader);
    this.#next += 1;
    this.#put(this.#next - 1, { kind: 'value', value }, id);
  }

  #refuse(id: number, reason: MultiPaxosFailure, leader: NodeId | undefined): void {
    this.#core.out.push({ kind: 'failed', id, reason, outcome: 'not-applied', leader });
  }

  #refill(): void {
    while (this.#backlog.length > 0 && this.#inFlight.size < this.#core.options.windowMax) {
      const [{ slot, entry }, ...rest] = this.#backlog as [Reign<Value>['backlog'][number]];
      this.#backlog = rest;
      this.#put(slot, entry, undefined);
    }
  }

  #put(slot: number, entry: Entry<Value>, id: number | undefined): void {
    const flight = { slot, entry, id, acceptedBy: [], isChosen: false, sentAt: this.#core.now };
    this.#inFlight.set(slot, flight);
    this.#ask(flight);
  }

  #ask({ slot, entry, acceptedBy }: InFlight<Value>): void {
    const core = this.#core;
    const ballot = this.#ballot!;
    const { chosen } = core.log;
    for (const to of core.options.quorums.members)
      if (!acceptedBy.includes(to)) core.send(to, { kind: 'accept', ballot, slot, entry, chosen });
  }

  accepted(from: NodeId, { ballot, slot }: Message<Value, 'accepted'>): void {
    const core = this.#core;
    if (!this.#heard(from, ballot)) return;
    const flight = this.#inFlight.get(slot);
    if (flight === undefined || flight.isChosen || flight.acceptedBy.includes(from)) return;
    const acceptedBy = [...flight.acceptedBy, from];
    const isChosen = core.rules.isQuorum(core.options.quorums, 'write', acceptedBy);
    this.#inFlight.set(slot, { ...flight, acceptedBy, isChosen });
    if (!isChosen) return;
    if (flight.id !== undefined) core.out.push({ kind: 'done', id: flight.id, slot });
  }

  following(from: NodeId, { ballot }: Message<Value, 'following'>): void {
    this.#heard(from, ballot);
  }

  #heard(from: NodeId, ballot: Message<Value, 'following'>['ballot']): boolean {
    if (this.#ballot === undefined || !sameBallot(this.#ballot, ballot)) return false;
    if (!this.#core.options.quorums.members.includes(from)) return false;
    this.#heardFrom.set(from, this.#core.now);
    return true;
  }

  /** At the end of each step: hands out what is chosen as far as there is no gap before it. */
  advance(): void {
    const { log } = this.#core;
    for (const { slot, entry, isChosen } of this.#inFlight.values()) {
      if (slot > log.chosen + 1) break;
      if (!isChosen) continue;
      // Unless it was learned of others that it is chosen.
      if (slot > log.chosen) this.#choose(slot, entry);
      this.#inFlight.delete(slot);
    }
    this.#refill();
  }

  #choose(slot: number, entry: Entry<Value>): void {
    const { log } = this.#core;
    const ballot = this.#ballot!;
    const own = log.at(slot);
    // Enough others may have accepted it before this replica has.
    if (own === undefined || !sameBallot(own.ballot, ballot)) this.#core.persist(log.accept(slot, ballot, entry));
    log.advance();
  }

  /** While it leads. */
  tick(): void {
    const core = this.#core;
    const ballot = this.#ballot!;
    if (core.now < this.#heartbeatAt) return;
    const { options, self } = core;
    this.#heartbeatAt = core.after(options.heartbeatIntervalMs);
    core.noteChosen();
    const { chosen } = core.log;
    for (const to of new Set([...options.quorums.members, ...(options.learners ?? [])]))
      if (to !== self) core.send(to, { kind: 'heartbeat', ballot, chosen });
    for (const flight of this.#inFlight.values()) {
      if (flight.isChosen || core.now - flight.sentAt < options.resendMs) continue;
      this.#inFlight.set(flight.slot, { ...flight, sentAt: core.now });
      this.#ask(flight);
    }
  }

  /** Outbid, or cut off. What is in flight may or may not have been chosen. */
  end(): void {
    this.#ballot = undefined;
    const { out, leader } = this.#core;
    for (const { id, isChosen } of this.#inFlight.values())
      if (id !== undefined && !isChosen)
        out.push({
          kind: 'failed',
          id,
          reason: 'leader-lost',
          outcome: 'unknown',
          leader,
        });
    this.#inFlight = new Map();
    this.#backlog = [];
  }
}
