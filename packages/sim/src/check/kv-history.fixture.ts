import type { KvInput, KvOutput } from './models/kv.ts';
import type { Operation } from './operation.ts';

export type KvOperation = Operation<KvInput, KvOutput>;

/** xorshift32: the same numbers everywhere. */
export const randomFrom = (seed: number): ((bound: number) => number) => {
  let x = Math.imul(seed + 1, 0x9e3779b1) | 1;
  return (bound) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % bound;
  };
};

/**
 * The history of a store that is linearizable by construction: each operation takes effect at one moment between its call and its
 * return. One in `unansweredOneIn` never returns, and takes effect or not.
 */
export function kvHistory(options: {
  readonly seed: number;
  readonly clients: number;
  readonly operations: number;
  readonly keys: number;
  readonly unansweredOneIn?: number;
}): KvOperation[] {
  const below = randomFrom(options.seed);
  const store = new Map<string, string>();
  const planned = plan(options, below).sort((a, b) => a.effect - b.effect);
  const history: KvOperation[] = [];
  for (const { client, input, call, effect, end } of planned) {
    const value = store.get(input.key) ?? '';
    if (input.kind === 'put') store.set(input.key, input.value);
    if (input.kind === 'append') store.set(input.key, value + input.value);
    const isAnswered = options.unansweredOneIn === undefined || below(options.unansweredOneIn) > 0;
    if (!isAnswered && below(2) === 0) store.set(input.key, value);
    const output: KvOutput = input.kind === 'get' ? { kind: 'value', value } : { kind: 'done' };
    history.push({ client, input, output: isAnswered ? output : undefined, call, return: isAnswered ? end : Infinity });
    if (effect < call || effect > end) throw new Error('the plan is wrong');
  }
  return history.sort((a, b) => a.call - b.call);
}

interface Planned {
  readonly client: number;
  readonly input: KvInput;
  readonly call: number;
  readonly effect: number;
  readonly end: number;
}

function plan(
  options: { readonly clients: number; readonly operations: number; readonly keys: number },
  below: (bound: number) => number,
): Planned[] {
  const free = new Array<number>(options.clients).fill(0);
  return Array.from({ length: options.operations }, (_, at) => {
    const client = at % options.clients;
    const call = (free[client] as number) + 1 + below(1000);
    const effect = call + 1 + below(5000);
    const end = effect + 1 + below(5000);
    free[client] = end;
    const kind = (['get', 'put', 'append'] as const)[below(3)] as KvInput['kind'];
    const key = String(below(options.keys));
    const input = kind === 'get' ? { kind, key } : { kind, key, value: `${at} ` };
    return { client, input, call, effect, end };
  });
}

/** The history with one answered `get`, the `which`-th, telling what was never written. */
export function withOneFalseRead(history: readonly KvOperation[], which: number): KvOperation[] {
  let reads = 0;
  return history.map((operation) =>
    operation.output?.kind === 'value' && reads++ === which
      ? { ...operation, output: { kind: 'value', value: `${operation.output.value}!` } }
      : operation,
  );
}
