/** Raft groups on simulated machines, with the real log, snapshots and transport: no core on top, so that what fails is below it. */
import {
  GroupError,
  type GroupOptions,
  type Proposal,
  type RaftGroup,
  RaftHost,
  type StateMachine,
} from '@quorate/cluster/raft';
import { GroupId, openLogStore, openSnapshotStore } from '@quorate/cluster/storage';
import { NodeTransport } from '@quorate/cluster/transport';
import type { Env } from '@quorate/env';
import { NodeId } from '@quorate/patterns/consensus/raft';
import { isolate } from '@quorate/sim/net';
import { World } from '@quorate/sim/world';

const CLUSTER = 9;
const PORT = 7410;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** All items in order. */
export class Journal implements StateMachine {
  items: string[] = [];

  apply(_index: number, data: Uint8Array, local: Proposal | undefined): void {
    this.items.push(decoder.decode(data));
    (local as (Proposal & { applied(): void }) | undefined)?.applied();
  }
  applied(): void {}
  async *snapshot(): AsyncGenerator<Uint8Array> {
    const frozen = encoder.encode(this.items.join('\n'));
    for (let at = 0; at < frozen.length; at += 4096) yield frozen.subarray(at, at + 4096);
  }
  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    let text = '';
    for await (const chunk of chunks) text += decoder.decode(chunk);
    this.items = text === '' ? [] : text.split('\n');
  }
}

export interface Running {
  readonly host: RaftHost;
  readonly groups: readonly RaftGroup[];
  readonly journals: readonly Journal[];
}

export interface ScenarioOptions {
  readonly nodes: number;
  readonly groups: number;
  readonly raft: GroupOptions;
}

/** A cluster in a world, what was acknowledged by it, and what its reads missed. */
export class Scenario {
  readonly world: World;
  readonly names: readonly string[];
  readonly options: ScenarioOptions;
  readonly running: Map<string, Running> = new Map();
  readonly acknowledged: string[] = [];
  readonly refused: string[] = [];
  readonly violations: string[] = [];
  #asked = 0;

  constructor(seed: bigint, options: ScenarioOptions) {
    this.world = new World({ seed, onProcessError: 'exit' });
    this.options = options;
    this.names = Array.from({ length: options.nodes }, (_, i) => `n${i + 1}`);
  }

  start(): void {
    this.names.forEach((name, i) => {
      const node = this.world.node(name);
      node.onEnd(() => this.running.delete(name));
      node.start((env) => this.#main(env, name, NodeId.of(i + 1)));
    });
  }

  async #main(env: Env, name: string, self: NodeId): Promise<void> {
    const owner = { clusterId: CLUSTER, nodeId: self };
    const log = await openLogStore(env, '/log', { ...owner, segmentBytes: 16 * 1024 });
    const snapshots = await openSnapshotStore(env, '/snapshots', owner);
    const transport = await NodeTransport.listen({ env, self, clusterId: CLUSTER, listen: { host: name, port: PORT } });
    const ids = this.names.map((_, i) => NodeId.of(i + 1));
    transport.setPeers(new Map(ids.map((id, i) => [id, { host: this.names[i]!, port: PORT }])));
    const onFatal = (reason: Error): void => this.world.node(name).exit(reason.message);
    const host = new RaftHost({ env, self, transport, log, snapshots, onFatal });
    const groups: RaftGroup[] = [];
    const journals: Journal[] = [];
    const initial = { voters: ids, outgoing: [], learners: [], learnersNext: [] };
    for (let i = 0; i < this.options.groups; i++) {
      const journal = new Journal();
      journals.push(journal);
      groups.push(await host.addGroup(GroupId.of(i), journal, this.options.raft, initial));
    }
    this.running.set(name, { host, groups, journals });
  }

  /** Proposes on a node, as code of its process. */
  propose(name: string, group: number): void {
    const running = this.running.get(name);
    if (running === undefined) return;
    const text = `${group}/${this.#asked++}`;
    const proposal = {
      applied: () => void this.acknowledged.push(text),
      refused: () => void this.refused.push(text),
      lost: () => {},
    };
    void this.world.node(name).call(() => running.groups[group]!.propose(encoder.encode(text), proposal));
  }

  /** Everything acknowledged when the read begins must be there when it is answered. */
  read(name: string, group: number): void {
    const running = this.running.get(name);
    if (running === undefined) return;
    const expected = this.acknowledged.filter((text) => text.startsWith(`${group}/`));
    const { items } = running.journals[group]!;
    void this.world.node(name).call(() =>
      running.groups[group]!.readBarrier((error) => {
        if (error !== undefined) {
          if (!(error instanceof GroupError && error.retryable)) this.violations.push(`a read failed: ${error}`);
          return;
        }
        const seen = new Set(running.journals[group]!.items);
        const missed = expected.filter((text) => !seen.has(text));
        if (missed.length > 0) this.violations.push(`${name} missed ${missed} (it had ${items.length} items)`);
      }),
    );
  }

  /** One act of a nemesis: whatever it does is undone by `heal`. */
  disturb(): void {
    const random = this.world.stream('nemesis');
    const name = this.names[random.below(this.names.length)]!;
    const node = this.world.node(name);
    const act = random.below(6);
    if (act === 0 && node.isRunning) node.kill();
    else if (act === 1 && node.isRunning) node.crash();
    else if (act === 2 && node.isRunning && !node.isPaused) node.pause(random.below(900));
    else if (act === 3) this.world.net.cut(isolate(name, this.names));
    else if (act === 4) this.world.net.degrade({ loss: 0.05, reset: 0.01, split: 0.5 });
    else {
      this.world.net.heal();
      for (const each of this.names) if (!this.world.node(each).isRunning) this.world.node(each).start();
    }
  }

  async heal(): Promise<void> {
    this.world.net.heal();
    for (const name of this.names) {
      const node = this.world.node(name);
      if (node.isRunning && node.isPaused) node.resume();
      if (!node.isRunning) node.start();
    }
    await this.world.run({ until: () => this.#converged(), forMs: 30_000 });
    if (!this.#converged()) this.violations.push(`no agreement 30 s after all was healed, seed ${this.world.seed}`);
  }

  #converged(): boolean {
    if (this.running.size < this.names.length) return false;
    for (let group = 0; group < this.options.groups; group++) {
      const all = [...this.running.values()].map((each) => each.groups[group]!.status);
      const last = Math.max(...all.map((status) => status.lastIndex));
      if (!all.every((status) => status.appliedIndex === last && !status.damaged)) return false;
      if (!all.some((status) => status.role === 'leader')) return false;
    }
    return true;
  }

  /** What must hold in the end. */
  check(): void {
    for (let group = 0; group < this.options.groups; group++) {
      const journals = this.names.map((name) => this.running.get(name)?.journals[group]?.items ?? []);
      const first = journals[0]!;
      if (journals.some((items) => items.join() !== first.join()))
        this.violations.push(`group ${group}: states differ`);
      const items = new Set(first);
      if (items.size !== first.length) this.violations.push(`group ${group}: an entry was applied twice`);
      const mine = (text: string): boolean => text.startsWith(`${group}/`);
      const lost = this.acknowledged.filter((text) => mine(text) && !items.has(text));
      if (lost.length > 0) this.violations.push(`group ${group}: acknowledged and gone: ${lost}`);
      const wrong = this.refused.filter((text) => items.has(text));
      if (wrong.length > 0) this.violations.push(`group ${group}: refused and there: ${wrong}`);
    }
  }
}

/** One seed's history: clients on all nodes, a nemesis, then everything is healed and checked. */
export async function play(seed: bigint, options: ScenarioOptions): Promise<Scenario> {
  const scenario = new Scenario(seed, options);
  scenario.start();
  await scenario.world.run({ forMs: 1500 });
  const random = scenario.world.stream('clients');
  for (let turn = 0; turn < 400; turn++) {
    const name = scenario.names[random.below(scenario.names.length)]!;
    const group = random.below(options.groups);
    for (let i = random.below(6); i >= 0; i--) scenario.propose(name, group);
    if (random.below(4) === 0) scenario.read(name, group);
    if (random.below(15) === 0) scenario.disturb();
    await scenario.world.run({ forMs: random.below(40) + 1 });
  }
  await scenario.heal();
  scenario.check();
  return scenario;
}
