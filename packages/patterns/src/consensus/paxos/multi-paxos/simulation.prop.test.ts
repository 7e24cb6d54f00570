/**
 * Whole groups under faults, from seeds. A failure names its seed; to run only that one:
 *
 *     SEED=123 npx vitest run packages/patterns/src/consensus/paxos/multi-paxos/simulation.prop.test.ts
 */
import { describe, expect, test } from 'vitest';
import type { MultiPaxosRules } from './multi-paxos-rules.ts';
import { type Story, type Told, tell } from './simulation.fixture.ts';

const SEEDS = 15;
const BROKEN_SEEDS_MAX = 40;

function telling(story: Story): Told {
  try {
    return tell(story);
  } catch (error) {
    throw new Error(`seed ${story.seed}: ${(error as Error).message}`, { cause: error });
  }
}

test.each([3, 4, 5])('whatever happens %i replicas agree, and once it is calm they come together', (members) => {
  const only = process.env['SEED'];
  const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)];
  const sums: Record<string, number> = {};
  for (const seed of seeds)
    for (const [what, count] of Object.entries(telling({ seed, members }))) sums[what] = (sums[what] ?? 0) + count;
  if (only !== undefined) return;
  // The stories have everything in them.
  for (const what of ['chosen', 'done', 'lost', 'refused', 'leaders', 'crashes', 'snapshots'])
    expect(sums[what], what).toBeGreaterThan(SEEDS / 2);
});

const broken: readonly (readonly [what: string, rules: Partial<MultiPaxosRules>])[] = [
  ['a new leader that ignores what was accepted', { binding: () => undefined }],
  ['a new leader that proposes where others know what is chosen', { firstOpen: () => 1 }],
  ['a replica that takes what it holds for what is chosen', { isWhatIsChosen: () => true }],
];

describe('the checks find', () => {
  for (const [what, rules] of broken)
    test(what, () => {
      expect(firstWrong(rules)).toMatch(/^seed/);
    });
});

function firstWrong(rules: Partial<MultiPaxosRules>): string {
  for (let seed = 1; seed <= BROKEN_SEEDS_MAX; seed++) {
    try {
      tell({ seed, rules });
    } catch (error) {
      return `seed ${seed}: ${(error as Error).name}: ${(error as Error).message}`;
    }
  }
  return `nothing in ${BROKEN_SEEDS_MAX} seeds`;
}
