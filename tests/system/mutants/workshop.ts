/** Simulations of what was built, in processes of their own, with one place of it made wrong while it is loaded. */
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Mutant, Plan } from './mutant.ts';

/** Of the repository, from the source or from what was built of it. */
const ROOT = rootAbove(fileURLToPath(import.meta.url));
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
/** A trial that hangs: the tests that start it give up on it earlier, each in its own time. */
const TRIAL_MS_MAX = 600_000;

/** A module that is loaded with another source. */
export interface Change {
  readonly url: string;
  readonly source: string;
}

export interface Finding {
  readonly seed: string;
  /** Of the run that it was found in. */
  readonly digest: string;
  readonly check: string;
  readonly what: string;
  readonly timeMs: number;
}

export interface Trial {
  readonly seeds: number;
  readonly findings: readonly Finding[];
}

const HOOKS = `
let change;
export function initialize(data) {
  change = data;
}
export function load(url, context, next) {
  return url === change.url ? { format: 'module', source: change.source, shortCircuit: true } : next(url, context);
}
`;

const PROGRAM = `
import { readFileSync, writeFileSync } from 'node:fs';
import { register } from 'node:module';
const { change, hooks, plans, trace } = JSON.parse(readFileSync(0, 'utf8'));
if (change !== undefined) register('data:text/javascript,' + encodeURIComponent(hooks), { data: change });
const { runSeed } = await import('quorate/sim');
const runs = [];
for (const plan of plans) {
  const lines = [];
  const onTrace = trace === undefined ? undefined : (line) => void lines.push(line);
  const { seed, digest, violations } = await runSeed({ ...plan, onTrace });
  runs.push({ seed, digest, violations });
  if (trace !== undefined) writeFileSync(trace, lines.join('\\n') + '\\n');
  if (violations.length > 0) break;
}
console.log(JSON.stringify({ runs }));
`;

/** What the bug changes. Throws when it does not fit exactly once. */
export function changeOf({ name, file, find, replace }: Mutant): Change {
  const path = join(ROOT, 'packages', file);
  if (!existsSync(path)) throw new Error(`${path} is not built: npm run build`);
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) {
    throw new Error(
      `mutant ${name}: expected exactly one place in ${file} that reads ${find}, found ${parts.length - 1}`,
    );
  }
  return { url: pathToFileURL(path).href, source: parts.join(replace) };
}

/** Runs the plans one after the other, until one finds something. Everything that happens in the last run goes to the file `trace`. */
export async function simulate(change: Change | undefined, plans: readonly Plan[], trace?: string): Promise<Trial> {
  const { runs } = JSON.parse(await run(JSON.stringify({ change, hooks: HOOKS, plans, trace }))) as {
    runs: { seed: string; digest: string; violations: Finding[] }[];
  };
  const findings = runs.flatMap(({ seed, digest, violations }) =>
    violations.map((violation) => ({ ...violation, seed, digest })),
  );
  return { seeds: runs.length, findings };
}

function rootAbove(path: string): string {
  return existsSync(join(path, 'vitest.config.ts')) ? path : rootAbove(dirname(path));
}

function run(input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const typed = ['--input-type=module', '--eval', PROGRAM];
    const options = { cwd: join(ROOT, 'tests'), maxBuffer: OUTPUT_BYTES_MAX, timeout: TRIAL_MS_MAX };
    const child = execFile(process.execPath, typed, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the simulation failed: ${stderr || error.message}`));
    });
    child.stdin!.end(input);
  });
}
