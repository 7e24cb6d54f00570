import type { CoreNode } from '@quorate/cluster/node';
import { World } from '@quorate/sim/world';
import { expect, test } from 'vitest';
import { HandMade, keyValue, rangeAnswer } from './checks/hand-made.fixture.ts';
import type { RaftWitness } from './checks/raft-witness.ts';
import type { CoreCluster } from './core-cluster.ts';
import { Liveness } from './liveness.ts';
import type { Workload } from './workload/workload.ts';

const CAUGHT_UP = 10;

/** A cluster of n1 alone, which n2 joins while the watchers are waited for: empty at first, and `catchesUpMs` later with everything. */
async function found(catchesUpMs: number): Promise<readonly string[]> {
  const history = new HandMade();
  history.put('k', 1);
  const world = new World({ seed: 1n });
  for (const name of ['n1', 'n2']) world.node(name).start(() => {});
  await world.run({ forMs: 1 });
  let joinedAtMs = Number.POSITIVE_INFINITY;
  const node = (role: string, isCaughtUp: () => boolean): CoreNode => {
    const core = {
      range: async () => (isCaughtUp() ? rangeAnswer(2, keyValue('k', 1, 2)) : rangeAnswer(1)),
      hash: async () => ({ hash: isCaughtUp() ? 5 : 0, compactRevision: -1 }),
    };
    const raft = () => ({ appliedIndex: isCaughtUp() ? CAUGHT_UP : 0, damaged: false, leader: 1, role });
    return {
      core,
      get status() {
        return { raft: raft() };
      },
    } as unknown as CoreNode;
  };
  const running = new Map([
    ['n1', node('leader', () => true)],
    ['n2', node('follower', () => world.nowMs >= joinedAtMs + catchesUpMs)],
  ]);
  const cluster = {
    running,
    get members() {
      return world.nowMs >= joinedAtMs ? ['n1', 'n2'] : ['n1'];
    },
  };
  const workload = {
    busy: 0,
    reference: history.reference,
    readEverything: () => true,
    lingering: () => undefined,
    outstanding: () => {
      joinedAtMs = Math.min(joinedAtMs, world.nowMs);
      return undefined;
    },
    closeObservers: () => {},
  };
  await new Liveness(
    world,
    cluster as unknown as CoreCluster,
    workload as unknown as Workload,
    { commitIndex: CAUGHT_UP } as RaftWitness,
    history.violations,
  ).run();
  return history.found;
}

test('a node that joins at the end is waited for before its state is looked at', async () => {
  expect(await found(300)).toEqual([]);
});

test('a node that joins and never catches up is reported', async () => {
  expect(await found(60_000)).toEqual(['liveness']);
});
