/**
 * Two-phase set: what was removed never comes back. Shapiro et al., "A Comprehensive Study …", 2011, specification 12.
 *
 * A removed element stays, as a tombstone, for ever: that *is* its promise (for ids that must never be used again). Where elements may return, use an OR-set.
 * An element that was removed is kept once only, as removed.
 */
import { assert } from '../base/index.ts';
import type { Crdt } from './crdt.ts';
import { type GSet, gSet } from './g-set.ts';

export interface TwoPhaseSet {
  /** Added and not removed. */
  readonly present: GSet;
  readonly removed: GSet;
}

export interface TwoPhaseSetType extends Crdt<TwoPhaseSet> {
  /** Delta: the element, unless it was or is ever removed. */
  add(element: string): TwoPhaseSet;
  /** Delta: the element is removed for ever, also where it was never seen. */
  remove(element: string): TwoPhaseSet;
  has(state: TwoPhaseSet, element: string): boolean;
  value(state: TwoPhaseSet): string[];
}

export const twoPhaseSet: TwoPhaseSetType = {
  name: 'two-phase-set',
  code: 6,
  empty: { present: gSet.empty, removed: gSet.empty },
  merge: (a, b) => {
    const removed = gSet.merge(a.removed, b.removed);
    let present = a.present;
    b.present.forEach((_true, element) => {
      if (!removed.has(element)) present = present.set(element, true);
    });
    b.removed.forEach((_true, element) => {
      present = present.delete(element);
    });
    return present === a.present && removed === a.removed ? a : { present, removed };
  },
  equals: (a, b) => gSet.equals(a.present, b.present) && gSet.equals(a.removed, b.removed),
  write: (state, writer) => {
    gSet.write(state.present, writer);
    gSet.write(state.removed, writer);
  },
  read: (reader) => {
    const present = gSet.read(reader);
    const removed = gSet.read(reader);
    removed.forEach((_true, element) => {
      assert(!present.has(element), `element ${element} must not be both present and removed`);
    });
    return { present, removed };
  },
  add: (element) => ({ present: gSet.add(element), removed: gSet.empty }),
  remove: (element) => ({ present: gSet.empty, removed: gSet.add(element) }),
  has: (state, element) => state.present.has(element),
  value: (state) => gSet.value(state.present),
};
