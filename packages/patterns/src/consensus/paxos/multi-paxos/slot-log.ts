/**
 * The slots of one replica: what it has accepted in each, and up to where it knows what is chosen. Behind `chosen` slots may be missing; up to it none
 * is, but for those below `first`, which are in a snapshot.
 *
 * Invariant: `first - 1 <= chosen`. O(1) per slot.
 */
import { assert } from '../../../base/index.ts';
import type { Ballot } from '../ballot.ts';
import type { Entry, SlotEntry } from './messages.ts';
import type { MultiPaxosRestart } from './multi-paxos-types.ts';

export class SlotLog<Value> {
  readonly #slots = new Map<number, SlotEntry<Value>>();
  #first: number;
  #chosen: number;
  /** The highest slot that ever held anything. */
  #last = 0;

  constructor({ record, entries, applied }: MultiPaxosRestart<Value>) {
    this.#first = record.first;
    this.#chosen = record.chosen;
    for (const each of entries) if (each.slot >= record.first) this.#put(each);
    for (let slot = record.first; slot <= record.chosen; slot++)
      assert(this.#slots.has(slot), `slot ${slot} is missing, though all up to ${record.chosen} are chosen`);
    // What the state machine has consumed is chosen, but need not be what is held here: it counts as in a snapshot.
    if (applied > this.#chosen) this.forget(applied);
  }

  get first(): number {
    return this.#first;
  }

  get chosen(): number {
    return this.#chosen;
  }

  get entries(): Iterable<SlotEntry<Value>> {
    return this.#slots.values();
  }

  at(slot: number): SlotEntry<Value> | undefined {
    return this.#slots.get(slot);
  }

  accept(slot: number, ballot: Ballot, entry: Entry<Value>): SlotEntry<Value> {
    assert(slot > this.#chosen, `slot ${slot} is chosen and must not be replaced`);
    const accepted = { slot, ballot, entry };
    this.#put(accepted);
    return accepted;
  }

  /** The next slot is chosen, with what it holds. */
  advance(): void {
    const next = this.#chosen + 1;
    assert(this.#slots.has(next), `slot ${next} holds nothing that could be chosen`);
    this.#chosen = next;
  }

  /** What was accepted behind `chosen`, from a slot on, in order. */
  acceptedFrom(from: number): SlotEntry<Value>[] {
    const found: SlotEntry<Value>[] = [];
    for (let slot = Math.max(from, this.#chosen + 1); slot <= this.#last; slot++) {
      const accepted = this.#slots.get(slot);
      if (accepted !== undefined) found.push(accepted);
    }
    return found;
  }

  /** What is chosen from a slot on, in so many slots at most. */
  chosenFrom(from: number, countMax: number = Number.POSITIVE_INFINITY): Entry<Value>[] {
    const found: Entry<Value>[] = [];
    for (let slot = from; slot <= this.#chosen && found.length < countMax; slot++)
      found.push(this.#slots.get(slot)!.entry);
    return found;
  }

  /** All slots up to `through` are in a snapshot. */
  forget(through: number): void {
    for (let slot = this.#first; slot <= through; slot++) this.#slots.delete(slot);
    this.#first = Math.max(this.#first, through + 1);
    this.#chosen = Math.max(this.#chosen, through);
  }

  #put(entry: SlotEntry<Value>): void {
    this.#slots.set(entry.slot, entry);
    this.#last = Math.max(this.#last, entry.slot);
  }
}
