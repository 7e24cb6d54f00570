/**
 * Multi-value register: of writes that did not know of each other all are kept, and the next write replaces those it has seen. DeCandia et al.,
 * "Dynamo", SOSP 2007 (siblings); Almeida, Shoker, Baquero, JPDC 2018, section 7 (mvreg). Contexts are compared, never values: the same value written
 * twice at once is two siblings.
 */
import { type Causal, type CausalType, causalType, contextOf } from './causal.ts';
import type { Codec } from './crdt.ts';
import { type Dots, dotsStore, listOf } from './dots.ts';

export type MvRegister<T> = Causal<Dots<T>>;

export interface MvRegisterType<T> extends CausalType<Dots<T>> {
  /** Delta: written by `actor`; replaces every value in `state`. */
  set(state: MvRegister<T>, value: T, actor: string): MvRegister<T>;
  /** Delta: every value in `state` is gone. */
  clear(state: MvRegister<T>): MvRegister<T>;
  /** None when never written or cleared; more than one after concurrent writes. In the order of actors: the same everywhere. */
  value(state: MvRegister<T>): T[];
}

export function mvRegister<T>(codec: Codec<T>): MvRegisterType<T> {
  const store = dotsStore(codec);
  return {
    ...causalType('mv-register', 8, store),
    set: (state, value, actor) => {
      const dot = { actor, counter: state.context.last(actor) + 1, value };
      return { store: dot, context: contextOf(store, state.store, dot) };
    },
    clear: (state) => ({ store: store.empty, context: contextOf(store, state.store) }),
    value: (state) => listOf(state.store).map(({ value }) => value),
  };
}
