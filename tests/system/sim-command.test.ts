/** `quorate sim core` as it is typed: what it prints is what a run was, however it was run. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatScenario, runSeed } from 'quorate/sim';
import { afterAll, describe, expect, test } from 'vitest';
import { reignsCutShort } from './mutants/aims.ts';

const program = fileURLToPath(new URL('../../packages/quorate/bin/quorate.js', import.meta.url));
const directory = mkdtempSync(join(tmpdir(), 'quorate-sim-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Said {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

function sim(...args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'sim', 'core', ...args], (error, out, err) => {
      resolve({ status: (error?.code as number | undefined) ?? 0, out, err });
    });
  });
}

interface Report {
  readonly seeds: number;
  readonly events: number;
  readonly marks: Readonly<Record<string, number>>;
  readonly runs: readonly { readonly seed: string; readonly digest: string }[];
}

async function report(...args: readonly string[]): Promise<Report> {
  const { out, err } = await sim(...args, '--json');
  expect(err).toBe('');
  return JSON.parse(out) as Report;
}

describe('several processes', () => {
  test('find what one finds, and tell it in the order of the seeds', async () => {
    const typed = ['--seeds', '5', '--seed', '40', '--seconds', '1'];
    const [one, three] = await Promise.all([report(...typed, '--jobs', '1'), report(...typed, '--jobs', '3')]);
    expect(three.runs).toEqual(one.runs);
    expect(three.runs.map(({ seed }) => Number(seed))).toEqual([40, 41, 42, 43, 44]);
    expect([three.events, three.marks]).toEqual([one.events, one.marks]);
  });
});

describe('a scenario file', () => {
  const plan = { ...reignsCutShort('7'), seconds: 1 };
  const file = join(directory, 'reigns-cut-short.json');
  writeFileSync(file, formatScenario(plan));

  test('gives the run that it lays out', async () => {
    const { runs } = await report('--seeds', '1', '--seed', '7', '--scenario', file);
    expect(runs.map(({ digest }) => digest)).toEqual([(await runSeed(plan)).digest]);
  });

  test('that cannot be understood ends with 2, and the message names the file and the place', async () => {
    const bad = join(directory, 'bad.json');
    writeFileSync(bad, '{"scenario": {"raft": {"electionTimeout": 150}}}');
    const { status, err } = await sim('--scenario', bad);
    expect(err).toContain(`${bad}: scenario.raft has electionTimeout; there are: electionTimeoutMs,`);
    expect(status).toBe(2);
  });
});

describe('a run that breaks a promise', () => {
  /** Every disk loses what it had acknowledged, and nobody is left to repair from: no fault that a cluster could outlive. */
  const faults = [1200, 1600].map(
    (atMs) => ({ kind: 'bit-flip', atMs, forMs: 300, nodes: ['n1', 'n2', 'n3'] }) as const,
  );
  const file = join(directory, 'all-disks-flip.json');
  const shape = { clients: 1, callers: 1, watchers: 0, lessees: 0, lockers: 0, changesMembers: false };
  writeFileSync(file, formatScenario({ nodes: 3, seconds: 2, families: [], faults, scenario: { shape } }));

  test('is told with the command that shows it again', { timeout: 60_000 }, async () => {
    const { status, out } = await sim('--seeds', '9', '--seed', '2', '--jobs', '2', '--bail', '--scenario', file);
    expect(status).toBe(1);
    const [, seed] = /^--- seed (\S+): 1 violations\n {2}liveness, at/m.exec(out)!;
    const again = `quorate sim core --seeds 1 --seed ${seed} --scenario ${file}`;
    expect(out).toContain(`  again: ${again}\n`);
    const told = out.slice(out.indexOf('--- seed'), out.indexOf('  again:'));
    const second = await sim(...again.split(' ').slice(3));
    expect(second.status).toBe(1);
    expect(second.out.startsWith(told)).toBe(true);
  });
});
