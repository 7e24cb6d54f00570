/** Larger groups than those of `model.test.ts`. Part of `npm run test:long`. */
import { describe, expect, test } from 'vitest';
import { FlexibleQuorum } from '../../../quorum/index.ts';
import { NodeId } from '../ballot.ts';
import type { Hosting } from '../host.fixture.ts';
import { three, two } from './groups.fixture.ts';
import { exploreGroup, type SmallGroup } from './world.fixture.ts';

const crashesOnce: Hosting = { disk: 'waits', crashesMax: 1 };
const members = [1, 2, 3].map(NodeId.of);

const sound: readonly (readonly [what: string, group: SmallGroup, states: number])[] = [
  ['three replicas', three, 62_099],
  [
    'three replicas, all of which promise and any of which accepts',
    { ...three, quorums: new FlexibleQuorum({ members, prepare: 3, accept: 1 }) },
    50_004,
  ],
  [
    'two values in flight against another leader',
    {
      replicas: [
        { rounds: 1, proposes: ['a', 'b'] },
        { rounds: 1, proposes: ['c'] },
      ],
    },
    27_931,
  ],
  ['a replica that crashes', { replicas: [{ ...two.replicas[0]!, disk: crashesOnce }, two.replicas[1]!] }, 80_330],
];

describe('all states are sound with', () => {
  for (const [what, group, states] of sound)
    test(what, { timeout: 600_000 }, () => {
      const explored = exploreGroup(group);
      expect(explored.violation).toBeUndefined();
      expect(explored.states).toBe(states);
    });
});
