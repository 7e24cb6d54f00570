/** Larger systems than those of `model.test.ts`. Part of `npm run test:long`. */
import { describe, expect, test } from 'vitest';
import type { Hosting } from '../host.fixture.ts';
import { exploreSmall, type SmallSystem } from './world.fixture.ts';

const crashing: Hosting = { disk: 'waits', crashesMax: Number.POSITIVE_INFINITY };

const sound: readonly (readonly [what: string, system: SmallSystem, states: number])[] = [
  ['three acceptors and three proposers', { acceptors: 3, rounds: [1, 1, 1] }, 194_418],
  ['three acceptors, and a proposer that tries again', { acceptors: 3, rounds: [2, 1] }, 44_302],
  ['three acceptors that say no', { acceptors: 3, rounds: [1, 1], refusals: true }, 57_034],
  [
    'three acceptors, one of which crashes at any time',
    { acceptors: 3, rounds: [1, 1], acceptorDisks: [crashing] },
    41_411,
  ],
];

describe('all states are sound with', () => {
  for (const [what, system, states] of sound)
    test(what, { timeout: 600_000 }, () => {
      const explored = exploreSmall(system);
      expect(explored.violation).toBeUndefined();
      expect(explored.states).toBe(states);
    });
});
