import { seeded } from '../detection/random.fixture.ts';
import type { ReplicationMode } from './index.ts';
import { LogChaos } from './log-chaos.fixture.ts';
import { type Cheat, LogCluster } from './log-cluster.fixture.ts';
import { Violation } from './log-invariants.fixture.ts';

export const semi = (followers: number): ReplicationMode => ({ kind: 'semi-synchronous', followers });
export const sync = (copiesMin: number): ReplicationMode => ({ kind: 'synchronous', copiesMin });
export const ASYNC: ReplicationMode = { kind: 'asynchronous' };

export interface RunOptions {
  readonly mode: ReplicationMode;
  readonly replicas: number;
  /** Disks that may burn. */
  readonly burnMax: number;
  readonly cheat?: Cheat;
  readonly lossAfterMs?: number;
}

/** A whole life of a cluster. Throws `Violation`; the same seed gives the same run. */
export function run(seed: number, { burnMax, ...options }: RunOptions): LogCluster {
  const random = seeded(seed);
  const cluster = new LogCluster({ ...options, random, replica: { retainMax: 8 } });
  const slow = options.cheat === 'persisted-before-disk' ? { slow: 8 } : {};
  const chaos = new LogChaos(cluster, random, { burnMax, releases: true, ...slow });
  cluster.failOver();
  for (let turn = 0; turn < 500; turn++) chaos.turn();
  cluster.settle();
  cluster.checkEqual();
  return cluster;
}

/** Runs seeds from 1 on. What they did in all. */
export function runAll(seeds: number, options: RunOptions): { acknowledged: number; failovers: number; lost: number } {
  const sum = { acknowledged: 0, failovers: 0, lost: 0 };
  for (let seed = 1; seed <= seeds; seed++) {
    try {
      const cluster = run(seed, options);
      sum.acknowledged += cluster.invariants.acknowledgedCount;
      sum.failovers += cluster.failoverCount;
      sum.lost += cluster.lostCount;
    } catch (error) {
      throw new Error(`seed ${seed} of ${JSON.stringify(options)}`, { cause: error });
    }
  }
  return sum;
}

/** Which invariants broke, of the first `seeds` runs; stops at the first run that broke `wanted`. */
export function broken(seeds: number, options: RunOptions, wanted: string): Set<string> {
  const found = new Set<string>();
  for (let seed = 1; seed <= seeds && !found.has(wanted); seed++) {
    try {
      run(seed, options);
    } catch (error) {
      if (error instanceof Violation) found.add(error.invariant);
      else if (!(error instanceof Error && error.name === 'InvariantError')) throw error;
    }
  }
  return found;
}
