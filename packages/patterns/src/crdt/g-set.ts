/** Set that only grows: merge is union. Shapiro et al., "A Comprehensive Study …", 2011, specification 11. */
import { expectWellFormed } from '../base/index.ts';
import type { Crdt } from './crdt.ts';
import { type MergeRule, PersistentMap } from './persistent-map.ts';

export type GSet = PersistentMap<true>;

export interface GSetType extends Crdt<GSet> {
  /** Delta: the element. Needs no state. */
  add(element: string): GSet;
  has(state: GSet, element: string): boolean;
  /** The elements, in no order that means anything. */
  value(state: GSet): string[];
}

const UNION: MergeRule<true> = { both: (mine) => mine, theirs: (theirs) => theirs };

export const gSet: GSetType = {
  name: 'g-set',
  code: 5,
  empty: PersistentMap.empty(),
  merge: (a, b) => a.merge(b, UNION),
  equals: (a, b) => a.equals(b, Object.is),
  write: (state, writer) => {
    writer.uint(state.size);
    state.forEach((_true, element) => {
      writer.text(element);
    });
  },
  read: (reader) => PersistentMap.of(Array.from({ length: reader.count() }, () => [reader.text(), true as const])),
  add: (element) => {
    expectWellFormed(element, 'an element');
    return PersistentMap.ofOne<true>(element, true);
  },
  has: (state, element) => state.has(element),
  value: (state) => state.keys(),
};
