/**
 * Counter that never goes below 0, without asking anybody: an actor may take off only what it has the right to. Adding gives rights to
 * whoever adds; rights are handed over to those who run short.
 *
 * Balegas, Serra, Duarte, Ferreira, Rodrigues, Preguiça, Shapiro, Najafzadeh, "Extending Eventually Consistent Cloud Databases for Enforcing Numeric
 * Invariants", SRDS 2015, section 4: rights R[i][j] handed from i to j (R[i][i] is what i has added), U[i] what i has used up.
 *
 * For another bound, count the distance from it. A right that a lost actor held is lost with it: hand rights over before retiring.
 */
import { assert, type ByteReader, type ByteWriter } from '../base/index.ts';
import { VectorClock } from '../time/index.ts';
import type { Crdt } from './crdt.ts';
import { total } from './g-counter.ts';

export interface BoundedCounter {
  /** What each actor has added. */
  readonly added: VectorClock;
  /** What each actor has taken off. */
  readonly used: VectorClock;
  /** Rights handed over, per giver and then per receiver, who is another. */
  readonly given: ReadonlyMap<string, VectorClock>;
}

export interface BoundedCounterType extends Crdt<BoundedCounter> {
  /** Delta: `by` added by `actor`, who gets as many rights. */
  increment(state: BoundedCounter, actor: string, by?: number): BoundedCounter;
  /** Delta: `by` taken off by `actor`; undefined when it has fewer rights: ask another to hand some over. */
  decrement(state: BoundedCounter, actor: string, by?: number): BoundedCounter | undefined;
  /** Delta: `count` rights handed over; undefined when `from` has fewer. Only `from` itself may do it. */
  transfer(state: BoundedCounter, from: string, to: string, count: number): BoundedCounter | undefined;
  /** How much `actor` may take off. O(actors). */
  rights(state: BoundedCounter, actor: string): number;
  /** Never below 0. O(actors). */
  value(state: BoundedCounter): number;
}

const NOTHING: BoundedCounter = { added: VectorClock.empty, used: VectorClock.empty, given: new Map() };

export const boundedCounter: BoundedCounterType = {
  name: 'bounded-counter',
  code: 3,
  empty: NOTHING,
  merge: (a, b) => {
    const added = a.added.merge(b.added);
    const used = a.used.merge(b.used);
    const given = mergeGiven(a.given, b.given);
    return added === a.added && used === a.used && given === a.given ? a : { added, used, given };
  },
  equals: (a, b) =>
    a.added.equals(b.added) &&
    a.used.equals(b.used) &&
    a.given.size === b.given.size &&
    [...a.given].every(([from, to]) => b.given.get(from)?.equals(to) === true),
  write,
  read,
  increment: (state, actor, by = 1) => {
    const added = VectorClock.empty.advance(actor, state.added.get(actor) + positive(by));
    return { ...NOTHING, added };
  },
  decrement: (state, actor, by = 1) => {
    if (rights(state, actor) < positive(by)) return undefined;
    return { ...NOTHING, used: VectorClock.empty.advance(actor, state.used.get(actor) + by) };
  },
  transfer: (state, from, to, count) => {
    assert(from !== to, 'rights are handed over to another actor');
    if (rights(state, from) < positive(count)) return undefined;
    const before = state.given.get(from)?.get(to) ?? 0;
    return { ...NOTHING, given: new Map([[from, VectorClock.empty.advance(to, before + count)]]) };
  },
  rights,
  value: (state) => total(state.added) - total(state.used),
};

function positive(by: number): number {
  assert(Number.isSafeInteger(by) && by > 0, 'a bounded counter moves by a safe integer above 0');
  return by;
}

function rights(state: BoundedCounter, actor: string): number {
  let count = state.added.get(actor) - state.used.get(actor);
  for (const [from, to] of state.given) count += from === actor ? -total(to) : to.get(actor);
  return count;
}

function mergeGiven(a: BoundedCounter['given'], b: BoundedCounter['given']): BoundedCounter['given'] {
  let merged: Map<string, VectorClock> | undefined;
  for (const [from, theirs] of b) {
    const mine = a.get(from) ?? VectorClock.empty;
    const both = mine.merge(theirs);
    if (both === mine) continue;
    merged ??= new Map(a);
    merged.set(from, both);
  }
  return merged ?? a;
}

function write(state: BoundedCounter, writer: ByteWriter): void {
  state.added.write(writer);
  state.used.write(writer);
  writer.uint(state.given.size);
  for (const from of [...state.given.keys()].sort()) {
    writer.text(from);
    state.given.get(from)!.write(writer);
  }
}

function read(reader: ByteReader): BoundedCounter {
  const added = VectorClock.read(reader);
  const used = VectorClock.read(reader);
  const given = new Map<string, VectorClock>();
  let previous: string | undefined;
  // Two names, of which one may be empty, a count and a counter.
  for (let left = reader.count(5); left > 0; left--) {
    const from = reader.text();
    assert(previous === undefined || previous < from, 'the givers of a bounded counter must be in ascending order');
    const to = VectorClock.read(reader);
    assert(to.size > 0 && to.get(from) === 0, 'rights must be handed over to another actor');
    given.set(from, to);
    previous = from;
  }
  return { added, used, given };
}
