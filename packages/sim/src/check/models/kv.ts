import { ILLEGAL, type Model } from '../model.ts';
import { partitionByKey } from '../partition.ts';

export type KvInput =
  | { readonly kind: 'get'; readonly key: string }
  | { readonly kind: 'put'; readonly key: string; readonly value: string }
  | { readonly kind: 'append'; readonly key: string; readonly value: string };
export type KvOutput = { readonly kind: 'value'; readonly value: string } | { readonly kind: 'done' };

/** Past this a value is shown by its end. */
const SHOWN_CHARACTERS = 60;

const show = (value: string): string =>
  JSON.stringify(value.length > SHOWN_CHARACTERS ? `…${value.slice(-SHOWN_CHARACTERS)}` : value);

/** Strings under keys, with get, put and append; a key that was never written holds the empty string. Parts are the keys. */
export const kvModel: Model<KvInput, KvOutput, string> = {
  name: 'kv',
  initial: '',
  step(state, input, output) {
    switch (input.kind) {
      case 'get':
        return output === undefined || (output.kind === 'value' && output.value === state) ? state : ILLEGAL;
      case 'put':
        return input.value;
      case 'append':
        return state + input.value;
    }
  },
  identity: (state) => state,
  isRead: (input) => input.kind === 'get',
  partition: (operations) => partitionByKey(operations, (input) => input.key),
  describeOperation(input, output) {
    if (input.kind === 'get') return `get ${input.key} → ${output?.kind === 'value' ? show(output.value) : '?'}`;
    return `${input.kind} ${input.key} ${show(input.value)}${output === undefined ? ' → ?' : ''}`;
  },
  describeState: show,
};
