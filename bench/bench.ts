/** `npm run bench -- NAME [--short] [--runs N] [--only a,b]`: side by side with a peer that is measured in the same run. */
import { parseArgs } from 'node:util';
import { benchCore } from './core/main.ts';
import { benchGroups } from './groups/main.ts';
import { benchPartitioning } from './partitioning/main.ts';
import { benchPatterns } from './patterns/main.ts';
import { benchShuffleSharding } from './shuffle-sharding/main.ts';

const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

const HELP = `npm run bench -- [NAME] [--short] [--runs N] [--only a,b]

  core               the consistent core beside a real etcd; the default
  groups             a hundred Raft groups on three nodes beside one
  partitioning       balance, movement and lookup cost of the ways to place keys
  patterns           each pattern beside the npm package for it
  shuffle-sharding   how many customers share a fate

  --short      a quick look
  --runs N     how often each side is measured: by default 5 times, patterns 9 times
  --only a,b   patterns: these groups only`;

interface Options {
  readonly name: string;
  readonly short: boolean;
  /** As asked for. */
  readonly runs: number | undefined;
  readonly only: readonly string[];
}

/** Undefined when there is nothing to measure: the reason has been said. */
function readOptions(): Options | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h', default: false },
        short: { type: 'boolean', default: false },
        runs: { type: 'string' },
        only: { type: 'string' },
      },
    });
    const [name = 'core', ...more] = positionals;
    if (more.length > 0) throw new Error(`one benchmark at a time: ${positionals.join(', ')}`);
    const runs = values.runs === undefined ? undefined : Number(values.runs);
    if (runs !== undefined && !(Number.isSafeInteger(runs) && runs >= 1)) {
      throw new Error(`--runs expects a whole number from 1 on, got ${values.runs}`);
    }
    if (!values.help) return { name, short: values.short, runs, only: values.only?.split(',') ?? [] };
    say(HELP);
  } catch (error) {
    say(`bench: ${(error as Error).message}\n\n${HELP}`);
    process.exitCode = 2;
  }
  return undefined;
}

/** The exit status. */
async function bench({ name, short, runs: asked, only }: Options): Promise<number> {
  const runs = asked ?? (short ? 1 : 5);
  switch (name) {
    case 'core': {
      const size = short
        ? { seconds: 1, gapRounds: 1, watchers: 100, fillKeys: 10_000, checkPerf: false }
        : { seconds: 4, gapRounds: 5, watchers: 1000, fillKeys: 100_000, checkPerf: true };
      return benchCore({ runs, ...size }, say);
    }
    case 'groups':
      return benchGroups({ runs, seconds: short ? 2 : 5 }, say);
    case 'partitioning':
      return benchPartitioning(
        short ? { runs, keys: 100_000, nodes: [10] } : { runs, keys: 1_000_000, nodes: [10, 100] },
        say,
      );
    case 'patterns': {
      const effort = short
        ? { warmUpMs: 200, rounds: asked ?? 3, roundMs: 15 }
        : { warmUpMs: 500, rounds: asked ?? 9, roundMs: 60 };
      return benchPatterns({ effort, only }, say);
    }
    case 'shuffle-sharding': {
      const size = short
        ? { hands: 1_000, pairs: 50_000, customers: 300 }
        : { hands: 20_000, pairs: 1_000_000, customers: 10_000 };
      return benchShuffleSharding(size, say);
    }
    default:
      say(`bench: there is no benchmark called ${name}\n\n${HELP}`);
      return 2;
  }
}

const options = readOptions();
if (options !== undefined) process.exitCode = await bench(options);
// Connections that a measured side left half open must not hold the process.
process.exit();
