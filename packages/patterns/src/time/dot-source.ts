/**
 * Gives out dots, each once, over crashes and lost disks: counters are reserved ahead on disk, and an actor whose reservation cannot be trusted is
 * replaced by one with a fresh epoch.
 *
 * The defect it prevents is Riak's "kv679" (dots reused after a coordinator lost its copy), and the cure is Riak's "actor epoch".
 * Reserving ahead makes one disk write serve `reserveCount` dots.
 *
 *       opened {stored}                persisted
 *     ------------------> reserving ------------> issuing --(half used)--> issuing and reserving
 *       lost {epoch}          (next() gives undefined)        (all used: next() gives undefined until persisted)
 *
 * Pure: the caller writes what `persist` says, durably, and reports it.
 */
import { assert } from '../base/index.ts';
import { ActorId, type Dot } from './dot.ts';

/** What must be on disk: every counter of `epoch` up to `limit` may have been given out. */
export interface DotReservation {
  readonly epoch: number;
  readonly limit: number;
}

export type DotSourceInput =
  /** The store came back with the reservation that was last persisted: all of it, not a backup of it. */
  | { readonly kind: 'opened'; readonly stored: DotReservation }
  /** The store is new, damaged, or restored: nothing proves which counters were used. `epoch` was never used by this node. */
  | { readonly kind: 'lost'; readonly epoch: number }
  /** `persist` is done and durable. */
  | { readonly kind: 'persisted'; readonly reservation: DotReservation };

export interface DotSourceEffect {
  readonly kind: 'persist';
  readonly reservation: DotReservation;
}

export interface DotSourceOptions {
  readonly node: string;
  /** Dots per disk write; as many counters at most are skipped by a crash. Default 1,024. */
  readonly reserveCount?: number;
}

export class DotSource {
  readonly #node: string;
  readonly #reserveCount: number;
  #actor: ActorId | undefined;
  #epoch = 0;
  #last = 0;
  /** Invariant: #last <= #durable <= #asked. */
  #durable = 0;
  #asked = 0;

  constructor(options: DotSourceOptions) {
    this.#node = options.node;
    this.#reserveCount = options.reserveCount ?? 1024;
    assert(
      Number.isSafeInteger(this.#reserveCount) && this.#reserveCount > 0,
      'reserveCount must be an integer above 0',
    );
  }

  /** Who the dots are of, once it is known. */
  get actor(): ActorId | undefined {
    return this.#actor;
  }

  step(input: DotSourceInput, out: DotSourceEffect[]): void {
    switch (input.kind) {
      case 'opened':
        return this.#begin(input.stored.epoch, input.stored.limit, out);
      case 'lost':
        return this.#begin(input.epoch, 0, out);
      case 'persisted':
        // One of an earlier epoch says nothing about this one.
        if (input.reservation.epoch === this.#epoch) this.#durable = Math.max(this.#durable, input.reservation.limit);
    }
  }

  /** The next dot, or undefined while no durable reservation covers it: wait for `persisted`. May push a `persist`. O(1). */
  next(out: DotSourceEffect[]): Dot | undefined {
    if (this.#actor === undefined) return undefined;
    if (this.#asked - this.#last <= this.#reserveCount / 2) this.#reserve(out);
    if (this.#last >= this.#durable) return undefined;
    this.#last += 1;
    return { actor: this.#actor, counter: this.#last };
  }

  #begin(epoch: number, used: number, out: DotSourceEffect[]): void {
    this.#actor = ActorId.of(this.#node, epoch);
    this.#epoch = epoch;
    this.#last = used;
    this.#durable = used;
    this.#asked = used;
    this.#reserve(out);
  }

  #reserve(out: DotSourceEffect[]): void {
    if (this.#asked > this.#durable) return;
    this.#asked = this.#last + this.#reserveCount;
    out.push({ kind: 'persist', reservation: { epoch: this.#epoch, limit: this.#asked } });
  }
}
