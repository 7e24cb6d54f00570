/**
 * Whole groups of replicas in virtual time, from a seed: messages are lost, doubled and late, disks take their time, replicas crash and come back with what
 * was durable, links are cut, logs are compacted and snapshots taken over; then all faults end, and everything must come together.
 */
import { Instant } from '../../../base/index.ts';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { EventQueue } from '../../raft/event-queue.fixture.ts';
import { SeededRandom } from '../../raft/random.fixture.ts';
import { NodeId } from '../ballot.ts';
import { SlowDisk } from '../slow-disk.fixture.ts';
import type { Entry, MultiPaxosMessage, SlotEntry } from './messages.ts';
import { MultiPaxos, NEW_REPLICA, restartedReplica } from './multi-paxos.ts';
import { MultiPaxosRules } from './multi-paxos-rules.ts';
import type { MultiPaxosEffect, MultiPaxosInput, MultiPaxosOptions, MultiPaxosRecord } from './multi-paxos-types.ts';

const FAULTS_MS = 8_000;
const CALM_MS = 6_000;

export interface Story {
  readonly seed: number;
  readonly members?: number;
  readonly rules?: Partial<MultiPaxosRules>;
}

export interface Told {
  readonly chosen: number;
  readonly noOps: number;
  readonly done: number;
  readonly lost: number;
  readonly refused: number;
  readonly leaders: number;
  readonly crashes: number;
  readonly snapshots: number;
}

interface Replica {
  readonly id: NodeId;
  readonly disk: SlowDisk;
  kernel: MultiPaxos<string>;
  isUp: boolean;
  record: MultiPaxosRecord;
  readonly entries: Map<number, SlotEntry<string>>;
  /** The state machine: what was handed out, slot by slot. Durable as soon as it is applied. */
  readonly applied: string[];
  compacted: number;
}

/** Tells a story and returns what was in it. Throws when two replicas differ, or the group does not come together. */
export function tell(story: Story): Told {
  return new Group(story).run();
}

class Group {
  readonly #random: SeededRandom;
  readonly #events = new EventQueue();
  readonly #rules: MultiPaxosRules;
  readonly #options: Omit<MultiPaxosOptions, 'self'>;
  readonly #replicas: readonly Replica[];
  readonly #cut = new Set<string>();
  /** By id. */
  readonly #doneIn = new Map<number, number>();
  readonly #refused = new Set<number>();
  readonly #told = { chosen: 0, noOps: 0, done: 0, lost: 0, refused: 0, leaders: 0, crashes: 0, snapshots: 0 };
  /** What the group has agreed on, as the fastest replica knows it. */
  readonly #agreed: string[] = [];
  #now = 0;
  #isCalm = false;
  #proposals = 0;

  constructor({ seed, members: count = 3, rules }: Story) {
    this.#random = new SeededRandom(seed);
    this.#rules = Object.assign(new MultiPaxosRules(), rules);
    const members = Array.from({ length: count }, (_, at) => NodeId.of(at + 1));
    const learner = NodeId.of(count + 1);
    // With four members phase 2 takes two: flexible quorums.
    const accept = count === 4 ? 2 : Math.floor(count / 2) + 1;
    this.#options = {
      quorums: new FlexibleQuorum({ members, prepare: count - accept + 1, accept }),
      learners: [learner],
      random: () => this.#random.uint32() / 2 ** 32,
      electionTimeoutMs: 150,
      heartbeatIntervalMs: 30,
      resendMs: 60,
      windowMax: 4,
      aheadMax: 6,
      learnMax: 3,
      slotsMax: 60,
    };
    this.#replicas = [...members, learner].map((id) => this.#newReplica(id));
  }

  run(): Told {
    for (const replica of this.#replicas) this.#step(replica, { kind: 'tick' });
    for (let at = 0; at < 14; at++) this.#at(this.#random.below(FAULTS_MS), () => this.#fault());
    this.#work();
    this.#play(FAULTS_MS);
    this.#isCalm = true;
    this.#cut.clear();
    for (const replica of this.#replicas) this.#restart(replica);
    this.#play(FAULTS_MS + CALM_MS);
    this.#check();
    return { ...this.#told, chosen: this.#agreed.length };
  }

  #at(ms: number, run: () => void): void {
    this.#events.add(this.#now + ms, run);
  }

  #play(until: number): void {
    for (let event = this.#events.takeUntil(until); event !== undefined; event = this.#events.takeUntil(until)) {
      this.#now = event.at;
      event.run();
    }
    this.#now = until;
  }

  #newReplica(id: NodeId): Replica {
    const disk = new SlowDisk((run) => this.#at(1 + this.#random.below(this.#isCalm ? 3 : 12), run));
    const replica: Replica = {
      id,
      disk,
      kernel: undefined as never,
      isUp: true,
      record: NEW_REPLICA.record,
      entries: new Map(),
      applied: [],
      compacted: 0,
    };
    replica.kernel = this.#started(replica);
    return replica;
  }

  #started({ id, record, entries, applied }: Replica): MultiPaxos<string> {
    const kept = [...entries.values()].filter(({ slot }) => slot >= record.first);
    const restart = { record, entries: kept, applied: applied.length };
    return new MultiPaxos<string>({ ...this.#options, self: id }, restartedReplica(restart), this.#rules);
  }

  #step(replica: Replica, input: MultiPaxosInput<string>): void {
    if (!replica.isUp) return;
    const out: MultiPaxosEffect<string>[] = [];
    replica.kernel.step(input, Instant.of(this.#now), out);
    for (const effect of out) this.#carryOut(replica, effect);
    const { kernel } = replica;
    const { deadline } = kernel;
    if (deadline === undefined) return;
    this.#events.add(Math.max(deadline, this.#now), () => {
      if (replica.kernel === kernel && kernel.deadline !== undefined && kernel.deadline <= this.#now)
        this.#step(replica, { kind: 'tick' });
    });
  }

  #carryOut(replica: Replica, effect: MultiPaxosEffect<string>): void {
    switch (effect.kind) {
      case 'persist':
        return replica.disk.persist(effect.ticket, () => {
          replica.record = effect.record;
          for (const entry of effect.entries) replica.entries.set(entry.slot, entry);
        });
      case 'send':
        return replica.disk.send(effect.after, () => this.#deliver(replica, effect.to, effect.message));
      case 'chosen':
        return this.#apply(replica, effect.first, effect.entries);
      case 'done':
        this.#told.done += 1;
        this.#doneIn.set(effect.id, effect.slot);
        return;
      case 'failed':
        if (effect.outcome === 'unknown') this.#told.lost += 1;
        else {
          this.#told.refused += 1;
          this.#refused.add(effect.id);
        }
        return;
      case 'snapshot-needed':
        return this.#copy(replica, effect.from);
      case 'role':
        if (effect.role === 'leader') this.#told.leaders += 1;
    }
  }

  #deliver(from: Replica, to: NodeId, message: MultiPaxosMessage<string>): void {
    const target = this.#replicas[to - 1]!;
    const isOwn = from.id === to;
    if (this.#cut.has(`${from.id}>${to}`)) return;
    const copies = this.#isCalm || isOwn ? 1 : this.#random.chance(0.05) ? 0 : this.#random.chance(0.05) ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = !this.#isCalm && this.#random.chance(0.03) ? this.#random.below(600) : 0;
      this.#at(isOwn ? 0 : 1 + this.#random.below(8) + late, () =>
        this.#step(target, { kind: 'message', from: from.id, message }),
      );
    }
  }

  #apply(replica: Replica, first: number, entries: readonly Entry<string>[]): void {
    const { applied } = replica;
    if (first !== applied.length + 1)
      throw new Error(`replica ${replica.id} was handed slot ${first} after ${applied.length}`);
    for (const entry of entries) {
      const value = entry.kind === 'no-op' ? '-' : entry.value;
      const slot = applied.push(value);
      if (this.#agreed.length < slot) {
        this.#agreed.push(value);
        if (value === '-') this.#told.noOps += 1;
      } else if (this.#agreed[slot - 1] !== value)
        throw new Error(`agreement: slot ${slot} is ${this.#agreed[slot - 1]} and, at replica ${replica.id}, ${value}`);
    }
    // By chance, and before there is no room.
    if (this.#random.chance(0.05) || applied.length - replica.compacted > 40) {
      replica.compacted = applied.length - this.#random.below(4);
      this.#step(replica, { kind: 'compact', through: replica.compacted });
    }
  }

  /** The driver's part of a snapshot: the state machine of one replica is copied to another. */
  #copy(replica: Replica, from: NodeId): void {
    this.#at(20 + this.#random.below(100), () => {
      const source = this.#replicas[from - 1]!;
      if (!source.isUp || !replica.isUp || source.applied.length <= replica.applied.length) return;
      this.#told.snapshots += 1;
      replica.applied.push(...source.applied.slice(replica.applied.length));
      this.#step(replica, { kind: 'install', through: replica.applied.length });
    });
  }

  #work(): void {
    this.#at(this.#random.below(this.#isCalm ? 60 : 30), () => {
      // Mostly to who leads, at times to anybody.
      const leading = this.#replicas.filter(({ isUp, kernel }) => isUp && kernel.role === 'leader');
      const replica = this.#random.pick(leading.length > 0 && this.#random.chance(0.9) ? leading : this.#replicas);
      this.#proposals += 1;
      this.#step(replica, { kind: 'propose', id: this.#proposals, value: `v${this.#proposals}` });
      if (this.#now < FAULTS_MS + CALM_MS / 2) this.#work();
    });
  }

  #fault(): void {
    const replica = this.#random.pick(this.#replicas);
    if (this.#random.chance(0.5)) {
      if (!replica.isUp) return;
      this.#told.crashes += 1;
      replica.isUp = false;
      replica.disk.crash();
      this.#at(this.#random.below(800), () => this.#restart(replica));
      return;
    }
    const other = this.#random.pick(this.#replicas);
    if (replica === other) return;
    const links = [`${replica.id}>${other.id}`, ...(this.#random.chance(0.5) ? [`${other.id}>${replica.id}`] : [])];
    for (const link of links) this.#cut.add(link);
    this.#at(this.#random.below(1_500), () => {
      for (const link of links) this.#cut.delete(link);
    });
  }

  #restart(replica: Replica): void {
    if (replica.isUp) return;
    replica.isUp = true;
    replica.kernel = this.#started(replica);
    this.#step(replica, { kind: 'tick' });
  }

  #check(): void {
    for (const { id, applied } of this.#replicas)
      if (applied.length !== this.#agreed.length)
        throw new Error(
          `replica ${id} has ${applied.length} of ${this.#agreed.length} slots after ${CALM_MS} ms of calm`,
        );
    const values = this.#agreed.filter((value) => value !== '-');
    if (new Set(values).size !== values.length) throw new Error('a value is in the log twice');
    for (const [id, slot] of this.#doneIn)
      if (this.#agreed[slot - 1] !== `v${id}`)
        throw new Error(`v${id} was said to be in slot ${slot}, which holds ${this.#agreed[slot - 1]}`);
    for (const id of this.#refused)
      if (values.includes(`v${id}`)) throw new Error(`v${id} was refused, and is in the log`);
    const late = [...this.#doneIn.keys()].filter((id) => id > this.#proposals - 20).length;
    if (late < 10) throw new Error(`of the last 20 proposals, made in calm, ${late} were done`);
  }
}
