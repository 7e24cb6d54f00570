/**
 * Shows what one of the deliberate bugs does, with one command: `npm run -s mutant vote-twice -- --trace run.log`. Ends with 0 when the run has
 * found it, with 1 when it has not, with 2 when the command cannot be understood.
 */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { formatScenario } from 'quorate/sim';
import { mutants } from './mutants.ts';
import { changeOf, type Finding, simulate } from './workshop.ts';

const USAGE = `usage: npm run -s mutant NAME -- [--seed N] [--seeds N] [--trace FILE] [--scenario FILE] [--sound]
  --seed N         the first seed, instead of the one that is recorded
  --seeds N        how many seeds may be tried, one after the other (10)
  --trace FILE     every event, log line and call of the last run goes there (paths: from the repository on)
  --scenario FILE  the last run's surroundings and faults go there, for quorate sim core --scenario FILE
  --sound          leave the bug out
the bugs are: ${mutants.map(({ name }) => name).join(', ')}`;

const FOUND = 0;
const NOT_FOUND = 1;
const NOT_UNDERSTOOD = 2;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '10' },
      trace: { type: 'string' },
      scenario: { type: 'string' },
      sound: { type: 'boolean', default: false },
    },
  });
  const mutant = mutants.find(({ name }) => name === positionals[0]);
  const first = Number(values.seed ?? mutant?.seed);
  if (mutant === undefined || !Number.isSafeInteger(first))
    throw new RangeError('there is no such bug, or no seed of it');
  const plans = Array.from({ length: Number(values.seeds) }, (_, nth) => mutant.plan(String(first + nth)));
  const change = values.sound ? undefined : changeOf(mutant);
  const { seeds, findings } = await simulate(
    change,
    plans,
    values.trace === undefined ? undefined : resolve(values.trace),
  );
  console.log(`${mutant.name}${values.sound ? ', left out' : ''}: ${mutant.story}`);
  for (const finding of findings) console.log(shown(finding));
  console.log(`${seeds} seeds from ${first} on, ${findings.length} violations`);
  const last = plans[seeds - 1]!;
  console.log(`again: npm run -s mutant ${mutant.name} -- --seeds 1 --seed ${last.seed}`);
  if (values.scenario !== undefined) {
    writeFileSync(values.scenario, formatScenario(last));
    console.log(`without the bug: quorate sim core --seeds 1 --seed ${last.seed} --scenario ${values.scenario}`);
  }
  return findings.length > 0 ? FOUND : NOT_FOUND;
}

function shown({ seed, check, timeMs, what }: Finding): string {
  return `seed ${seed}, ${check}, at ${timeMs.toFixed(3)} ms: ${what}`;
}

main().then(
  (status) => {
    process.exitCode = status;
  },
  (error: Error) => {
    console.error(`${error.message}\n${USAGE}`);
    process.exitCode = NOT_UNDERSTOOD;
  },
);
