/**
 * Observed-remove set, without tombstones: a removal takes away what it has seen; an addition it has not seen wins. An element may return as often
 * as one likes, and what is removed leaves nothing behind but a number per actor.
 *
 * Bieniusa, Zawirski, Preguiça, Shapiro, Baquero, Balegas, Duarte, "An Optimized Conflict-Free Replicated Set", 2012; Almeida, Shoker, Baquero, JPDC 2018,
 * section 7 (aworset).
 *
 * Changes and merges of a delta are O(log elements + actors). Merging two whole sets is O(elements).
 */
import { expectWellFormed } from '../base/index.ts';
import { DotContext } from '../time/index.ts';
import { type Causal, type CausalType, causalType, contextOf } from './causal.ts';
import { type DotMap, dotMapStore, partOf } from './dot-map.ts';
import { type Dots, dotsStore, nothingCodec } from './dots.ts';
import { PersistentMap } from './persistent-map.ts';

export type OrSetStore = DotMap<Dots<true>>;
export type OrSet = Causal<OrSetStore>;

export interface OrSetType extends CausalType<OrSetStore> {
  /** Delta: the element, added by `actor`. */
  add(state: OrSet, element: string, actor: string): OrSet;
  /** Delta: the element is removed as far as it was seen; nothing when it is not there. */
  remove(state: OrSet, element: string): OrSet;
  /** Delta: all elements are removed as far as they were seen. O(elements). */
  clear(state: OrSet): OrSet;
  has(state: OrSet, element: string): boolean;
  /** The elements, in no order that means anything. */
  value(state: OrSet): string[];
}

const elements = dotsStore(nothingCodec);
const store = dotMapStore(elements);
const NOTHING: OrSet = { store: { entries: PersistentMap.empty(), part: true }, context: DotContext.empty };

export const orSet: OrSetType = {
  ...causalType('or-set', 9, store),
  add: (state, element, actor) => {
    expectWellFormed(element, 'an element');
    const dot = { actor, counter: state.context.last(actor) + 1, value: true as const };
    const before = state.store.entries.get(element);
    const context = before === undefined ? DotContext.ofOne(dot.actor, dot.counter) : contextOf(elements, before, dot);
    return { store: partOf<Dots<true>>(element, dot), context };
  },
  remove: (state, element) => {
    const before = state.store.entries.get(element);
    if (before === undefined) return NOTHING;
    return { store: partOf(element, elements.empty), context: contextOf(elements, before) };
  },
  clear: (state) => {
    let entries = state.store.entries;
    state.store.entries.forEach((_dots, element) => {
      entries = entries.set(element, elements.empty);
    });
    return { store: { entries, part: true }, context: contextOf(store, state.store) };
  },
  has: (state, element) => !elements.isEmpty(state.store.entries.get(element) ?? elements.empty),
  value: (state) => {
    const present: string[] = [];
    state.store.entries.forEach((dots, element) => {
      if (!elements.isEmpty(dots)) present.push(element);
    });
    return present;
  },
};
