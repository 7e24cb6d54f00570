/**
 * One run: a cluster, clients and faults, all from one seed. First safety, while faults last; then everything is healed and the cluster
 * must elect, serve and converge within a bound (the two phases of TigerBeetle's simulator); then everything is read once more.
 */
import {
  drawProfile,
  type Fault,
  type FaultFamily,
  Nemesis,
  type Profile,
  planFaults,
  worldOptions,
} from '@quorate/sim/nemesis';
import { World } from '@quorate/sim/world';
import { checkLinearizability } from './checks/linearizability.ts';
import { RaftWitness } from './checks/raft-witness.ts';
import { withCompounds } from './compound-faults.ts';
import { CoreCluster, nodeNames } from './core-cluster.ts';
import { Liveness } from './liveness.ts';
import { aimedShape, type Scenario } from './scenario.ts';
import { drawShape, type Shape } from './shape.ts';
import { type Violation, Violations } from './violations.ts';
import type { Outcome } from './workload/operation-log.ts';
import { Workload } from './workload/workload.ts';

export interface SeedOptions {
  readonly seed: string;
  readonly nodes: number;
  readonly families: readonly FaultFamily[];
  /** Simulated time with faults. */
  readonly seconds: number;
  /** Instead of those that the seed draws. */
  readonly faults?: readonly Fault[] | undefined;
  /** What else is not to be drawn. */
  readonly scenario?: Scenario | undefined;
  /** Hears every event, message and log line. */
  readonly onTrace?: ((line: string) => void) | undefined;
}

export interface SeedResult {
  readonly seed: string;
  /** Sixteen hex digits that stand for everything that happened. */
  readonly digest: string;
  readonly simulatedMs: number;
  readonly events: number;
  /** Committed entries of the log. */
  readonly entries: number;
  readonly faults: readonly Fault[];
  readonly injected: ReadonlyMap<string, number>;
  readonly marks: ReadonlyMap<string, number>;
  readonly operations: ReadonlyMap<string, Readonly<Record<Outcome, number>>>;
  readonly violations: readonly Violation[];
}

/** What the seed has drawn: the network, the disks, the clocks, and the faults' families. */
export function profileOf({ seed, nodes, families, seconds, scenario }: SeedOptions): Profile {
  const drawn = drawProfile({ seed, nodes: nodeNames(nodes), durationMs: seconds * 1000, families });
  return { ...drawn, ...scenario?.profile };
}

export async function runSeed(options: SeedOptions): Promise<SeedResult> {
  return new Run(options).run();
}

class Run {
  readonly #options: SeedOptions;
  readonly #world: World;
  readonly #violations: Violations;
  readonly #witness: RaftWitness;
  readonly #cluster: CoreCluster;
  readonly #workload: Workload;
  readonly #faults: readonly Fault[];

  constructor(options: SeedOptions) {
    const profile = profileOf(options);
    const shape = aimedShape(drawShape(options.seed, options.nodes), options.scenario ?? {});
    this.#options = options;
    this.#faults = options.faults ?? withCompounds(profile, planFaults(profile));
    const world = this.#makeWorld(profile);
    this.#world = world;
    this.#violations = new Violations(() => world.nowMs);
    this.#witness = new RaftWitness(this.#violations, {
      committed: (entry) => {
        if (entry.kind === 'data') this.#workload.reference.apply(entry.data);
      },
      mark: (name) => world.mark(name),
    });
    this.#cluster = new CoreCluster(world, shape, this.#witness, this.#violations);
    this.#workload = this.#makeWorkload(shape, profile);
  }

  #makeWorld(profile: Profile): World {
    const { onTrace } = this.#options;
    const world = new World({
      ...worldOptions(profile),
      trace: onTrace === undefined ? 'off' : 'full',
      onProcessError: (failure) => {
        this.#cluster.ended(failure.node, failure.error);
        return 'exit';
      },
      onLog: ({ message, fields }) => {
        if (message === 'received a snapshot' && Number(fields?.['chunks']) > 1) {
          world.mark('snapshot of several chunks received');
        }
      },
    });
    for (const [i, ppm] of profile.driftPpm.entries()) world.node(profile.nodes[i]!).clock.setDriftPpm(ppm);
    return world;
  }

  #makeWorkload(shape: Shape, profile: Profile): Workload {
    const damageable = profile.damageable;
    return new Workload({
      world: this.#world,
      shape,
      cluster: this.#cluster,
      violations: this.#violations,
      damageable,
    });
  }

  async run(): Promise<SeedResult> {
    const world = this.#world;
    this.#cluster.start();
    this.#workload.start();
    const nemesis = new Nemesis(world, {
      nodes: this.#cluster.machines,
      faults: this.#faults,
      leader: () => this.#cluster.leader,
      // Those whose loss the node can repair; a lost identity is for its operator.
      mayFlip: (path) => path.includes('/log/') || path.includes('/snapshots/'),
    });
    await world.run({ until: () => this.#violations.any, forMs: this.#options.seconds * 1000 });
    this.#workload.end();
    nemesis.heal();
    const liveness = new Liveness(world, this.#cluster, this.#workload, this.#witness, this.#violations);
    if (!this.#violations.any) await liveness.run();
    if (!this.#violations.any) this.#workload.judge();
    if (!this.#violations.any) {
      checkLinearizability(this.#workload.operations.all, this.#workload.reference, this.#violations);
    }
    this.#writeTrace();
    return this.#result(nemesis);
  }

  #writeTrace(): void {
    const { onTrace } = this.#options;
    if (onTrace === undefined) return;
    onTrace(this.#world.trace.format());
    for (const line of this.#workload.transcript()) onTrace(line);
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
      operations: this.#workload.operations.counts,
      violations: this.#violations.found,
    };
  }
}
