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

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { short: { type: 'boolean', default: false }, runs: { type: 'string' }, only: { type: 'string' } },
});
const [name = 'core'] = positionals;
const runs = Number(values.runs ?? (values.short ? 1 : 5));
if (!Number.isSafeInteger(runs) || runs < 1) {
  say(`bench: --runs expects a whole number from 1 on, got ${values.runs}`);
  process.exitCode = 2;
} else if (name === 'core') {
  const size = values.short
    ? { seconds: 1, gapRounds: 1, watchers: 100, fillKeys: 10_000, checkPerf: false }
    : { seconds: 4, gapRounds: 5, watchers: 1000, fillKeys: 100_000, checkPerf: true };
  process.exitCode = await benchCore({ runs, ...size }, say);
} else if (name === 'groups') {
  process.exitCode = await benchGroups({ runs, seconds: values.short ? 2 : 5 }, say);
} else if (name === 'partitioning') {
  const size = values.short ? { keys: 100_000, nodes: [10] } : { keys: 1_000_000, nodes: [10, 100] };
  process.exitCode = benchPartitioning({ runs, ...size }, say);
} else if (name === 'patterns') {
  const effort = values.short
    ? { warmUpMs: 200, rounds: 3, roundMs: 15 }
    : { warmUpMs: 500, rounds: values.runs === undefined ? 9 : runs, roundMs: 60 };
  process.exitCode = await benchPatterns({ effort, only: values.only?.split(',') ?? [] }, say);
} else if (name === 'shuffle-sharding') {
  const size = values.short
    ? { hands: 1_000, pairs: 50_000, customers: 300 }
    : { hands: 20_000, pairs: 1_000_000, customers: 10_000 };
  process.exitCode = benchShuffleSharding(size, say);
} else {
  say(
    `bench: there is no benchmark called ${name}: there are core, groups, partitioning, patterns and shuffle-sharding`,
  );
  process.exitCode = 2;
}
// Connections that a measured side left half open must not hold the process.
process.exit();
