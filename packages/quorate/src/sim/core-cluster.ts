/** Real nodes of the core on simulated machines, each with a witness in its kernel. */

import { type CoreNode, startCoreNode } from '@quorate/cluster/node';
import type { Env } from '@quorate/env';
import { membersOf, NodeId } from '@quorate/patterns/consensus/raft';
import type { SimNode, World } from '@quorate/sim/world';
import type { RaftWitness } from './checks/raft-witness.ts';
import type { Shape } from './shape.ts';
import type { Violations } from './violations.ts';

const PORT = 7410;
const DATA = '/data';
/** Errors by which a process may end: its disk, its network, or the cluster has refused something. Any other is a defect. */
const ALLOWED_ENDS = ['StorageError', 'DiskError', 'NetError', 'CoreError', 'ProcessEnded'];

export function addressOf(name: string): string {
  return `${name}:${PORT}`;
}

/** How a machine belongs to the cluster when it starts. `out`: not at all, what it once was must not come back. */
type Belonging = 'founder' | 'joiner' | 'out';

export class CoreCluster {
  readonly names: readonly string[];
  /** A machine that is there to take somebody's place. */
  readonly spare: string;
  readonly world: World;
  readonly running: Map<string, CoreNode> = new Map();
  readonly #shape: Shape;
  readonly #witness: RaftWitness;
  readonly #violations: Violations;
  readonly #belongs = new Map<string, Belonging>();

  constructor(world: World, shape: Shape, witness: RaftWitness, violations: Violations) {
    this.world = world;
    this.#shape = shape;
    this.#witness = witness;
    this.#violations = violations;
    this.names = nodeNames(shape.nodes);
    this.spare = `n${shape.nodes + 1}`;
  }

  /** All machines on which there may be a node. */
  get machines(): readonly string[] {
    return [...this.names, this.spare];
  }

  get addresses(): readonly string[] {
    return this.machines.map(addressOf);
  }

  start(): void {
    for (const name of this.names) this.#found(name, 'founder');
  }

  /** Starts an empty machine as a new member. */
  join(name: string): void {
    this.#found(name, 'joiner');
  }

  /** The machine leaves for good, and its disk is emptied. */
  async retire(name: string): Promise<void> {
    this.#belongs.set(name, 'out');
    const node = this.world.node(name);
    if (node.isRunning) node.kill();
    this.running.delete(name);
    node.wipeDisk();
  }

  belongs(name: string): Belonging {
    return this.#belongs.get(name) ?? 'out';
  }

  /** Of several that believe to lead: the one of the highest term. */
  get leader(): string | undefined {
    let found: { readonly name: string; readonly term: number } | undefined;
    for (const [name, node] of this.running) {
      const { role, term } = node.status.raft;
      if (role === 'leader' && this.world.node(name).isRunning && (found === undefined || term > found.term)) {
        found = { name, term };
      }
    }
    return found?.name;
  }

  /** Who takes part, as the leader has it; undefined without a leader. */
  get members(): readonly string[] | undefined {
    const leader = this.leader;
    if (leader === undefined) return undefined;
    const { core, status } = this.running.get(leader)!;
    const names = new Map<number, string>(core.members.map(({ id, name }) => [id, name]));
    return [...membersOf(status.raft.configuration)].map((id) => names.get(id) ?? `member ${id}`);
  }

  /** As is committed: no later leader can think otherwise. Undefined before the first change. */
  get voters(): readonly number[] | undefined {
    return this.#witness.configuration?.voters;
  }

  /** As is committed. Once it is not, it never will be again. */
  isMember(id: number): boolean {
    const { configuration } = this.#witness;
    return configuration === undefined || membersOf(configuration).has(NodeId.of(id));
  }

  #found(name: string, belonging: Belonging): void {
    this.#belongs.set(name, belonging);
    const machine = this.world.node(name);
    // A machine that was out may run a process that does nothing.
    if (machine.isRunning) machine.kill();
    if (machine.incarnation === 0) machine.onEnd(() => this.running.delete(name));
    machine.start((env) => this.#main(env, machine));
  }

  async #main(env: Env, machine: SimNode): Promise<CoreNode | undefined> {
    const { name } = machine;
    const belonging = this.belongs(name);
    if (belonging === 'out') return undefined;
    const { incarnation } = machine;
    const { raft, segmentBytes } = this.#shape;
    const founders = Object.fromEntries(this.names.map((each) => [each, addressOf(each)]));
    const membership =
      belonging === 'founder'
        ? { initialCluster: founders }
        : { join: this.machines.filter((each) => each !== name).map(addressOf) };
    const node = await startCoreNode(env, {
      name,
      dataDirectory: DATA,
      listen: { host: name, port: PORT },
      raft,
      storage: { segmentBytes, zeroAheadBytes: 4096 },
      createKernel: this.#witness.kernelsOf(name),
      ...membership,
    });
    if (machine.incarnation !== incarnation || !machine.isRunning) return node;
    this.running.set(name, node);
    void node.removed.then(() => this.#wasRemoved(node, machine, incarnation));
    void node.fatal.then((reason) => {
      this.ended(name, reason);
      machine.exit(reason.message);
    });
    return node;
  }

  /** As `quorate serve` does: what is no member any more ends, or clients would stay with it. */
  #wasRemoved(node: CoreNode, machine: SimNode, incarnation: number): void {
    const { memberId } = node.status;
    if (this.isMember(memberId)) {
      this.#violations.report('removal', `${machine.name} believes that it was removed, but member ${memberId} is one`);
    }
    this.world.at(this.world.nowMs, 'removed', () => {
      if (machine.incarnation === incarnation && machine.isRunning) void this.retire(machine.name);
    });
  }

  /** A process has died of `error`. */
  ended(name: string, error: unknown): void {
    const reason = rootOf(error);
    this.world.mark(`process ended: ${reason.name}`);
    if (ALLOWED_ENDS.includes(reason.name)) return;
    this.#violations.report('no-crash', `${name} died of ${reason.stack ?? reason.message}`);
  }
}

export function nodeNames(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `n${i + 1}`);
}

function rootOf(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  return error.cause instanceof Error ? rootOf(error.cause) : error;
}
