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
import { assert, type ByteReader, type ByteWriter } from '../base/index.ts';
import { type Dot, DotContext } from '../time/index.ts';
import type { Codec, Crdt } from './crdt.ts';

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
  /** Actors are written as their place in the context, which has been written before. */
  write(store: S, writer: ByteWriter, actors: ReadonlyMap<string, number>): void;
  read(reader: ByteReader, actors: readonly string[]): S;
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
      context.write(writer);
      store.write(written, writer, new Map(context.actors.map((actor, at) => [actor, at])));
    },
    read: (reader) => {
      const context = DotContext.read(reader);
      const read = store.read(reader, context.actors);
      store.forEachDot(read, ({ actor, counter }) => {
        assert(context.has(actor, counter), 'every dot of a store must be in its context');
      });
      return { store: read, context };
    },
  };
}

/** A dot with what was written at it. */
export interface Dotted<T> extends Dot {
  readonly value: T;
}

/** Sorted by actor, then counter. Almost always of length 0 or 1: as long as there are concurrent writes. */
export type Dots<T> = readonly Dotted<T>[];

const NO_DOTS: readonly never[] = [];

/** A store of single dots, each with a value: a flag or a set's element (no value), a multi-value register, an embedded CRDT. */
export function dotsStore<T>(codec: Codec<T>): DotStore<Dots<T>> {
  return {
    empty: NO_DOTS,
    isEmpty: (dots) => dots.length === 0,
    join: joinDots,
    forEachDot: (dots, visit) => {
      for (const dot of dots) visit(dot);
    },
    equals: (a, b) => a === b || (a.length === b.length && a.every((dot, at) => compareDots(dot, b[at]!) === 0)),
    write: (dots, writer, actors) => {
      writer.uint(dots.length);
      for (const { actor, counter, value } of dots) {
        writer.uint(actors.get(actor)!);
        writer.uint(counter);
        codec.write(value, writer);
      }
    },
    read: (reader, actors) => {
      const dots: Dotted<T>[] = [];
      for (let left = reader.count(2); left > 0; left--) {
        const actor = actors[reader.uint()];
        assert(actor !== undefined, 'the actor of a dot must be in the context');
        const dot = { actor, counter: reader.uint(), value: codec.read(reader) };
        const last = dots[dots.length - 1];
        assert(last === undefined || compareDots(last, dot) < 0, 'dots must be in ascending order');
        dots.push(dot);
      }
      return dots.length === 0 ? NO_DOTS : dots;
    },
  };
}

/** The context of all dots of a store, and of `more`: what a delta that overwrites them has seen. O(dots log dots). */
export function contextOf<S>(store: DotStore<S>, of: S, ...more: Dot[]): DotContext {
  const dots = more;
  store.forEachDot(of, (dot) => dots.push(dot));
  return dots.length === 1 ? DotContext.ofOne(dots[0]!.actor, dots[0]!.counter) : DotContext.of(dots);
}

/** For dots without a value. */
export const nothingCodec: Codec<true> = { write: () => {}, read: () => true };

export function compareDots(a: Dot, b: Dot): number {
  return a.actor < b.actor ? -1 : a.actor > b.actor ? 1 : a.counter - b.counter;
}

function joinDots<T>(a: Dots<T>, ca: DotContext, b: Dots<T>, cb: DotContext): Dots<T> {
  if (a === b) return a;
  // The two commonest cases: both know the same dot; and a write that neither conflicts nor overwrites.
  if (a.length === 1 && b.length === 1 && compareDots(a[0]!, b[0]!) === 0) return a;
  if (a.length === 0 && b.length === 1) return ca.has(b[0]!.actor, b[0]!.counter) ? a : b;
  const joined: Dotted<T>[] = [];
  let kept = 0;
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = a[i];
    const y = b[j];
    const order = x === undefined ? 1 : y === undefined ? -1 : compareDots(x, y);
    if (order === 0 || (order < 0 && !cb.has(x!.actor, x!.counter))) {
      joined.push(x!);
      kept += 1;
    } else if (order > 0 && !ca.has(y!.actor, y!.counter)) joined.push(y!);
    if (order <= 0) i += 1;
    if (order >= 0) j += 1;
  }
  if (kept === a.length && joined.length === a.length) return a;
  return joined.length === 0 ? NO_DOTS : joined;
}
