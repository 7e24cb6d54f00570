/**
 * Messages that are stored in the same transaction as the state that they speak of, and sent afterwards: so that there is never one without the
 * other. This is the part that belongs to the state; `outbox-relay.ts` sends. Richardson, "Microservices Patterns", 2018, section 3.3.7 (transactional outbox).
 *
 *     append --> stored --(delivered, and all before it: acknowledge)--> (gone)
 *                  | park                 ^
 *                  v                      | unpark: at the end, in order
 *                parked ------------------+
 *
 * A message has a key, whose messages are sent in order, and an id for its receiver to tell a repetition by. Its position is its place in the order of
 * sending; it changes when the message was parked and comes again.
 *
 * A function of the order of its calls and of nothing else. Appending O(1); parking a key O(what is stored).
 */
import { assert } from '../base/index.ts';

export interface OutboxEntry<M> {
  /** From 1, ascending; in the order in which transactions committed. */
  readonly position: number;
  /** Of this message for all time. */
  readonly id: number;
  readonly key: string;
  readonly message: M;
}

export interface OutboxOptions {
  /** Messages that wait to be sent, parked ones aside; beyond, `append` refuses. Default 100,000. */
  readonly entriesMax?: number;
  /** Default 10,000; beyond, `park` refuses. New messages of a key that is held may go beyond, until there are `entriesMax + parkedMax` in all. */
  readonly parkedMax?: number;
}

/** What was set aside of one key. */
export interface ParkedKey<M> {
  readonly key: string;
  /** Later messages of the key are set aside too, so that their order is kept. */
  readonly isHeld: boolean;
  readonly why: string;
  readonly entries: readonly OutboxEntry<M>[];
}

export interface FrozenOutbox<M> {
  readonly acknowledgedTo: number;
  readonly lastPosition: number;
  readonly entries: readonly OutboxEntry<M>[];
  readonly parked: readonly ParkedKey<M>[];
}

export class Outbox<M> {
  readonly #entriesMax: number;
  readonly #parkedMax: number;
  /** By position, ascending. */
  readonly #entries = new Map<number, OutboxEntry<M>>();
  readonly #parked = new Map<string, ParkedKey<M>>();
  #parkedSize = 0;
  #acknowledgedTo = 0;
  #lastPosition = 0;

  constructor(options: OutboxOptions = {}) {
    this.#entriesMax = options.entriesMax ?? 100_000;
    this.#parkedMax = options.parkedMax ?? 10_000;
    assert(this.#entriesMax >= 1, `entriesMax must be >= 1, not ${this.#entriesMax}`);
    assert(this.#parkedMax >= 0, `parkedMax must be >= 0, not ${this.#parkedMax}`);
  }

  /** Messages that wait to be sent. */
  get size(): number {
    return this.#entries.size;
  }

  /** Messages set aside. */
  get parkedSize(): number {
    return this.#parkedSize;
  }

  get parked(): ReadonlyMap<string, ParkedKey<M>> {
    return this.#parked;
  }

  /** Everything up to this position has been delivered, or parked. */
  get acknowledgedTo(): number {
    return this.#acknowledgedTo;
  }

  /** Undefined when full: then the transaction must not commit; try again when something has been sent. */
  append(key: string, message: M): OutboxEntry<M> | undefined {
    if (this.#entries.size + this.#parkedSize >= this.#entriesMax + this.#parkedMax) return undefined;
    const held = this.#parked.get(key);
    if (held?.isHeld !== true && this.#entries.size >= this.#entriesMax) return undefined;
    this.#lastPosition += 1;
    const entry = { position: this.#lastPosition, id: this.#lastPosition, key, message };
    if (held?.isHeld === true) this.#setAside(held, [entry]);
    else this.#entries.set(entry.position, entry);
    return entry;
  }

  /** The next messages to send after `position`, at most `limit`, in order. O(limit + what is stored up to `position`). */
  after(position: number, limit: number): OutboxEntry<M>[] {
    const found: OutboxEntry<M>[] = [];
    for (const entry of this.#entries.values()) {
      if (found.length >= limit) break;
      if (entry.position > position) found.push(entry);
    }
    return found;
  }

  /** Everything up to and including `position` has been delivered, or parked. Never falls. */
  acknowledge(position: number): void {
    assert(position <= this.#lastPosition, 'only what was stored can be acknowledged');
    for (const each of this.#entries.keys()) {
      if (each > position) break;
      this.#entries.delete(each);
    }
    this.#acknowledgedTo = Math.max(this.#acknowledgedTo, position);
  }

  /**
   * Sets a message aside; `holdsKey`: and all later ones of its key, those to come included. False when no more can be parked, or it is not
   * stored any more.
   */
  park(position: number, holdsKey: boolean, why: string): boolean {
    const entry = this.#entries.get(position);
    if (entry === undefined || this.#parkedSize >= this.#parkedMax) return false;
    const { key } = entry;
    const aside = holdsKey ? this.after(position - 1, this.size).filter((each) => each.key === key) : [entry];
    for (const each of aside) this.#entries.delete(each.position);
    const before = this.#parked.get(key);
    this.#setAside({ key, why, isHeld: holdsKey || before?.isHeld === true, entries: before?.entries ?? [] }, aside);
    return true;
  }

  /** Stores what was parked of a key again, at the end, in order. Returns how many that were. */
  unpark(key: string): number {
    const parked = this.#parked.get(key);
    if (parked === undefined) return 0;
    this.#discard(parked);
    for (const entry of parked.entries) {
      this.#lastPosition += 1;
      this.#entries.set(this.#lastPosition, { ...entry, position: this.#lastPosition });
    }
    return parked.entries.length;
  }

  /** Gives up what was parked of a key. Returns how many that were. */
  discardParked(key: string): number {
    const parked = this.#parked.get(key);
    if (parked === undefined) return 0;
    this.#discard(parked);
    return parked.entries.length;
  }

  /** Everything, as it is now: for a snapshot. O(messages). */
  freeze(): FrozenOutbox<M> {
    const [acknowledgedTo, lastPosition] = [this.#acknowledgedTo, this.#lastPosition];
    return { acknowledgedTo, lastPosition, entries: [...this.#entries.values()], parked: [...this.#parked.values()] };
  }

  /** Fills an empty outbox with what `freeze` gave of one with the same options. */
  load(frozen: FrozenOutbox<M>): void {
    assert(this.#lastPosition === 0, 'only an empty outbox is loaded');
    this.#acknowledgedTo = frozen.acknowledgedTo;
    this.#lastPosition = frozen.lastPosition;
    for (const entry of frozen.entries) this.#entries.set(entry.position, entry);
    for (const parked of frozen.parked) this.#setAside({ ...parked, entries: [] }, parked.entries);
  }

  #setAside(parked: ParkedKey<M>, more: readonly OutboxEntry<M>[]): void {
    this.#parked.set(parked.key, { ...parked, entries: [...parked.entries, ...more] });
    this.#parkedSize += more.length;
  }

  #discard(parked: ParkedKey<M>): void {
    this.#parked.delete(parked.key);
    this.#parkedSize -= parked.entries.length;
  }
}
