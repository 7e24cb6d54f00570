/**
 * A whole group in one file's worth of virtual time: messages are dropped, doubled, reordered, delayed and cut off, nodes
 * crash and lose what they had not synced, stand still, and get new members. The invariants are checked after every step.
 */
import { Instant } from '../../base/index.ts';
import { EventQueue } from './event-queue.fixture.ts';
import { Invariants } from './invariants.fixture.ts';
import { FixtureNode, type NodeHost } from './node.fixture.ts';
import { SeededRandom } from './random.fixture.ts';
import type { RaftRules } from './rules.ts';
import {
  type Configuration,
  type Entry,
  NodeId,
  type RaftEffect,
  type RaftInput,
  type RaftMessage,
  type RaftOptions,
} from './types.ts';

export interface ClusterOptions {
  readonly seed: number;
  readonly voters: number;
  /** Nodes that exist but are not members at first. */
  readonly spares?: number;
  readonly raft?: Partial<Omit<RaftOptions, 'id' | 'random'>>;
  readonly rules?: RaftRules;
  /** Clocks run up to this fraction faster or slower than true time. */
  readonly clockSkew?: number;
}

interface Weather {
  drop: number;
  duplicate: number;
  delayMaxMs: number;
  syncMaxMs: number;
}

const FAIR: Weather = { drop: 0, duplicate: 0, delayMaxMs: 2, syncMaxMs: 2 };

export class Cluster implements NodeHost {
  readonly random: SeededRandom;
  readonly invariants: Invariants = new Invariants();
  readonly nodes: Map<NodeId, FixtureNode> = new Map();
  readonly proposed: Map<number, 'proposed' | 'refused'> = new Map();
  /** Reads that were answered, by how. */
  /** How often each kind of thing happened, so that a test can tell that it tested something. */
  readonly counts: Map<string, number> = new Map();
  readonly readResults: { ready: number; failed: number } = { ready: 0, failed: 0 };
  weather: Weather = { ...FAIR };
  now = 0;
  steps = 0;
  readonly #clocks = new Map<NodeId, { offset: number; rate: number }>();
  readonly #cut = new Set<string>();
  readonly #stalledUntil = new Map<NodeId, number>();
  readonly #reads = new Map<string, number>();
  readonly #ticks = new Map<NodeId, number>();
  readonly #events = new EventQueue();
  #nextId = 0;

  constructor(options: ClusterOptions) {
    this.random = new SeededRandom(options.seed);
    const ids = Array.from({ length: options.voters + (options.spares ?? 0) }, (_, at) => NodeId.of(at + 1));
    const initial = configurationOf(ids.slice(0, options.voters));
    const none = configurationOf([]);
    for (const id of ids) {
      const stream = new SeededRandom(options.seed * 31 + id);
      const raft: RaftOptions = { ...options.raft, id, random: () => stream.uint32() };
      const node = new FixtureNode(raft, id <= options.voters ? initial : none, this, options.rules);
      const skew = options.clockSkew ?? 0;
      const rate = 1 + (this.random.below(2001) / 1000 - 1) * skew;
      this.#clocks.set(id, { offset: this.random.below(1000), rate });
      this.nodes.set(id, node);
      this.start(node);
    }
  }

  get running(): FixtureNode[] {
    return [...this.nodes.values()].filter((node) => node.running);
  }

  /** The leader of the highest term, as far as it knows itself. */
  get leader(): FixtureNode | undefined {
    const leaders = this.running.filter((node) => node.role === 'leader');
    return leaders.sort((a, b) => b.term - a.term)[0];
  }

  node(id: number): FixtureNode {
    return this.nodes.get(NodeId.of(id))!;
  }

  /** Feeds one input, and checks everything. */
  step(node: FixtureNode, input: RaftInput): void {
    if (!node.running) return;
    this.steps += 1;
    node.step(input, this.#localNow(node.id));
    this.#stepped(node);
  }

  propose(node: FixtureNode, count = 1): number {
    this.#nextId += 1;
    const data = Array.from({ length: count }, (_, at) => Uint8Array.of(this.#nextId & 255, this.#nextId >> 8, at));
    this.step(node, { kind: 'propose', id: this.#nextId, data });
    return this.#nextId;
  }

  read(node: FixtureNode): void {
    this.#nextId += 1;
    this.#reads.set(`${node.id}/${node.life}/${this.#nextId}`, this.invariants.maxCommit);
    this.step(node, { kind: 'read', id: this.#nextId });
  }

  configure(node: FixtureNode, voters: readonly NodeId[], learners: readonly NodeId[]): void {
    this.#nextId += 1;
    this.step(node, { kind: 'configure', id: this.#nextId, voters, learners });
  }

  compact(node: FixtureNode, keep: number): void {
    if (!node.running) return;
    node.compact(keep, this.#localNow(node.id));
    this.#stepped(node);
  }

  start(node: FixtureNode): void {
    this.invariants.restarted(node.id);
    node.start(this.#localNow(node.id));
    this.#ticks.delete(node.id);
    this.#schedule(node);
  }

  crash(node: FixtureNode): void {
    node.crash(this.random.below(node.disk.waitingCount + 1));
  }

  /** For a while nothing happens on that node; then everything that waited does, in any order. */
  stall(node: FixtureNode, ms: number): void {
    this.#stalledUntil.set(node.id, this.now + ms);
  }

  /** One direction of one link. */
  cut(from: NodeId, to: NodeId): void {
    this.#cut.add(`${from}>${to}`);
  }

  isolate(node: FixtureNode): void {
    for (const other of this.nodes.keys()) {
      this.cut(node.id, other);
      this.cut(other, node.id);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  /** Ends all faults and restarts everybody. */
  calm(): void {
    this.heal();
    this.weather = { ...FAIR };
    this.#stalledUntil.clear();
    for (const node of this.nodes.values()) if (!node.running) this.start(node);
  }

  /** Lets virtual time pass. */
  run(ms: number): void {
    const end = this.now + ms;
    for (let next = this.#events.takeUntil(end); next !== undefined; next = this.#events.takeUntil(end)) {
      this.now = Math.max(this.now, next.at);
      next.run();
    }
    this.now = end;
  }

  /** Lets time pass until `done`, at most `ms`. Returns whether it came to that. */
  runUntil(done: () => boolean, ms: number): boolean {
    const end = this.now + ms;
    while (!done() && this.now < end) this.run(5);
    return done();
  }

  sent(from: FixtureNode, to: NodeId, message: RaftMessage): void {
    this.#count(message.kind);
    Object.freeze(message);
    if (this.#cut.has(`${from.id}>${to}`) || this.random.chance(this.weather.drop)) return;
    const input: RaftInput = { kind: 'message', from: from.id, message };
    this.#deliver(to, input);
    if (this.random.chance(this.weather.duplicate)) this.#deliver(to, input);
  }

  writes(node: FixtureNode): void {
    const { life } = node;
    this.#on(node.id, this.random.below(this.weather.syncMaxMs + 1), () => {
      if (node.life !== life || node.disk.idle) return;
      node.sync(this.#localNow(node.id), 1 + this.random.below(node.disk.waitingCount));
      this.#stepped(node);
      if (!node.disk.idle) this.writes(node);
    });
  }

  wrote(node: FixtureNode, entries: readonly Entry[], replaced: readonly Entry[]): void {
    this.invariants.wrote(node, entries, replaced);
  }

  effect(node: FixtureNode, effect: RaftEffect): void {
    this.#count(effect.kind);
    switch (effect.kind) {
      case 'commit':
        this.invariants.applied(node, effect.entries, [...this.nodes.values()]);
        return;
      case 'role':
        return this.invariants.elected(node);
      case 'proposed':
      case 'refused':
        this.proposed.set(effect.id, effect.kind);
        return;
      case 'read-ready':
        for (const id of effect.ids) this.#readReady(node, id, effect.index);
        return;
      case 'read-failed':
        this.readResults.failed += effect.ids.length;
        for (const id of effect.ids) this.#takeRead(node, id);
        return;
      case 'send-snapshot':
        return this.#stream(node, effect.to, effect.term);
      default:
        return;
    }
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  #takeRead(node: FixtureNode, id: number): number {
    const key = `${node.id}/${node.life}/${id}`;
    const floor = this.#reads.get(key);
    if (floor === undefined) throw new Error(`read ${id} was answered twice or never asked`);
    this.#reads.delete(key);
    return floor;
  }

  #readReady(node: FixtureNode, id: number, index: number): void {
    this.readResults.ready += 1;
    this.invariants.read(node.id, index, this.#takeRead(node, id));
  }

  #stream(node: FixtureNode, to: NodeId, term: number): void {
    const { mark } = node.durable;
    const { life } = node;
    const lost = this.#cut.has(`${node.id}>${to}`) || this.random.chance(this.weather.drop);
    const delay = 1 + this.random.below(this.weather.delayMaxMs * 5);
    if (!lost) this.#later(delay, () => this.#receive(to, { kind: 'snapshot-received', from: node.id, term, mark }));
    this.#on(node.id, delay + 2, () => {
      if (node.life === life) this.step(node, { kind: 'snapshot-sent', to, index: mark.index, delivered: !lost });
    });
  }

  #deliver(to: NodeId, input: RaftInput): void {
    this.#later(this.random.below(this.weather.delayMaxMs * 10 + 1) / 10, () => this.#receive(to, input));
  }

  #receive(to: NodeId, input: RaftInput): void {
    const node = this.nodes.get(to);
    if (node !== undefined) this.#on(to, 0, () => this.step(node, input));
  }

  #stepped(node: FixtureNode): void {
    this.invariants.stepped(node);
    this.#schedule(node);
  }

  #schedule(node: FixtureNode): void {
    const deadline = node.raft?.deadline;
    if (deadline === undefined) return;
    const { offset, rate } = this.#clocks.get(node.id)!;
    const at = Math.max(this.now, (deadline - offset) / rate);
    const armed = this.#ticks.get(node.id);
    if (armed !== undefined && armed <= at && armed >= this.now) return;
    this.#ticks.set(node.id, at);
    const { life } = node;
    this.#on(node.id, at - this.now + 0.01, () => {
      if (node.life !== life || this.#ticks.get(node.id) !== at) return;
      this.#ticks.delete(node.id);
      this.step(node, { kind: 'tick' });
    });
  }

  /** Something that happens on a node, and so not while it stands still. */
  #on(id: NodeId, ms: number, run: () => void): void {
    this.#later(ms, () => {
      const stalled = this.#stalledUntil.get(id) ?? 0;
      if (stalled <= this.now) run();
      else this.#on(id, stalled - this.now + this.random.below(3) / 10, run);
    });
  }

  #localNow(id: NodeId): Instant {
    const { offset, rate } = this.#clocks.get(id)!;
    return Instant.of(this.now * rate + offset);
  }

  #later(ms: number, run: () => void): void {
    this.#events.add(this.now + ms, run);
  }
}

export function configurationOf(voters: readonly NodeId[], learners: readonly NodeId[] = []): Configuration {
  return { voters, outgoing: [], learners, learnersNext: [] };
}
