/** Larger systems than those of `model.test.ts`. Part of `npm run test:long`. */
import { describe, expect, test } from 'vitest';
import { soundAndLarge } from './systems.fixture.ts';
import { exploreRegisters } from './world.fixture.ts';

describe('all states are sound with', () => {
  for (const [what, system, states] of soundAndLarge)
    test(what, { timeout: 600_000 }, () => {
      const explored = exploreRegisters(system);
      expect(explored.violation).toBeUndefined();
      expect(explored.states).toBe(states);
    });
});
