/**
 * CRDTs that remove without tombstones. A state is a store of values, each under the dot of the write that made it, and the context of all dots seen.
 * What the context has and the store has not was removed; so removing is forgetting, and costs nothing.
 *
 * Almeida, Shoker, Baquero, "Delta State Replicated Data Types", JPDC 2018, section 7: figure 7 (causal context and dot stores) and the join
 *
 *     (s, c) ⊔ (s', c') = ((s ∩ s') ∪ (s ∖ c') ∪ (s' ∖ c), c ∪ c')
 *
 * Contexts keep holes exactly (see `DotContext`), so a delta may come before those it follows; causal delivery is not needed.
 */
import { assert } from '../base/index.ts';
import { type Dot, DotContext } from '../time/index.ts';
import type { Crdt } from './crdt.ts';
import { readContext, type StateReader, type StateWriter, writeContext } from './state-bytes.ts';

export interface Causal<S> {
  readonly store: S;
  readonly context: DotContext;
}

/** One kind of store, and what the join above means for it. */
export interface DotStore<S> {
  /** No dots. As a part of a delta: all that was seen of it is removed. */
  readonly empty: S;
  isEmpty(store: S): boolean;
  /** `a`, seen with context `ca`, joined with `b`, seen with `cb`. Returns `a` itself when nothing changes. */
  join(a: S, ca: DotContext, b: S, cb: DotContext): S;
  forEachDot(store: S, visit: (dot: Dot) => void): void;
  equals(a: S, b: S): boolean;
  /** The context has been written before: with it, the names of all actors. */
  write(store: S, writer: StateWriter): void;
  read(reader: StateReader): S;
}

/** The CRDT of a dot store: `Crdt` for states that stand alone, `store` for those inside an OR-map. */
export interface CausalType<S> extends Crdt<Causal<S>> {
  readonly store: DotStore<S>;
}

export function causalType<S>(name: string, code: number, store: DotStore<S>): CausalType<S> {
  return {
    name,
    code,
    store,
    empty: { store: store.empty, context: DotContext.empty },
    merge: (a, b) => {
      if (a === b) return a;
      const context = a.context.merge(b.context);
      const joined = store.join(a.store, a.context, b.store, b.context);
      return joined === a.store && context === a.context ? a : { store: joined, context };
    },
    equals: (a, b) => a.context.equals(b.context) && store.equals(a.store, b.store),
    write: ({ store: written, context }, writer) => {
      writeContext(context, writer);
      store.write(written, writer);
    },
    read: (reader) => {
      const context = readContext(reader);
      const read = store.read(reader);
      store.forEachDot(read, ({ actor, counter }) => {
        assert(context.has(actor, counter), 'every dot of a store must be in its context');
      });
      return { store: read, context };
    },
  };
}

/** The context of all dots of a store, and of `more`: what a delta that overwrites them has seen. O(dots log dots). */
export function contextOf<S>(store: DotStore<S>, of: S, ...more: Dot[]): DotContext {
  const dots = more;
  store.forEachDot(of, (dot) => dots.push(dot));
  return dots.length === 1 ? DotContext.ofOne(dots[0]!.actor, dots[0]!.counter) : DotContext.of(dots);
}
