/**
 * What must come to pass once everything is healed, each within a bound of simulated time: whoever waits is answered, the cluster has
 * one leader and one state, watchers have heard everything, leases that nobody keeps alive are gone, and everything can be read.
 */
import type { World } from '@quorate/sim/world';
import { checkState, divergence } from './checks/convergence.ts';
import type { RaftWitness } from './checks/raft-witness.ts';
import type { CoreCluster } from './core-cluster.ts';
import type { Violations } from './violations.ts';
import type { Workload } from './workload/workload.ts';

/** The longest time-out of a call, and an election or two. */
const BOUND_MS = 20_000;

export class Liveness {
  readonly #world: World;
  readonly #cluster: CoreCluster;
  readonly #workload: Workload;
  readonly #witness: RaftWitness;
  readonly #violations: Violations;

  constructor(world: World, cluster: CoreCluster, workload: Workload, witness: RaftWitness, violations: Violations) {
    this.#world = world;
    this.#cluster = cluster;
    this.#workload = workload;
    this.#witness = witness;
    this.#violations = violations;
  }

  async run(): Promise<void> {
    const workload = this.#workload;
    await this.#until('whoever waits is answered', () => this.#busy());
    await this.#until('the nodes converge', () => this.#divergence());
    await this.#until('everything is read', () => (workload.readEverything() ? undefined : 'it cannot be read yet'));
    await this.#until('leases end', () => workload.lingering());
    await this.#until('the nodes converge again', () => this.#divergence());
    await this.#until('watchers hear everything', () => workload.outstanding());
    // One may have joined meanwhile. Who joins from here on is not looked at: it cannot have everything yet.
    await this.#until('the nodes converge at the end', () => this.#divergence());
    const members = this.#cluster.members ?? [];
    workload.closeObservers();
    if (!this.#violations.any) await this.#sameState(members);
  }

  #busy(): string | undefined {
    const { busy } = this.#workload;
    return busy === 0 ? undefined : `${busy} actors still wait`;
  }

  #divergence(): string | undefined {
    const { members, running } = this.#cluster;
    return members === undefined ? 'nobody leads' : divergence(running, members, this.#witness.commitIndex);
  }

  /** `lack` says what is missing. */
  async #until(what: string, lack: () => string | undefined): Promise<void> {
    if (this.#violations.any) return;
    const until = this.#world.nowMs + BOUND_MS;
    while (this.#world.nowMs < until && !this.#violations.any && lack() !== undefined) {
      await this.#world.run({ forMs: 50 });
    }
    const missing = this.#violations.any ? undefined : lack();
    if (missing === undefined) return;
    this.#violations.report('liveness', `not within ${BOUND_MS / 1000} s after the last fault: ${what}; ${missing}`);
  }

  async #sameState(members: readonly string[]): Promise<void> {
    const { reference } = this.#workload;
    const hashes = new Map<string, string>();
    for (const name of members) {
      const node = this.#cluster.running.get(name);
      if (node === undefined) continue;
      const { hash, compactRevision } = await this.#world.settle(
        this.#world.node(name).call(() => checkState(name, node, reference, this.#violations)),
      );
      hashes.set(name, `${hash} from ${compactRevision} on`);
    }
    if (new Set(hashes.values()).size <= 1) return;
    const shown = [...hashes].map(([name, hash]) => `${name}: ${hash}`).join(', ');
    this.#violations.report('convergence', `the hashes of all versions differ: ${shown}`);
  }
}
