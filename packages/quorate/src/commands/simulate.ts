/** `quorate sim core`: many seeds; what was found, and how to see it again. */
import { readFile, writeFile } from 'node:fs/promises';
import {
  describeProfile,
  type Fault,
  type FaultFamily,
  formatFaults,
  minimise,
  parseFaults,
} from '@quorate/sim/nemesis';
import { formatSeed, parseSeed } from '@quorate/sim/random';
import { SettingsError } from '../settings.ts';
import {
  aimedShape,
  describeShape,
  drawShape,
  type LaidOut,
  parseScenario,
  profileOf,
  runSeed,
  type SeedOptions,
  type SeedResult,
} from '../sim/index.ts';
import { Tally } from '../sim/tally.ts';
import { type Ran, runHere, runSeeds } from './seed-pool.ts';

export interface SimulateOptions {
  readonly seeds: number;
  readonly seed: string;
  readonly nodes: number;
  readonly families: readonly FaultFamily[];
  /** As it was typed, for the command that replays. */
  readonly faults: string;
  readonly seconds: number;
  /** Processes. */
  readonly jobs: number;
  readonly json: boolean;
  /** Every event, message, log line and call of the last seed goes there. */
  readonly trace?: string | undefined;
  /** A file that lays down what is not to be drawn, nor taken from the options above. */
  readonly scenario?: string | undefined;
  /** A file of faults, one JSON object per line, to be injected instead of those that the seed draws. */
  readonly replay?: string | undefined;
  /** Look for a short list of faults that still fails. */
  readonly minimise: boolean;
  /** Stop at the first run that breaks a promise. */
  readonly bail: boolean;
}

export interface SimulateOutput {
  out(line: string): void;
  /** Overwritten by the next: for terminals. */
  progress(line: string): void;
}

const SEEDS_LIMIT = 1n << 64n;
const MINIMISE_BUDGET = 200;

/** The nth seed from `first` on: neighbours, so that each can be named by itself. */
function seedAt(first: string, nth: number): string {
  const { high, low } = parseSeed(first);
  const value = ((BigInt(high) << 32n) | BigInt(low)) + BigInt(nth);
  return formatSeed(parseSeed(value % SEEDS_LIMIT));
}

/** A seed, or the hash of a commit, of which the first 64 bits count. */
export function readSeed(text: string): string {
  const hash = /^[0-9a-f]{40}$/i.test(text) ? `0x${text.slice(0, 16)}` : text;
  return formatSeed(parseSeed(hash));
}

/** Resolves with the exit status: 0 no violation, 1 violations. Stops after the present seed when `signal` aborts. */
export async function simulate(options: SimulateOptions, output: SimulateOutput, signal: AbortSignal): Promise<number> {
  const tally = new Tally();
  const results: SeedResult[] = [];
  const started = performance.now();
  for await (const { run, result, cpuMs } of allRuns(options, await readFiles(options))) {
    tally.add(result, cpuMs);
    if (options.json) results.push(result);
    if (result.violations.length > 0) await tell(result, run, options, output);
    output.progress(`${tally.seeds} of ${options.seeds} seeds, ${tally.violations} violations`);
    if (signal.aborted || (options.bail && tally.violations > 0)) break;
    // Signals are only heard between two turns of the event loop.
    await new Promise((resolve) => setImmediate(resolve));
  }
  output.progress('');
  const wallMs = performance.now() - started;
  if (options.json) output.out(JSON.stringify(jsonOf(tally, results, wallMs), undefined, 1));
  else {
    if (signal.aborted) output.out(`stopped after ${tally.seeds} of ${options.seeds} seeds`);
    for (const line of tally.lines(wallMs)) output.out(line);
  }
  return tally.violations > 0 ? 1 : 0;
}

/** What the files that were named lay down. Throws `SettingsError`. */
async function readFiles({ scenario, replay }: SimulateOptions): Promise<LaidOut> {
  const laidOut = scenario === undefined ? {} : await understand(scenario, parseScenario);
  return replay === undefined ? laidOut : { ...laidOut, faults: await understand(replay, parseFaults) };
}

async function understand<T>(file: string, parse: (text: string) => T): Promise<T> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new SettingsError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** In the order of the seeds. */
function allRuns(options: SimulateOptions, laidOut: LaidOut): AsyncIterable<Ran> {
  const { nodes, families, seconds, seeds, seed, trace } = options;
  const runs = function* (): Generator<SeedOptions> {
    for (let nth = 0; nth < seeds; nth++) yield { nodes, families, seconds, ...laidOut, seed: seedAt(seed, nth) };
  };
  return trace === undefined ? runSeeds(runs(), Math.min(options.jobs, seeds)) : allTraced(runs(), trace);
}

async function* allTraced(runs: Iterable<SeedOptions>, file: string): AsyncGenerator<Ran> {
  for (const run of runs) {
    const lines: string[] = [];
    const ran = await runHere({ ...run, onTrace: (line) => void lines.push(line) });
    await writeFile(file, `${lines.join('\n')}\n`).catch((cause: Error) => {
      throw new SettingsError(`--trace: ${file} could not be written: ${cause.message}`, { cause });
    });
    yield { ...ran, run };
  }
}

async function tell(
  result: SeedResult,
  run: SeedOptions,
  options: SimulateOptions,
  output: SimulateOutput,
): Promise<void> {
  if (options.json) return;
  output.progress('');
  output.out(`--- seed ${result.seed}: ${result.violations.length} violations`);
  for (const { check, what, timeMs } of result.violations)
    output.out(`  ${check}, at ${timeMs.toFixed(3)} ms: ${what}`);
  for (const line of describeProfile(profileOf(run)).split('\n')) output.out(`  ${line}`);
  const shape = aimedShape(drawShape(run.seed, run.nodes), run.scenario ?? {});
  for (const line of describeShape(shape).split('\n')) output.out(`  ${line}`);
  output.out(`  again: ${replayCommand(result.seed, options)}`);
  if (options.minimise) await shorten(result, run, options, output);
}

function replayCommand(seed: string, options: SimulateOptions): string {
  const { nodes, faults, seconds, scenario, replay } = options;
  const asked =
    scenario === undefined ? `--nodes ${nodes} --faults ${faults} --seconds ${seconds}` : `--scenario ${scenario}`;
  return `quorate sim core --seeds 1 --seed ${seed} ${asked}${replay === undefined ? '' : ` --replay ${replay}`}`;
}

/** Fewer faults that still break the same promise. */
async function shorten(
  result: SeedResult,
  run: SeedOptions,
  options: SimulateOptions,
  output: SimulateOutput,
): Promise<void> {
  const wanted = result.violations[0]?.check;
  const fails = async (faults: readonly Fault[]): Promise<boolean> =>
    (await runSeed({ ...run, faults })).violations.some(({ check }) => check === wanted);
  const short = await minimise(result.faults, fails, { budget: MINIMISE_BUDGET });
  const file = `faults-${result.seed}.jsonl`;
  await writeFile(file, formatFaults(short));
  const again = replayCommand(result.seed, { ...options, replay: file });
  output.out(`  with ${short.length} of ${result.faults.length} faults: ${again}`);
}

function jsonOf(tally: Tally, results: readonly SeedResult[], wallMs: number): unknown {
  return {
    seeds: tally.seeds,
    simulatedMs: tally.simulatedMs,
    wallMs: Math.round(wallMs),
    cpuMs: Math.round(tally.cpuMs),
    events: tally.events,
    violations: tally.violations,
    injected: Object.fromEntries(tally.injected),
    marks: Object.fromEntries(tally.marks),
    operations: Object.fromEntries(tally.operations),
    runs: results.map(({ seed, digest, events, simulatedMs, entries, violations }) => ({
      seed,
      digest,
      events,
      simulatedMs,
      entries,
      violations,
    })),
  };
}
