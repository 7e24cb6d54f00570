/**
 * Flag: of an enabling and a disabling that did not know of each other, the enabling wins. Almeida, Shoker, Baquero, "Delta State Replicated Data Types",
 * JPDC 2018, section 7 (ewflag).
 */
import { type Causal, type CausalType, causalType, contextOf } from './causal.ts';
import { type Dots, dotsStore, nothingCodec } from './dots.ts';

export type EnableWinsFlag = Causal<Dots<true>>;

export interface EnableWinsFlagType extends CausalType<Dots<true>> {
  /** Delta: enabled by `actor`. */
  enable(state: EnableWinsFlag, actor: string): EnableWinsFlag;
  /** Delta: all enabling that was seen is undone. */
  disable(state: EnableWinsFlag): EnableWinsFlag;
  value(state: EnableWinsFlag): boolean;
}

const store = dotsStore(nothingCodec);

export const enableWinsFlag: EnableWinsFlagType = {
  ...causalType('enable-wins-flag', 7, store),
  enable: (state, actor) => {
    const dot = { actor, counter: state.context.last(actor) + 1, value: true as const };
    return { store: dot, context: contextOf(store, state.store, dot) };
  },
  disable: (state) => ({ store: store.empty, context: contextOf(store, state.store) }),
  value: (state) => !store.isEmpty(state.store),
};
