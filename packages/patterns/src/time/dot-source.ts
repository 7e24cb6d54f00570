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

/** Invariant: last <= durable <= asked. */
interface Counting {
  readonly actor: ActorId;
  readonly epoch: number;
  last: number;
  durable: number;
  asked: number;
}

export class DotSource {
  readonly #node: string;
  readonly #reserveCount: number;
  /** Undefined until it is known what was on disk. */
  #counting: Counting | undefined;

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
    return this.#counting?.actor;
  }

  step(input: DotSourceInput, out: DotSourceEffect[]): void {
    switch (input.kind) {
      case 'opened':
        return this.#begin(input.stored, out);
      case 'lost':
        return this.#begin({ epoch: input.epoch, limit: 0 }, out);
      case 'persisted':
        return this.#persisted(input.reservation);
    }
  }

  /** The next dot, or undefined while no durable reservation covers it: wait for `persisted`. May push a `persist`. O(1). */
  next(out: DotSourceEffect[]): Dot | undefined {
    const counting = this.#counting;
    if (counting === undefined) return undefined;
    if (counting.asked - counting.last <= this.#reserveCount / 2) this.#reserve(counting, out);
    if (counting.last >= counting.durable) return undefined;
    counting.last += 1;
    return { actor: counting.actor, counter: counting.last };
  }

  /** All up to `limit` may have been used already. */
  #begin({ epoch, limit }: DotReservation, out: DotSourceEffect[]): void {
    const counting = { actor: ActorId.of(this.#node, epoch), epoch, last: limit, durable: limit, asked: limit };
    this.#counting = counting;
    this.#reserve(counting, out);
  }

  #persisted({ epoch, limit }: DotReservation): void {
    const counting = this.#counting;
    // A reservation of an earlier epoch says nothing about this one.
    if (counting?.epoch === epoch) counting.durable = Math.max(counting.durable, limit);
  }

  #reserve(counting: Counting, out: DotSourceEffect[]): void {
    if (counting.asked > counting.durable) return;
    counting.asked = counting.last + this.#reserveCount;
    out.push({ kind: 'persist', reservation: { epoch: counting.epoch, limit: counting.asked } });
  }
}
