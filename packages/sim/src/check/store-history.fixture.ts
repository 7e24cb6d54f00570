import { randomFrom } from './kv-history.fixture.ts';
import { ILLEGAL, type Model } from './model.ts';
import type { Operation } from './operation.ts';

/** Several keys under one revision, as in etcd: a write adds one to the revision and answers it; a read answers values. */
export type StoreInput = { readonly put?: readonly string[]; readonly get?: readonly string[]; readonly value: number };
export type StoreOutput = { readonly values: readonly number[]; readonly revision: number | undefined };
export type StoreState = { readonly revision: number; readonly values: Readonly<Record<string, number>> };
export const storeModel: Model<StoreInput, StoreOutput, StoreState> = {
  name: 'store',
  initial: { revision: 0, values: {} },
  step(state, input, output) {
    const read = (input.get ?? []).map((key) => state.values[key] ?? 0);
    const revision = state.revision + (input.put === undefined ? 0 : 1);
    if (output !== undefined) {
      if (read.some((seen, index) => seen !== output.values[index])) return ILLEGAL;
      if (output.revision !== undefined && output.revision !== revision) return ILLEGAL;
    }
    const written = Object.fromEntries((input.put ?? []).map((key) => [key, input.value]));
    return { revision, values: { ...state.values, ...written } };
  },
  identity: ({ revision, values }) => JSON.stringify([revision, Object.entries(values).sort()]),
  isRead: (input) => input.put === undefined,
  describeOperation: (input, output) => JSON.stringify([input, output]),
  describeState: (state) => JSON.stringify(state),
};

/**
 * The history of such a store, linearizable by construction. One in `unansweredOneIn` operations never returns, and takes effect or
 * not; with `evidence`, those that did carry what they did as their output, and the others are left out.
 */
export function storeHistory(options: {
  readonly seed: number;
  readonly clients: number;
  readonly operations: number;
  readonly unansweredOneIn: number;
  readonly evidence: boolean;
}): Operation<StoreInput, StoreOutput>[] {
  const below = randomFrom(options.seed);
  const free = new Array<number>(options.clients).fill(0);
  const planned = Array.from({ length: options.operations }, (_, at) => {
    const client = at % options.clients;
    const call = (free[client] as number) + 1 + below(100);
    const effect = call + 1 + below(500);
    const end = effect + 1 + below(500);
    free[client] = end;
    const key = String(below(5));
    const input: StoreInput = below(2) === 0 ? { put: [key], value: at } : { get: [key], value: 0 };
    return { client, input, call, effect, end };
  });
  let state = storeModel.initial;
  const history: Operation<StoreInput, StoreOutput>[] = [];
  for (const { client, input, call, end } of planned.sort((a, b) => a.effect - b.effect)) {
    const isAnswered = below(options.unansweredOneIn) > 0;
    const isApplied = isAnswered || below(2) === 0;
    if (isApplied) state = storeModel.step(state, input, undefined) as StoreState;
    const output = { values: (input.get ?? []).map((key) => state.values[key] ?? 0), revision: state.revision };
    const isKnown = isAnswered || (options.evidence && isApplied);
    if (!isKnown && options.evidence) continue;
    history.push({ client, input, output: isKnown ? output : undefined, call, return: isAnswered ? end : Infinity });
  }
  return history;
}
