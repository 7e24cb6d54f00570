/** A copy of everything that was built, in which one line at a time can be made wrong. */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Mutant, Plan } from './mutant.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const PACKAGES = ['patterns', 'env', 'sim', 'cluster', 'gateways', 'quorate'];
const PROGRAM = 'trial.mjs';
/** Runs in the copy: reads plans, and prints what they found. */
const SOURCE = `
import { readFileSync } from 'node:fs';
import { runSeed } from 'quorate/sim';
const runs = [];
for (const plan of JSON.parse(readFileSync(0, 'utf8'))) {
  const { seed, violations } = await runSeed(plan);
  runs.push({ seed, violations });
  if (violations.length > 0) break;
}
console.log(JSON.stringify({ runs }));
`;
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;

type Change = Pick<Mutant, 'name' | 'file' | 'find' | 'replace'>;

export interface Finding {
  readonly seed: string;
  readonly check: string;
  readonly what: string;
}

export interface Trial {
  readonly seeds: number;
  readonly findings: readonly Finding[];
}

export class Workshop implements Disposable {
  readonly #directory: string;
  #copies = 0;

  constructor() {
    this.#directory = mkdtempSync(join(tmpdir(), 'quorate-mutants-'));
  }

  /** A copy with that bug; without one, a sound copy. Throws when the bug does not fit exactly once. */
  copy(mutant?: Change): string {
    this.#copies += 1;
    const home = join(this.#directory, String(this.#copies));
    for (const name of PACKAGES) {
      const from = join(ROOT, 'packages', name);
      if (!existsSync(join(from, 'dist'))) throw new Error(`${from} is not built: npm run build`);
      const to = join(home, 'node_modules', name === 'quorate' ? name : `@quorate/${name}`);
      for (const part of ['dist', 'bin', 'package.json']) {
        if (existsSync(join(from, part))) cpSync(join(from, part), join(to, part), { recursive: true });
      }
    }
    for (const dependency of ['sorted-btree', 'commander']) {
      symlinkSync(join(ROOT, 'node_modules', dependency), join(home, 'node_modules', dependency));
    }
    writeFileSync(join(home, PROGRAM), SOURCE);
    if (mutant !== undefined) apply(mutant, home);
    return home;
  }

  /** Runs the plans with the copy, one after the other, until one finds something. */
  async simulate(home: string, plans: readonly Plan[]): Promise<Trial> {
    const { runs } = JSON.parse(await run(join(home, PROGRAM), JSON.stringify(plans))) as {
      runs: { seed: string; violations: Finding[] }[];
    };
    const findings = runs.flatMap((each) => each.violations.map((violation) => ({ ...violation, seed: each.seed })));
    return { seeds: runs.length, findings };
  }

  [Symbol.dispose](): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function apply({ name, file, find, replace }: Change, home: string): void {
  const [pack, ...rest] = file.split('/');
  const path = join(home, 'node_modules', '@quorate', pack!, ...rest);
  mkdirSync(dirname(path), { recursive: true });
  const parts = readFileSync(path, 'utf8').split(find);
  if (parts.length !== 2) {
    throw new Error(
      `mutant ${name}: expected exactly one place in ${file} that reads ${find}, found ${parts.length - 1}`,
    );
  }
  writeFileSync(path, parts.join(replace));
}

function run(program: string, input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(process.execPath, [program], { maxBuffer: OUTPUT_BYTES_MAX }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the simulation failed: ${stderr || error.message}`));
    });
    child.stdin!.end(input);
  });
}
