/**
 * Whole groups under faults, from seeds. A failure names its seed; to run only that one:
 *
 *     SEED=123 npx vitest run packages/patterns/src/consensus/raft/cluster.prop.test.ts
 */
import { describe, expect, test } from 'vitest';
import { plots } from './plots.fixture.ts';
import { type Story, tell } from './story.fixture.ts';

const SEEDS = 60;
describe('whatever happens the invariants hold, and once it is calm the group comes together', () => {
  for (const [name, plot] of Object.entries(plots)) {
    test(name, () => {
      for (const seed of seeds()) telling(name, { ...plot, seed });
    });
  }
});

test('the stories have everything in them', () => {
  const counts = new Map<string, number>();
  const all = Object.values(plots);
  for (const [nth, plot] of [...all, ...all, ...all].entries()) {
    const told = tell({ ...plot, seed: 100 + nth });
    for (const [what, times] of told.counts) counts.set(what, (counts.get(what) ?? 0) + times);
  }
  const wanted = 'append-rejected timeout-now read-ready read-response send-snapshot configuration repaired refused';
  for (const what of wanted.split(' ')) expect(counts.get(what), what).toBeGreaterThan(3);
});

function seeds(): number[] {
  const only = process.env['SEED'];
  return only === undefined ? Array.from({ length: SEEDS }, (_, at) => at + 1) : [Number(only)];
}

function telling(name: string, story: Story): void {
  try {
    tell(story);
  } catch (error) {
    throw new Error(`${name}, seed ${story.seed}: ${(error as Error).message}`, { cause: error });
  }
}
