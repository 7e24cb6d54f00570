import { ILLEGAL, type Model } from '../model.ts';
import type { Operation } from '../operation.ts';
import type { PartResult } from '../part-run.ts';

/** One operation of the longest order found, with the states around it, for people. */
export interface ReplayStep {
  readonly operation: number;
  readonly before: string;
  readonly after: string;
}

/** What was left to choose from where the longest order ends. */
export interface Alternative {
  readonly operation: number;
  readonly isAccepted: boolean;
}

export interface Replay {
  readonly steps: readonly ReplayStep[];
  /** The state at the end of the order. */
  readonly last: string;
  /** Empty for a part that is linearizable. The refused operation is the first. */
  readonly alternatives: readonly Alternative[];
}

/** Runs the model along a part's longest order, and tries at its end everything that could have come next. */
export function replay<Input, Output, State>(
  history: readonly Operation<Input, Output>[],
  model: Model<Input, Output, State>,
  part: PartResult,
): Replay {
  const steps: ReplayStep[] = [];
  let state = model.initial;
  const after = (operation: number): State | typeof ILLEGAL => {
    const { input, output } = history[operation] as Operation<Input, Output>;
    return model.step(state, input, output);
  };
  for (const operation of part.longest) {
    const before = model.describeState(state);
    const next = after(operation);
    if (next !== ILLEGAL) state = next as State;
    steps.push({ operation, before, after: model.describeState(state) });
  }
  const alternatives = candidates(history, part).map((operation) => ({
    operation,
    isAccepted: after(operation) !== ILLEGAL,
  }));
  return { steps, last: model.describeState(state), alternatives };
}

/** The operations not in the order that were called before the refused one returned. */
function candidates(history: readonly Operation<unknown, unknown>[], part: PartResult): readonly number[] {
  if (part.refused === undefined) return [];
  const { refused } = part;
  const done = new Set(part.longest);
  const until = history[refused]?.return as number;
  const others = part.operations.filter(
    (index) => index !== refused && !done.has(index) && (history[index]?.call as number) <= until,
  );
  return [refused, ...others];
}
