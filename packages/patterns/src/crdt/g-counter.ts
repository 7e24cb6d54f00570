/**
 * Counter that only grows: one number per actor, of which only that actor's owner adds to it; merge takes the larger of each. Shapiro, Preguiça, Baquero,
 * Zawirski, "A Comprehensive Study of Convergent and Commutative Replicated Data Types", 2011, specification 6.
 *
 * An actor that forgets its number (a lost disk) and counts again from 0 loses increments silently: use `ActorId` with a fresh epoch.
 */
import { assert } from '../base/index.ts';
import { VectorClock } from '../time/index.ts';
import type { Crdt } from './crdt.ts';

/** How much each actor has added. */
export type GCounter = VectorClock;

export interface GCounterType extends Crdt<GCounter> {
  /** Delta: `by` (a safe integer > 0, default 1) added by `actor`. O(log actors). */
  increment(state: GCounter, actor: string, by?: number): GCounter;
  /** The sum. O(actors). */
  value(state: GCounter): number;
}

export const gCounter: GCounterType = {
  name: 'g-counter',
  code: 1,
  empty: VectorClock.empty,
  merge: (a, b) => a.merge(b),
  equals: (a, b) => a.equals(b),
  write: (state, writer) => state.write(writer),
  read: (reader) => VectorClock.read(reader),
  increment: (state, actor, by = 1) => {
    assert(Number.isSafeInteger(by) && by > 0, 'a counter grows by a safe integer above 0');
    return VectorClock.empty.advance(actor, state.get(actor) + by);
  },
  value: (state) => total(state),
};

/** The sum of all counters of a clock. */
export function total(clock: VectorClock): number {
  let sum = 0;
  for (const counter of clock.counters) sum += counter;
  return sum;
}
