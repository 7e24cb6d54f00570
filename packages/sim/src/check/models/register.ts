import { ILLEGAL, type Model } from '../model.ts';

/** A value is whatever the history prints for it; undefined: the register holds nothing. */
export type RegisterValue = number | string | undefined;
export type RegisterInput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly value: RegisterValue }
  | { readonly kind: 'cas'; readonly from: RegisterValue; readonly to: RegisterValue };
export type RegisterOutput =
  | { readonly kind: 'read'; readonly value: RegisterValue }
  | { readonly kind: 'written' }
  /** `swapped: false`: the register did not hold `from`. */
  | { readonly kind: 'cas'; readonly swapped: boolean };

const show = (value: RegisterValue): string => (value === undefined ? 'nothing' : String(value));

/** One register with read, write and compare-and-set, empty at the start: the model of Jepsen's early etcd tests. */
export const registerModel: Model<RegisterInput, RegisterOutput, RegisterValue> = {
  name: 'register',
  initial: undefined,
  step(state, input, output) {
    switch (input.kind) {
      case 'read':
        return output === undefined || (output.kind === 'read' && output.value === state) ? state : ILLEGAL;
      case 'write':
        return input.value;
      case 'cas': {
        const swapped = input.from === state;
        if (output !== undefined && (output.kind !== 'cas' || output.swapped !== swapped)) return ILLEGAL;
        return swapped ? input.to : state;
      }
    }
  },
  identity: (state) => `${typeof state}:${state}`,
  isRead: (input, output) => input.kind === 'read' || (output?.kind === 'cas' && !output.swapped),
  describeOperation(input, output) {
    switch (input.kind) {
      case 'read':
        return `read → ${output?.kind === 'read' ? show(output.value) : '?'}`;
      case 'write':
        return `write ${show(input.value)}${output === undefined ? ' → ?' : ''}`;
      case 'cas': {
        const answer = output?.kind !== 'cas' ? '?' : output.swapped ? 'yes' : 'no';
        return `cas ${show(input.from)} to ${show(input.to)} → ${answer}`;
      }
    }
  },
  describeState: show,
};
