/**
 * One run: a cluster, clients and faults, all from one seed. First safety, while faults last; then everything is healed and the cluster
 * must elect, serve and converge within a bound (the two phases of TigerBeetle's simulator); then everything is read once more.
 */
import {
  describeFault,
  drawProfile,
  type Fault,
  type FaultFamily,
  Nemesis,
  planFaults,
  worldOptions,
} from '@quorate/sim/nemesis';
import { World } from '@quorate/sim/world';
import { checkLinearizability } from './checks/linearizability.ts';
import { RaftWitness } from './checks/raft-witness.ts';
import { RevisionCheck } from './checks/revision-check.ts';
import { CoreCluster, nodeNames } from './core-cluster.ts';
import { ReferenceStore } from './oracle/reference-store.ts';
import { drawShape, type Shape } from './shape.ts';
import { type Violation, Violations } from './violations.ts';
import { Caller } from './workload/caller.ts';
import { OperationLog, type Outcome } from './workload/operation-log.ts';
import { Stage, type StageParts } from './workload/stage.ts';

export interface SeedOptions {
  readonly seed: string;
  readonly nodes: number;
  readonly families: readonly FaultFamily[];
  /** Simulated time with faults. */
  readonly seconds: number;
  /** Instead of those that the seed draws. */
  readonly faults?: readonly Fault[] | undefined;
  readonly onTrace?: ((line: string) => void) | undefined;
}

export interface SeedResult {
  readonly seed: string;
  readonly digest: string;
  readonly simulatedMs: number;
  readonly events: number;
  readonly entries: number;
  readonly faults: readonly Fault[];
  readonly injected: ReadonlyMap<string, number>;
  readonly marks: ReadonlyMap<string, number>;
  readonly operations: ReadonlyMap<string, Readonly<Record<Outcome, number>>>;
  readonly violations: readonly Violation[];
}

export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  return new Run(options).run();
}

class Run {
  readonly #options: SeedOptions;
  readonly #shape: Shape;
  readonly #world: World;
  readonly #violations: Violations;
  readonly #reference: ReferenceStore;
  readonly #witness: RaftWitness;
  readonly #cluster: CoreCluster;
  readonly #operations: OperationLog;
  readonly #parts: StageParts;
  readonly #faults: readonly Fault[];
  #isOver = false;
  /** Actors that have not come to their end. */
  #busy = 0;

  constructor(options: SeedOptions) {
    const { seed, nodes, families } = options;
    const profile = drawProfile({ seed, nodes: nodeNames(nodes), durationMs: options.seconds * 1000, families });
    this.#options = options;
    this.#shape = drawShape(seed, nodes);
    this.#faults = options.faults ?? planFaults(profile);
    this.#world = new World({
      ...worldOptions(profile),
      onProcessError: (failure) => {
        this.#cluster.ended(failure.node, failure.error);
        return 'exit';
      },
    });
    const world = this.#world;
    this.#violations = new Violations(() => world.nowMs);
    this.#reference = new ReferenceStore({
      twice: (mark) => this.#violations.report('exactly-once', `write ${mark} was carried out twice`),
      expired: () => world.mark('lease expired'),
    });
    this.#witness = new RaftWitness(this.#violations, {
      committed: (entry) => {
        if (entry.kind === 'data') this.#reference.apply(entry.data);
      },
      mark: (name) => world.mark(name),
    });
    this.#cluster = new CoreCluster(world, this.#shape, this.#witness, this.#violations);
    this.#operations = new OperationLog(() => world.nowMs);
    const revisions = new RevisionCheck(this.#reference, this.#operations, this.#violations);
    this.#parts = {
      world,
      shape: this.#shape,
      cluster: this.#cluster,
      operations: this.#operations,
      reference: this.#reference,
      revisions,
      violations: this.#violations,
    };
    for (const [i, ppm] of profile.driftPpm.entries()) world.node(profile.nodes[i]!).clock.setDriftPpm(ppm);
  }

  async run(): Promise<SeedResult> {
    const world = this.#world;
    this.#cluster.start();
    for (let i = 1; i <= this.#shape.clients; i++) this.#client(`c${i}`);
    const nemesis = new Nemesis(world, {
      nodes: this.#cluster.names,
      faults: this.#faults,
      leader: () => this.#cluster.leader,
      mayFlip: (path) => path.includes('/log/') || path.includes('/snapshots/'),
    });
    await world.run({ until: () => this.#violations.any, forMs: this.#options.seconds * 1000 });
    this.#isOver = true;
    nemesis.heal();
    if (!this.#violations.any) await this.#settle();
    if (!this.#violations.any) this.#judge();
    return this.#result(nemesis);
  }

  #client(name: string): void {
    this.#world.node(name).start(async (env) => {
      const stage = new Stage(this.#parts, env, name, () => this.#isOver);
      const client = await stage.connect();
      if (client === undefined) return;
      for (let i = 0; i < this.#shape.callers; i++) this.#act(new Caller(stage, client).run());
    });
  }

  #act(actor: Promise<void>): void {
    this.#busy += 1;
    void actor.finally(() => {
      this.#busy -= 1;
    });
  }

  /** Healed: everybody who waits must be answered. */
  async #settle(): Promise<void> {
    const isSettled = (): boolean => this.#violations.any || this.#busy === 0;
    await this.#world.run({ until: isSettled, forMs: 15_000 });
    if (!isSettled()) this.#violations.report('liveness', `${this.#busy} callers still wait 15 s after the last fault`);
  }

  #judge(): void {
    this.#parts.revisions.refusedStayOut();
    checkLinearizability(this.#operations.all, this.#reference, this.#violations);
  }

  #result(nemesis: Nemesis): SeedResult {
    const world = this.#world;
    return {
      seed: world.seed,
      digest: world.digest,
      simulatedMs: world.nowMs,
      events: world.events,
      entries: this.#witness.commitIndex,
      faults: this.#faults,
      injected: nemesis.injected,
      marks: world.marks,
      operations: this.#operations.counts,
      violations: this.#violations.found,
    };
  }
}

export { describeFault };
