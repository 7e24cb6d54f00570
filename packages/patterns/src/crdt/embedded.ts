/**
 * Any CRDT as the value of an OR-map's key, or as one that can be reset. Each actor keeps its part of the value under one dot, and each of its changes
 * moves it to the next; the value is the merge of all parts. Removal takes away the dots it has seen.
 *
 * What a change that the removal has not seen brings back depends on what is kept:
 * - `own` (counters, registers, sets): what its actor has done, before the removal too, and nothing of others. After a removal everybody starts anew,
 *   so old increments do not leak into a key that is used again (Riak's "embedded counter" defect).
 * - `everything` (text, whose parts hang on each other): the value as its actor saw it.
 *
 * After Baquero, Almeida, Lerche, "The Problem with Embedded CRDT Counters and a Solution", PaPoC 2016, where that trade-off is set out.
 */
import { type Causal, type CausalType, causalType, contextOf } from './causal.ts';
import type { Crdt } from './crdt.ts';
import { type Dots, dotsOf, dotsStore, listOf } from './dots.ts';

export type Embedded<C> = Causal<Dots<C>>;

export interface EmbeddedType<C> extends CausalType<Dots<C>> {
  /** Delta: what `change` returns, a delta of the inner type made from the state it is given. */
  update(state: Embedded<C>, actor: string, change: (value: C) => C): Embedded<C>;
  /** Delta: back to nothing, as far as it was seen. */
  reset(state: Embedded<C>): Embedded<C>;
  /** The inner state. O(actors) merges. */
  inner(state: Embedded<C>): C;
}

export function embedded<C>(inner: Crdt<C>, keep: 'own' | 'everything' = 'own'): EmbeddedType<C> {
  const store = dotsStore<C>(inner);
  const merged = (dots: Dots<C>): C => listOf(dots).reduce((value, dot) => inner.merge(value, dot.value), inner.empty);
  return {
    ...causalType(`embedded ${inner.name}`, 11, store),
    update: (state, actor, change) => {
      const replaced = keep === 'own' ? dotsOf(listOf(state.store).filter((dot) => dot.actor === actor)) : state.store;
      const value = inner.merge(merged(replaced), change(merged(state.store)));
      const dot = { actor, counter: state.context.last(actor) + 1, value };
      return { store: dot, context: contextOf(store, replaced, dot) };
    },
    reset: (state) => ({ store: store.empty, context: contextOf(store, state.store) }),
    inner: (state) => merged(state.store),
  };
}
