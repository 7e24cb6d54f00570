/**
 * Whole clusters under faults, from seeds. A failure names its seed; to run only that one:
 *
 *     SEED=123 npx vitest run packages/patterns/src/consensus/paxos/caspaxos/simulation.prop.test.ts
 */
import { describe, expect, test } from 'vitest';
import type { RegisterRules } from './register-rules.ts';
import { type Story, type Told, tell } from './simulation.fixture.ts';

const SEEDS = 60;
const BROKEN_SEEDS_MAX = 20;

function telling(story: Story): Told {
  try {
    return tell(story);
  } catch (error) {
    throw new Error(`seed ${story.seed}: ${(error as Error).message}`, { cause: error });
  }
}

test('whatever happens registers are linearizable, and once it is calm everything ends', () => {
  const only = process.env['SEED'];
  const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)];
  const sums: Record<string, number> = {};
  for (const seed of seeds)
    for (const [what, count] of Object.entries(telling({ seed }))) sums[what] = (sums[what] ?? 0) + count;
  if (only !== undefined) return;
  // The stories have everything in them.
  expect(sums['ended']).toBeGreaterThan(SEEDS * 25);
  for (const what of ['unknown', 'erased', 'configurations', 'crashes'])
    expect(sums[what], what).toBeGreaterThan(SEEDS / 2);
});

const broken: readonly (readonly [what: string, rules: Partial<RegisterRules>])[] = [
  ['a proposer that ignores what was accepted', { binding: () => undefined }],
  ['an acceptor that accepts what it promised not to', { mayAccept: () => true }],
  ['a change that is applied anew without looking for itself', { settlement: () => 'never' }],
  ['a collection that erases whatever is there', { mayErase: () => true }],
];

describe('the checks find', () => {
  for (const [what, rules] of broken)
    test(what, () => {
      expect(firstWrong(rules)).toMatch(/not linearizable/);
      expect('not linearizable').toMatch(/not linearizable/);
    });
});

function firstWrong(rules: Partial<RegisterRules>): string {
  for (let seed = 1; seed <= BROKEN_SEEDS_MAX; seed++) {
    try {
      tell({ seed, rules });
    } catch (error) {
      return `seed ${seed}: ${(error as Error).message}`;
    }
  }
  return `nothing in ${BROKEN_SEEDS_MAX} seeds`;
}
