import { assert } from '@quorate/patterns/base';
import type { Model, Part } from './model.ts';
import type { Operation, Verdict } from './operation.ts';
import { type PartResult, PartRun } from './part-run.ts';

/** Steps that one part gets before the next has its turn. */
const SLICE_STEPS = 4096;
const BYTES_MAX = 1 << 30;

export interface CheckOptions {
  /** Asked every few thousand steps; true ends the check, whose verdict is then `unknown` unless an error was found before. */
  readonly stop?: () => boolean;
  /** Steps of the model in all parts together; past them the verdict is `unknown`. Default: no bound. */
  readonly stepsMax?: number;
  /** What the search may keep in memory, approximately, in all parts together; past it the verdict is `unknown`. Default 1 GiB. */
  readonly bytesMax?: number;
}

export interface CheckResult {
  readonly verdict: Verdict;
  readonly steps: number;
  readonly parts: readonly PartResult[];
}

/**
 * Decides whether a history is linearizable: whether its operations can be put into one order, which respects real time, that the
 * model accepts (Herlihy and Wing, TOPLAS 1990). Parts are searched in turn, a slice each, so that an error in a small one is found
 * although another explodes; the first illegal part ends the check. Deciding is NP-complete: give `stop` or a bound.
 */
export function checkHistory<Input, Output, State>(
  history: readonly Operation<Input, Output>[],
  model: Model<Input, Output, State>,
  options: CheckOptions = {},
): CheckResult {
  for (const [index, operation] of history.entries()) {
    assert(
      operation.call <= operation.return,
      `operation ${index} of the history: expected numbers with call ≤ return, got ${operation.call} and ${operation.return}`,
    );
  }
  const runs = partsOf(history, model).map((part) => new PartRun(part, model, history));
  searchInTurn(runs, options);
  for (const run of runs) if (run.verdict === undefined) run.end('unknown');
  const parts = runs.map((run) => run.result());
  return { verdict: verdictOf(parts), steps: parts.reduce((sum, part) => sum + part.steps, 0), parts };
}

function searchInTurn<I, O, S>(runs: readonly PartRun<I, O, S>[], options: CheckOptions): void {
  const { stop, stepsMax = Infinity, bytesMax = BYTES_MAX } = options;
  let [steps, bytes] = [0, 0];
  let waiting = [...runs];
  while (waiting.length > 0) {
    for (const run of waiting) {
      if (steps >= stepsMax || stop?.() === true) return;
      const [stepsBefore, bytesBefore] = [run.steps, run.bytes];
      run.advance(Math.min(SLICE_STEPS, stepsMax - steps), bytesMax);
      if (run.verdict === 'illegal') return;
      if (run.verdict === undefined && bytes - bytesBefore + run.bytes > bytesMax) run.end('unknown');
      steps += run.steps - stepsBefore;
      bytes += run.bytes - bytesBefore;
    }
    waiting = waiting.filter((run) => run.verdict === undefined);
  }
}

function partsOf<I, O, S>(history: readonly Operation<I, O>[], model: Model<I, O, S>): readonly Part[] {
  const all = history.map((_, index) => index);
  if (model.partition === undefined) return [{ name: 'all operations', operations: all }];
  const parts = model.partition(history);
  const covered = parts.flatMap((part) => part.operations).sort((a, b) => a - b);
  assert(
    covered.length === all.length && covered.every((index, at) => index === at),
    `model ${model.name}: partition() must put each of the ${all.length} operations into exactly one part`,
  );
  return parts;
}

function verdictOf(parts: readonly PartResult[]): Verdict {
  if (parts.some((part) => part.verdict === 'illegal')) return 'illegal';
  return parts.every((part) => part.verdict === 'linearizable') ? 'linearizable' : 'unknown';
}
