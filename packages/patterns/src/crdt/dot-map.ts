/**
 * A store of stores, by key (JPDC 2018, figure 7, DotMap): what an OR-set (key → dots) and an OR-map (key → anything) are made of.
 *
 * A *whole* map is all there is under its context: a key that is missing has been removed as far as the context has seen it. Merging two whole maps
 * therefore looks at every key that they do not share. A *part* lists every key that its context touches (removed ones as empty), so that merging a delta looks at its own
 * keys only. Both denote the same lattice, though not in the same bytes; a part is what mutators make, and a part merged into a whole is whole.
 */
import { assert } from '../base/index.ts';
import type { DotContext } from '../time/index.ts';
import type { DotStore } from './causal.ts';
import { PersistentMap, PersistentMapBuilder } from './persistent-map.ts';

export interface DotMap<V> {
  readonly entries: PersistentMap<V>;
  /** Whether keys that are not listed are unaffected, rather than removed. */
  readonly part: boolean;
}

export function dotMapStore<V>(values: DotStore<V>): DotStore<DotMap<V>> {
  const empty: DotMap<V> = { entries: PersistentMap.empty(), part: false };

  const join = (a: DotMap<V>, ca: DotContext, b: DotMap<V>, cb: DotContext): DotMap<V> => {
    if (a === b) return a;
    // A replica that knows nothing yet takes all that there is as it is.
    if (!b.part && ca.actors.length === 0) return b;
    const part = a.part && b.part;
    // A part lists what was removed, as empty; a whole map leaves it out.
    const listed = (value: V): V | undefined => (part || !values.isEmpty(value) ? value : undefined);
    const rule = {
      both: (mine: V, theirs: V) => listed(values.join(mine, ca, theirs, cb)),
      // Of a key that a whole map has not: removed there, or not yet heard of.
      theirs: (theirs: V) => listed(a.part ? theirs : values.join(values.empty, ca, theirs, cb)),
    };
    const mine = (mine: V): V | undefined => listed(values.join(mine, ca, values.empty, cb));
    const entries = a.entries.merge(b.entries, b.part ? rule : { ...rule, mine });
    return entries === a.entries && part === a.part ? a : { entries, part };
  };

  return {
    empty,
    isEmpty: ({ entries }) => {
      for (const [, value] of entries.entries()) if (!values.isEmpty(value)) return false;
      return true;
    },
    join,
    forEachDot: ({ entries }, visit) => {
      entries.forEach((value) => {
        values.forEachDot(value, visit);
      });
    },
    equals: (a, b) =>
      a.part === b.part
        ? a.entries.equals(b.entries, values.equals)
        : liveOf(values, a).equals(liveOf(values, b), values.equals),
    write: ({ entries, part }, writer) => {
      writer.uint(2 * entries.size + (part ? 1 : 0));
      entries.forEach((value, key) => {
        writer.text(key);
        values.write(value, writer);
      });
    },
    read: (reader) => {
      const head = reader.uint();
      const part = head % 2 === 1;
      const read = new PersistentMapBuilder<V>();
      // Of each at least the length of its key, and something of its value.
      for (let left = reader.atLeast(Math.floor(head / 2), 2); left > 0; left--) {
        const key = reader.text();
        const value = values.read(reader);
        assert(part || !values.isEmpty(value), `key ${key} of a whole map must not be empty`);
        read.add(key, value);
      }
      return { entries: read.build(), part };
    },
  };
}

/** The entries that are not empty. */
function liveOf<V>(values: DotStore<V>, { entries }: DotMap<V>): PersistentMap<V> {
  let live = entries;
  entries.forEach((value, key) => {
    if (values.isEmpty(value)) live = live.delete(key);
  });
  return live;
}

/** A part of one key. */
export function partOf<V>(key: string, value: V): DotMap<V> {
  return { entries: PersistentMap.ofOne(key, value), part: true };
}
