import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { FAULT_FAMILIES, type FaultFamily } from '@quorate/sim/nemesis';
import { Command, InvalidArgumentError } from 'commander';
import { wholeNumber } from './arguments.ts';
import { readSeed, simulate } from './simulate.ts';

interface Typed {
  readonly seeds: number;
  readonly seed?: string;
  readonly nodes: number;
  readonly faults: string;
  readonly seconds: number;
  readonly jobs: number;
  readonly json: boolean;
  readonly trace?: string;
  readonly scenario?: string;
  readonly replay?: string;
  readonly minimise: boolean;
  readonly bail: boolean;
}

const NODES_MAX = 9;
const JOBS_MAX = 256;

function seed(text: string): string {
  try {
    return readSeed(text);
  } catch (error) {
    throw new InvalidArgumentError(`${(error as Error).message}, or the hash of a commit.`);
  }
}

function families(text: string): string {
  for (const family of text.split(',')) {
    if (['all', 'none', ...FAULT_FAMILIES].includes(family)) continue;
    throw new InvalidArgumentError(`there are: all, none, ${FAULT_FAMILIES.join(', ')}.`);
  }
  return text;
}

function familiesOf(text: string): readonly FaultFamily[] {
  if (text === 'all') return FAULT_FAMILIES;
  return text.split(',').filter((family): family is FaultFamily => FAULT_FAMILIES.includes(family as FaultFamily));
}

export function simCommand(): Command {
  const core = new Command('core')
    .description(
      'run clusters of the core under faults, in simulated time, and check what they promise: exit 0 kept, 1 broken',
    )
    .option('--seeds <count>', 'how many runs, each from a seed of its own', wholeNumber(1, 1_000_000), 20)
    .option('--seed <seed>', 'the first seed: a number, 0x…, or the hash of a commit (default random)', seed)
    .option('--nodes <count>', 'how many nodes', wholeNumber(1, NODES_MAX), 3)
    .option('--faults <list>', `all, none, or some of ${FAULT_FAMILIES.join(',')}`, families, 'all')
    .option('--seconds <count>', 'simulated time with faults', wholeNumber(1, 3600), 10)
    .option(
      '--jobs <count>',
      'how many runs at a time, each in a process',
      wholeNumber(1, JOBS_MAX),
      availableParallelism(),
    )
    .option('--scenario <file>', 'take from there what it lays down: nodes, time, faults, clients, timeouts, network')
    .option('--json', 'machine-readable, with the digest of each run', false)
    .option('--trace <file>', 'write every event, log line and call of the run there')
    .option('--replay <file>', 'inject these faults instead of those that the seed draws')
    .option('--minimise', 'look for a short list of faults that still fails', false)
    .option('--bail', 'stop at the first run that breaks a promise', false)
    .action(run);
  return new Command('sim').description('simulate clusters').addCommand(core);
}

async function run(typed: Typed): Promise<void> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  const isTerminal = process.stderr.isTTY === true && !typed.json;
  try {
    process.exitCode = await simulate(
      {
        ...typed,
        seed: typed.seed ?? readSeed(`0x${randomBytes(8).toString('hex')}`),
        families: familiesOf(typed.faults),
      },
      {
        out: (line) => process.stdout.write(`${line}\n`),
        progress: (line) => {
          if (isTerminal) process.stderr.write(`\r\u001b[K${line}`);
        },
      },
      controller.signal,
    );
  } finally {
    process.removeListener('SIGINT', stop);
  }
}
