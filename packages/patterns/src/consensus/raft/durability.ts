/**
 * Tickets: what has been asked to be made durable, and what is. The leader writes its own log in parallel with its
 * followers (thesis 10.2.1), so "in my log" and "counts" are two things, and this is where they are kept apart.
 *
 * Each step makes at most one `persist`, which collects all that the step writes. Tickets are answered in order, so one
 * number says how far the disk has come. The trap is ABA: a ticket for an entry that has been truncated since must not
 * make the entry that took its place count. Hence a truncation clips what outstanding tickets will prove.
 */
import { assert } from '../../base/index.ts';
import type { Entry, HardState, RaftEffect, SnapshotMark } from './types.ts';

type OpenPersist = { kind: 'persist'; ticket: number; state: HardState | undefined; entries: Entry[] };

/** Once `ticket` is durable, so is the log up to `lastIndex` (0: says nothing of the log). */
interface Outstanding {
  readonly ticket: number;
  lastIndex: number;
}

export class Durability {
  #lastTicket = 0;
  #durableIndex: number;
  /** Invariant: tickets ascend. Bounded by what the leader's window and the bound on uncommitted bytes let through. */
  readonly #outstanding: Outstanding[] = [];
  #open: OpenPersist | undefined;
  /** The ticket of the latest change of term or vote. */
  #stateTicket = 0;

  constructor(durableIndex: number) {
    this.#durableIndex = durableIndex;
  }

  /** The log up to here is on this node's disk. */
  get durableIndex(): number {
    return this.#durableIndex;
  }

  /** The ticket behind which everything written so far is durable; 0 when it is already. */
  get barrier(): number {
    return this.#outstanding.length === 0 ? 0 : this.#lastTicket;
  }

  /** The ticket behind which term and vote are durable; 0 when they are. */
  get stateBarrier(): number {
    return this.isDurable(this.#stateTicket) ? 0 : this.#stateTicket;
  }

  /** Term or vote changed. */
  state(state: HardState, out: RaftEffect[]): void {
    const open = this.#persist(out);
    open.state = state;
    this.#stateTicket = open.ticket;
  }

  /** `entries` were appended to the log. The array may be kept and grown. */
  appended(entries: Entry[], out: RaftEffect[]): void {
    const open = this.#persist(out);
    if (open.entries.length === 0) open.entries = entries;
    else open.entries.push(...entries);
    this.#outstanding[this.#outstanding.length - 1]!.lastIndex = entries[entries.length - 1]!.index;
  }

  /** The log lost `index` and all behind it: what is outstanding for them proves nothing any more. */
  truncatedFrom(index: number): void {
    this.#durableIndex = Math.min(this.#durableIndex, index - 1);
    for (const each of this.#outstanding) each.lastIndex = Math.min(each.lastIndex, index - 1);
  }

  /** The log restarts behind a snapshot. Returns the ticket. */
  restored(mark: SnapshotMark, out: RaftEffect[]): number {
    this.#open = undefined;
    this.truncatedFrom(1);
    const ticket = this.#issue(mark.index);
    out.push({ kind: 'restore', ticket, state: undefined, mark });
    return ticket;
  }

  /** Everything up to `ticket` is durable. */
  persisted(ticket: number): void {
    assert(ticket <= this.#lastTicket, `ticket ${ticket} was never given out`);
    let done = 0;
    for (; done < this.#outstanding.length && this.#outstanding[done]!.ticket <= ticket; done++) {
      this.#durableIndex = Math.max(this.#durableIndex, this.#outstanding[done]!.lastIndex);
    }
    this.#outstanding.splice(0, done);
  }

  /** Has `ticket` been answered? */
  isDurable(ticket: number): boolean {
    return this.#outstanding.length === 0 || ticket < this.#outstanding[0]!.ticket;
  }

  /** Ends the step's `persist`: from now on it belongs to the driver. */
  close(): void {
    this.#open = undefined;
  }

  #persist(out: RaftEffect[]): OpenPersist {
    if (this.#open === undefined) {
      this.#open = { kind: 'persist', ticket: this.#issue(0), state: undefined, entries: [] };
      out.push(this.#open);
    }
    return this.#open;
  }

  #issue(lastIndex: number): number {
    this.#lastTicket += 1;
    this.#outstanding.push({ ticket: this.#lastTicket, lastIndex });
    return this.#lastTicket;
  }
}
