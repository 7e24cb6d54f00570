/**
 * Tries mutants of the patterns on the tests of their families: `npm run mutation -- --help`. The exit status is 1 when a family that has a file of
 * reasons has a survivor without a reason, or a reason without a survivor.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { openRepo } from '../repo.js';
import { acceptedFile, acceptedOf } from './accepted.js';
import { familiesOf } from './family.js';
import { Results } from './results.js';
import { runFamily } from './run-family.js';
import { scoreOf, tableOf } from './table.js';

/** @import { Tried } from './run-family.js' */
/** @import { Mutant } from './types.ts' */

const OUT = fileURLToPath(new URL('./out/', import.meta.url));
const TABLE = new URL('../../docs/tables/mutation.md', import.meta.url);
const say = (/** @type {string} */ text) => void process.stdout.write(`${text}\n`);

const HELP = `npm run mutation -- [options]

Tries mutants of packages/patterns on the tests of their families, and lists what survived in tools/mutation/out/survivors.json.
Goes on where the last run ended.

  --family a,b   these families only
  --held         the families that have a file of reasons
  --file PART    only files with PART in their path
  --sample N     only N mutants of each family, drawn by --seed S (1)
  --minutes M    no new mutant after so long
  --workers W    so many at a time (1)
  --fresh        forget what is known from earlier runs
  --table        write docs/tables/mutation.md, once all is known; with --sample, once at least the sample is`;

const { values } = options();

function options() {
  try {
    return readOptions();
  } catch (error) {
    say(`${/** @type {Error} */ (error).message}\n\n${HELP}`);
    process.exit(2);
  }
}

function readOptions() {
  return parseArgs({
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      family: { type: 'string' },
      file: { type: 'string', default: '' },
      sample: { type: 'string' },
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      workers: { type: 'string', default: '1' },
      fresh: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
      held: { type: 'boolean', default: false },
    },
  });
}

if (values.help) {
  say(HELP);
  process.exit(0);
}

const repo = openRepo(fileURLToPath(new URL('../..', import.meta.url)));
const names = values.family?.split(',');
const families = familiesOf(repo).filter(
  ({ name }) => (names === undefined || names.includes(name)) && (!values.held || repo.has(acceptedFile(name))),
);
if (names !== undefined && families.length < names.length) {
  say(
    `there are the families ${familiesOf(repo)
      .map(({ name }) => name)
      .join(', ')}`,
  );
  process.exit(2);
}
const endMs = values.table ? 0 : performance.now() + Number(values.minutes ?? 1e6) * 60_000;
const sample = values.sample === undefined ? undefined : { count: Number(values.sample), seed: Number(values.seed) };

/** @type {Tried[]} */
const survivors = [];
const scores = [];
let wrong = 0;
let left = 0;
for (const family of families) {
  const results = new Results(join(OUT, `${family.name.replaceAll('/', '-')}.jsonl`), { isFresh: values.fresh });
  const options = {
    results,
    recordingsFile: join(OUT, `${family.name.replaceAll('/', '-')}.recorded.json`),
    workers: Number(values.workers),
    isWanted: (/** @type {Mutant} */ { path }) => path.includes(values.file),
    isOver: () => performance.now() > endMs,
    say,
  };
  // For the table a sample is the second best.
  const whole = values.table ? await runFamily(repo, family, options) : undefined;
  const run = whole?.left === 0 ? whole : await runFamily(repo, family, { ...options, sample });
  left += run.left;
  const alive = run.tried.filter(({ result }) => result.outcome === 'survived' || result.outcome === 'not-covered');
  const unexplained = alive.filter(({ isAccepted }) => !isAccepted);
  survivors.push(...unexplained);
  const isHeld = acceptedOf(repo, family.name) !== undefined;
  const complaints = [
    ...run.wrong,
    ...run.tried
      .filter(({ isAccepted, result }) => isAccepted && (result.outcome === 'killed' || result.outcome === 'ran-on'))
      .map(
        ({ mutant }) =>
          `${mutant.path}:${mutant.line}: ${mutant.original} → ${mutant.mutated}: is noticed now; remove it`,
      ),
  ];
  for (const complaint of complaints) say(`${acceptedFile(family.name)}: ${complaint}`);
  if (isHeld)
    for (const { mutant } of unexplained)
      say(`${mutant.path}:${mutant.line}: nothing notices ${mutant.original} → ${mutant.mutated}`);
  wrong += complaints.length + (isHeld ? unexplained.length : 0);
  scores.push(
    scoreOf(
      family.name,
      run.mutants,
      run.tried.map(({ result, isAccepted }) => ({ outcome: result.outcome, isAccepted })),
    ),
  );
  say(
    `${family.name}: ${run.tried.length} tried, ${alive.length} alive, ${unexplained.length} of them without a reason${run.left > 0 ? `, ${run.left} left for the next run` : ''}`,
  );
}
mkdirSync(OUT, { recursive: true });
const listed = survivors.map(({ mutant: { path, line, function: name, original, mutated, nth }, result }) => ({
  at: `${path}:${line}`,
  function: name,
  original,
  mutated,
  nth,
  outcome: result.outcome,
}));
writeFileSync(join(OUT, 'survivors.json'), `${JSON.stringify(listed, null, 1)}\n`);
if (values.table && left > 0) say(`${left} have not been tried: the table stays as it is`);
else if (values.table) writeFileSync(TABLE, tableOf(scores));
process.exitCode = wrong === 0 && !(values.table && left > 0) ? 0 : 1;
