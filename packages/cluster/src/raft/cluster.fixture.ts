import {
  type Configuration,
  type Entry,
  type HardState,
  NodeId,
  type SnapshotMark,
} from '@quorate/patterns/consensus/raft';
import {
  GroupId,
  type LogStore,
  type PersistRequest,
  type SnapshotReader,
  type SnapshotStore,
  type SnapshotWriter,
} from '../storage/types.ts';
import { NodeTransport } from '../transport/index.ts';
import { type VirtualHost, VirtualWorld } from '../transport/virtual-world.fixture.ts';
import type { GroupOptions, Proposal, ProposalRefusal, RaftGroup, RaftHostParts, StateMachine } from './index.ts';
import { RaftHost } from './index.ts';

interface StoredGroup {
  state: HardState;
  /** The log begins after it. */
  base: number;
  entries: Entry[];
  commit: number;
  damage: string | undefined;
}

/** What survives a crash. */
export class MemoryDisk {
  readonly groups: Map<GroupId, StoredGroup> = new Map();
  readonly snapshots: Map<GroupId, { mark: SnapshotMark; bytes: Uint8Array }> = new Map();
  /** How long a sync takes. */
  syncMs = 0.2;
  syncs = 0;
  released = 0;
  failNext: Error | undefined;
  /** What writing a snapshot fails with. */
  failSnapshots: { at: 'create' | 'write' | 'commit'; error: Error } | undefined;
}

export class MemoryLog implements LogStore {
  readonly recovered: Map<GroupId, { state: HardState; entries: Entry[]; commit: number; damage: string | undefined }>;
  readonly failed: Promise<Error>;
  readonly damage: string | undefined = undefined;
  readonly #host: VirtualHost;
  readonly #disk: MemoryDisk;
  #announce: (error: Error) => void = () => {};
  #queue: { requests: readonly PersistRequest[]; durable: () => void }[] = [];
  #syncing = false;
  #dead = false;

  constructor(host: VirtualHost, disk: MemoryDisk) {
    this.#host = host;
    this.#disk = disk;
    this.recovered = new Map([...disk.groups].map(([id, g]) => [id, { ...g, entries: [...g.entries] }]));
    this.failed = new Promise((resolve) => {
      this.#announce = resolve;
    });
  }

  persist(requests: readonly PersistRequest[], durable: () => void): void {
    this.#queue.push({ requests, durable });
    this.#sync();
  }

  release(group: GroupId, index: number): void {
    this.#disk.released += 1;
    const stored = this.#disk.groups.get(group)!;
    stored.entries = stored.entries.filter((entry) => entry.index > index);
    stored.base = Math.max(stored.base, index);
  }

  get sizeBytes(): number {
    return [...this.#disk.groups.values()].reduce((sum, group) => sum + group.entries.length, 0);
  }

  /** Whoever has an entry that is as old as the oldest. */
  get holders(): readonly GroupId[] {
    const holding = [...this.#disk.groups].filter(([, group]) => group.entries.length > 0);
    const oldest = Math.min(...holding.map(([, group]) => group.entries[0]!.term));
    return holding.filter(([, group]) => group.entries[0]!.term === oldest).map(([id]) => id);
  }

  async close(): Promise<void> {}

  #sync(): void {
    if (this.#syncing || this.#dead || this.#queue.length === 0) return;
    this.#syncing = true;
    const batch = this.#queue;
    this.#queue = [];
    const { world } = this.#host;
    world.at(world.now + this.#disk.syncMs, this.#host, () => {
      if (this.#disk.failNext !== undefined) {
        this.#dead = true;
        this.#announce(this.#disk.failNext);
        return;
      }
      this.#disk.syncs += 1;
      for (const { requests } of batch) for (const request of requests) this.#write(request);
      for (const { durable } of batch) durable();
      this.#syncing = false;
      this.#sync();
    });
  }

  #write({ group, restart, entries, state, commit, repaired }: PersistRequest): void {
    let stored = this.#disk.groups.get(group);
    if (stored === undefined) {
      stored = { state: { term: 0, vote: undefined }, base: 0, entries: [], commit: 0, damage: undefined };
      this.#disk.groups.set(group, stored);
    }
    if (restart !== undefined) {
      stored.entries = [];
      stored.base = restart.index;
    }
    const first = entries[0];
    const end = stored.entries.at(-1)?.index ?? stored.base;
    if (first !== undefined && first.index > end + 1) throw new Error(`entry ${first.index} leaves a gap after ${end}`);
    if (first !== undefined)
      stored.entries = [...stored.entries.filter((entry) => entry.index < first.index), ...entries];
    if (state !== undefined) stored.state = state;
    if (repaired === true) stored.damage = undefined;
    // As the real one: what was recorded as committed must be there, and whoever recovers less calls it damage.
    const last = stored.entries.at(-1)?.index ?? stored.base;
    if (commit > last && restart === undefined) throw new Error(`commit ${commit} recorded, the log ends at ${last}`);
    stored.commit = Math.max(stored.commit, commit);
  }
}

export class MemorySnapshots implements SnapshotStore {
  readonly damaged: ReadonlyMap<GroupId, string> = new Map();
  readonly #disk: MemoryDisk;
  readonly #host: VirtualHost;
  constructor(host: VirtualHost, disk: MemoryDisk) {
    this.#host = host;
    this.#disk = disk;
  }
  latest(group: GroupId): SnapshotMark | undefined {
    return this.#disk.snapshots.get(group)?.mark;
  }
  async create(group: GroupId, mark: SnapshotMark): Promise<SnapshotWriter> {
    const chunks: Uint8Array[] = [];
    const { life } = this.#host;
    this.#fail('create');
    return {
      write: async (chunk) => {
        this.#fail('write');
        chunks.push(chunk.slice());
      },
      commit: async () => {
        this.#fail('commit');
        if (this.#host.life === life) this.#disk.snapshots.set(group, { mark, bytes: joined(chunks) });
      },
      abort: async () => {},
    };
  }
  async open(group: GroupId): Promise<SnapshotReader | undefined> {
    const found = this.#disk.snapshots.get(group);
    if (found === undefined) return undefined;
    return {
      mark: found.mark,
      sizeBytes: found.bytes.length,
      read: async (position, length) => found.bytes.subarray(position, position + length),
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #fail(at: 'create' | 'write' | 'commit'): void {
    const { failSnapshots } = this.#disk;
    if (failSnapshots?.at === at) throw failSnapshots.error;
  }
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Keeps all it was given, in order; `padding` makes its snapshots large. */
export class ListMachine implements StateMachine {
  items: string[] = [];
  appliedIndex = 0;
  turns = 0;
  restores = 0;
  padding = 0;

  apply(_index: number, data: Uint8Array, local: Proposal | undefined): void {
    this.items.push(decoder.decode(data));
    (local as Asked | undefined)?.applied();
  }
  applied(index: number): void {
    this.appliedIndex = index;
    this.turns += 1;
  }
  async *snapshot(): AsyncGenerator<Uint8Array> {
    const frozen = encoder.encode(JSON.stringify({ items: this.items, padding: 'x'.repeat(this.padding) }));
    for (let at = 0; at < frozen.length; at += 200_000) yield frozen.subarray(at, at + 200_000);
  }
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.items = (JSON.parse(decoder.decode(joined(parts))) as { items: string[] }).items;
    this.restores += 1;
  }
}

/** A proposal that notes its outcome, and fails the test when there are two. */
export class Asked implements Proposal {
  outcome: 'applied' | 'lost' | `refused ${ProposalRefusal['reason']}` | undefined;
  refused({ reason }: ProposalRefusal): void {
    this.#set(`refused ${reason}`);
  }
  lost(): void {
    this.#set('lost');
  }
  applied(): void {
    this.#set('applied');
  }
  #set(outcome: NonNullable<Asked['outcome']>): void {
    if (this.outcome !== undefined) throw new Error(`a second outcome: ${outcome} after ${this.outcome}`);
    this.outcome = outcome;
  }
}

export class TestNode {
  readonly id: NodeId;
  readonly disk: MemoryDisk = new MemoryDisk();
  readonly virtual: VirtualHost;
  readonly #cluster: TestCluster;
  host!: RaftHost;
  transport!: NodeTransport;
  groups: RaftGroup[] = [];
  machines: ListMachine[] = [];
  fatal: Error | undefined;
  up = false;

  constructor(cluster: TestCluster, id: number) {
    this.#cluster = cluster;
    this.id = NodeId.of(id);
    this.virtual = cluster.world.host(`n${id}`);
  }

  get group(): RaftGroup {
    return this.groups[0]!;
  }
  get machine(): ListMachine {
    return this.machines[0]!;
  }

  async start(initial: Configuration = this.#cluster.initial): Promise<void> {
    const { env } = this.virtual;
    const listen = { host: this.virtual.name, port: 7410 };
    this.transport = await NodeTransport.listen({ env, self: this.id, clusterId: 5, listen });
    this.transport.setPeers(this.#cluster.addresses);
    this.fatal = undefined;
    this.host = new RaftHost({
      env,
      self: this.id,
      transport: this.transport,
      log: new MemoryLog(this.virtual, this.disk),
      snapshots: new MemorySnapshots(this.virtual, this.disk),
      onFatal: (reason) => {
        this.fatal = reason;
      },
      ...this.#cluster.parts,
    });
    this.machines = [];
    this.groups = [];
    for (let i = 0; i < this.#cluster.groupCount; i++) {
      const machine = new ListMachine();
      machine.padding = this.#cluster.padding;
      this.machines.push(machine);
      this.groups.push(await this.host.addGroup(GroupId.of(i), machine, this.#cluster.options, initial));
    }
    this.up = true;
  }

  crash(): void {
    this.up = false;
    this.virtual.crash();
  }

  async restart(): Promise<void> {
    if (this.up) this.crash();
    await this.start();
  }

  propose(text: string, group = 0): Asked {
    const asked = new Asked();
    this.groups[group]!.propose(encoder.encode(text), asked);
    return asked;
  }
}

export class TestCluster {
  readonly world: VirtualWorld;
  readonly nodes: TestNode[];
  options: GroupOptions = {};
  parts: Partial<RaftHostParts> = {};
  groupCount = 1;
  padding = 0;
  readonly initial: Configuration;
  readonly addresses: ReadonlyMap<NodeId, { host: string; port: number }>;

  constructor(count = 3, seed = 1, voters = count) {
    this.world = new VirtualWorld(seed);
    this.nodes = Array.from({ length: count }, (_, i) => new TestNode(this, i + 1));
    const ids = this.nodes.map((node) => node.id);
    this.addresses = new Map(ids.map((id) => [id, { host: `n${id}`, port: 7410 }]));
    this.initial = { voters: ids.slice(0, voters), outgoing: [], learners: [], learnersNext: [] };
  }

  async start(): Promise<this> {
    for (const node of this.nodes) await node.start();
    return this;
  }

  node(id: number): TestNode {
    return this.nodes[id - 1]!;
  }

  leaderOf(group = 0): TestNode | undefined {
    const leaders = this.nodes.filter((node) => node.up && node.groups[group]?.status.role === 'leader');
    return leaders.sort((a, b) => b.groups[group]!.status.term - a.groups[group]!.status.term)[0];
  }

  /** A leader that all running nodes follow. */
  async leader(group = 0): Promise<TestNode> {
    await this.world.until(() => {
      const leader = this.leaderOf(group);
      return leader !== undefined && this.nodes.every((n) => !n.up || n.groups[group]!.status.leader === leader.id);
    });
    return this.leaderOf(group)!;
  }

  async applied(...asked: Asked[]): Promise<void> {
    await this.world.until(() => asked.every((each) => each.outcome !== undefined));
  }

  async converged(group = 0): Promise<void> {
    const up = this.nodes.filter((node) => node.up);
    await this.world.until(() => {
      const last = Math.max(...up.map((node) => node.groups[group]!.status.lastIndex));
      return up.every((node) => node.groups[group]!.status.appliedIndex === last);
    });
  }
}
