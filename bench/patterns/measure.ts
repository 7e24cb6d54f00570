/**
 * Times the sides of a row against each other. All are warmed up in turn before any is timed; then come rounds, in each of which every side runs once for
 * about as long, in an order that turns: what the machine does besides hits all of them alike. What counts is the CPU time of the process, so
 * waiting for a core does not; what the collector and the compiler do in other threads counts for the side that made them do it.
 */
import { deepStrictEqual } from 'node:assert';
import { setImmediate as turn } from 'node:timers/promises';
import type { Effort, Result, TimedRow, TimedSide } from './row.ts';

const CALIBRATION_RUNS = 2;
/** The clock of CPU time counts microseconds. */
const SHORTEST_MS = 0.001;

export async function measure(row: TimedRow, effort: Effort): Promise<Result[]> {
  await verify(row);
  const runs: number[] = [];
  for (const side of row.sides) runs.push(await warmUp(side, effort));
  const samples = row.sides.map((): number[] => []);
  for (let round = 0; round < effort.rounds; round++)
    for (let i = 0; i < row.sides.length; i++) {
      const at = (i + round) % row.sides.length;
      collectYoung();
      await turn();
      const ms = await time(row.sides[at]!, runs[at]!);
      samples[at]!.push((ms * 1e6) / (runs[at]! * row.ops));
    }
  return row.sides.map(({ name, kind }, at) => ({ name, ...(kind && { kind }), samples: samples[at]! }));
}

async function verify(row: TimedRow): Promise<void> {
  if (row.verify !== undefined) return row.verify();
  const [ours, ...peers] = row.sides;
  const expected = await ours!.run();
  for (const peer of peers)
    deepStrictEqual(await peer.run(), expected, `${row.what}: ${peer.name} gives another result than ${ours!.name}`);
}

/** How often a side is run in a round. A side that takes longer than a round is warm after a single run. */
async function warmUp(side: TimedSide, { warmUpMs, roundMs }: Effort): Promise<number> {
  let spentMs = 0;
  let lastMs = 0;
  do {
    lastMs = await time(side, 1);
    spentMs += lastMs;
  } while (spentMs < warmUpMs);
  const onceMs = lastMs > roundMs ? lastMs : (await time(side, CALIBRATION_RUNS)) / CALIBRATION_RUNS;
  return Math.max(1, Math.round(roundMs / Math.max(onceMs, SHORTEST_MS)));
}

/** Where results go, so that the compiler cannot know that nobody wants them. */
let consumed: unknown;

async function time(side: TimedSide, runs: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < runs; i++) {
    const result = side.run();
    consumed = result;
    // A turn of the event loop, as between the batches of a real program: what was abandoned is cleaned up then, at the cost of who abandoned it.
    if (result instanceof Promise) {
      consumed = await result;
      await turn();
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

export const lastResult = (): unknown => consumed;

/**
 * So that no side pays for another one's garbage. Only the young: a full collection takes the hidden classes of objects of which none is alive just then,
 * and with them the code that was optimised for them.
 */
function collectYoung(): void {
  // Its types do not know that it takes options.
  (globalThis.gc as ((options: { type: 'minor' }) => void) | undefined)?.({ type: 'minor' });
}
