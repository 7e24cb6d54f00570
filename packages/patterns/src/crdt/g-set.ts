/** Set that only grows: merge is union. Shapiro et al., "A Comprehensive Study …", 2011, specification 11. */
import { assert, type ByteReader, type ByteWriter } from '../base/index.ts';
import type { Crdt } from './crdt.ts';
import { PersistentMap } from './persistent-map.ts';

export type GSet = PersistentMap<true>;

export interface GSetType extends Crdt<GSet> {
  /** Delta: the element. Needs no state. */
  add(element: string): GSet;
  has(state: GSet, element: string): boolean;
  /** The elements, in no order that means anything. */
  value(state: GSet): string[];
}

export const gSet: GSetType = {
  name: 'g-set',
  code: 5,
  empty: PersistentMap.empty(),
  merge: (a, b) => {
    if (a.size === 0) return b.size === 0 ? a : b;
    let merged = a;
    b.forEach((_true, element) => {
      merged = merged.set(element, true);
    });
    return merged;
  },
  equals: (a, b) => a.equals(b, () => true),
  write: (state, writer) => writeElements(state.keys(), writer),
  read: (reader) => readElements(reader),
  add: (element) => PersistentMap.empty<true>().set(element, true),
  has: (state, element) => state.has(element),
  value: (state) => state.keys(),
};

function writeElements(elements: string[], writer: ByteWriter): void {
  writer.uint(elements.length);
  for (const element of elements.sort()) writer.text(element);
}

function readElements(reader: ByteReader): GSet {
  let set: GSet = PersistentMap.empty();
  let previous: string | undefined;
  for (let left = reader.count(); left > 0; left--) {
    const element = reader.text();
    assert(previous === undefined || previous < element, 'the elements of a set must be in ascending order');
    set = set.set(element, true);
    previous = element;
  }
  return set;
}
