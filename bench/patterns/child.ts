/**
 * One group of rows in a process of its own, so that no group meets the garbage, the optimised code or the type feedback of another. Memory is measured
 * in a process per side. Called by `main.ts` only: `node --expose-gc child.js '{"group":…}'`; the last line of its output is the result.
 */
import { GROUPS } from './groups.ts';
import { measure } from './measure.ts';
import { memoryOf } from './memory.ts';
import { AIM, type Effort, type Result, type Row, type RowResult, type Rows } from './row.ts';
import { runChild } from './spawn.ts';

/** `memory`: only that side of that row. */
export interface Task {
  readonly group: string;
  readonly effort: Effort;
  readonly memory?: { readonly row: number; readonly side: number };
}

const task = JSON.parse(process.argv[2]!) as Task;
const rows = await GROUPS.find(({ name }) => name === task.group)!.load();
const answer = task.memory === undefined ? await all(rows) : await oneSide(rows, task.memory);
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit());

async function all(rows: Rows): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const [at, make] of rows.entries()) {
    const row = await make();
    const { what, measures, aim = AIM } = row;
    results.push({ what, measures, aim, results: await resultsOf(row, at) });
  }
  return results;
}

async function resultsOf(row: Row, at: number): Promise<Result[]> {
  if (row.measures === 'time') return measure(row, task.effort);
  const results: Result[] = [];
  for (const [side, { name, kind }] of row.sides.entries()) {
    const bytes =
      row.measures === 'bytes'
        ? await row.sides[side]!.bytes()
        : ((await runChild({ ...task, memory: { row: at, side } })) as number);
    results.push({ name, ...(kind && { kind }), samples: [bytes] });
  }
  return results;
}

async function oneSide(rows: Rows, { row: at, side }: { row: number; side: number }): Promise<number> {
  const row = await rows[at]!();
  if (row.measures !== 'memory') throw new TypeError(`row ${at} of ${task.group} does not measure memory`);
  return memoryOf(row.sides[side]!);
}
