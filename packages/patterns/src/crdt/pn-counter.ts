/**
 * Counter that goes up and down: two growing counters, and their difference. Shapiro et al., "A Comprehensive Study …", 2011, specification 7.
 *
 * No lower bound can hold: two replicas may each take the last one. Use a bounded counter for stock. There is no reset either: to reset, embed it in
 * an OR-map and remove its key.
 */
import type { Crdt } from './crdt.ts';
import { type GCounter, gCounter } from './g-counter.ts';

export interface PnCounter {
  readonly up: GCounter;
  readonly down: GCounter;
}

export interface PnCounterType extends Crdt<PnCounter> {
  /** Delta: `by` (a safe integer > 0, default 1) added by `actor`. */
  increment(state: PnCounter, actor: string, by?: number): PnCounter;
  /** Delta: `by` (a safe integer > 0, default 1) taken off by `actor`. */
  decrement(state: PnCounter, actor: string, by?: number): PnCounter;
  value(state: PnCounter): number;
}

export const pnCounter: PnCounterType = {
  name: 'pn-counter',
  code: 2,
  empty: { up: gCounter.empty, down: gCounter.empty },
  merge: (a, b) => {
    const up = gCounter.merge(a.up, b.up);
    const down = gCounter.merge(a.down, b.down);
    return up === a.up && down === a.down ? a : { up, down };
  },
  equals: (a, b) => gCounter.equals(a.up, b.up) && gCounter.equals(a.down, b.down),
  write: (state, writer) => {
    gCounter.write(state.up, writer);
    gCounter.write(state.down, writer);
  },
  read: (reader) => ({ up: gCounter.read(reader), down: gCounter.read(reader) }),
  increment: (state, actor, by = 1) => ({ up: gCounter.increment(state.up, actor, by), down: gCounter.empty }),
  decrement: (state, actor, by = 1) => ({ up: gCounter.empty, down: gCounter.increment(state.down, actor, by) }),
  value: (state) => gCounter.value(state.up) - gCounter.value(state.down),
};
