/**
 * Observed-remove map from text to any CRDT. Removing a key removes what was seen of its value; what another changed there meanwhile, unseen, stays, and
 * nothing else does ("reset-remove": Riak's maps; Almeida, Shoker, Baquero, JPDC 2018, section 7, ormap).
 *
 * That is why a nested value has no context of its own: it lives in the map's, which still knows of dots whose key is gone. Values that are dot stores
 * nest directly (flag, multi-value register, OR-set, OR-map). All others go through `embedded`.
 *
 *     const carts = orMap(orSet);
 *     const delta = carts.update(state, 'ann', (cart) => orSet.add(cart, 'milk', actor));
 */
import { expectWellFormed } from '../base/index.ts';
import { DotContext } from '../time/index.ts';
import { type Causal, type CausalType, causalType, contextOf } from './causal.ts';
import { type DotMap, dotMapStore, partOf } from './dot-map.ts';
import { PersistentMap } from './persistent-map.ts';

export type OrMap<S> = Causal<DotMap<S>>;

export interface OrMapType<S> extends CausalType<DotMap<S>> {
  /** Delta: what `change` returns, which must be a delta of the nested type, made from the state it is given. */
  update(state: OrMap<S>, key: string, change: (value: Causal<S>) => Causal<S>): OrMap<S>;
  /** Delta: the key, as far as it was seen. */
  remove(state: OrMap<S>, key: string): OrMap<S>;
  /** The nested state, to be asked by its own type; undefined when the key is not there. */
  get(state: OrMap<S>, key: string): Causal<S> | undefined;
  /** In no order that means anything. */
  keys(state: OrMap<S>): string[];
}

export function orMap<S>(values: CausalType<S>): OrMapType<S> {
  const nested = values.store;
  const type = causalType('or-map', 10, dotMapStore(nested));
  return {
    ...type,
    update: (state, key, change) => {
      expectWellFormed(key, 'a key');
      const before = state.store.entries.get(key) ?? nested.empty;
      const delta = change({ store: before, context: state.context });
      return { store: partOf(key, delta.store), context: delta.context };
    },
    remove: (state, key) => {
      const before = state.store.entries.get(key);
      if (before === undefined)
        return { store: { entries: PersistentMap.empty(), part: true }, context: DotContext.empty };
      return { store: partOf(key, nested.empty), context: contextOf(nested, before) };
    },
    get: (state, key) => {
      const store = state.store.entries.get(key);
      return store === undefined || nested.isEmpty(store) ? undefined : { store, context: state.context };
    },
    keys: (state) => {
      const keys: string[] = [];
      state.store.entries.forEach((value, key) => {
        if (!nested.isEmpty(value)) keys.push(key);
      });
      return keys;
    },
  };
}
