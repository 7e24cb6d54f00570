/**
 * What waits for an actor. Hewitt, Bishop, Steiger, "A Universal Modular Actor Formalism", IJCAI 1973; bounds, priorities and the stash as in
 * Akka's typed mailboxes.
 *
 *     offer ──> [ lanes, by priority ] ──┐
 *     stash ──> [ stash ] ──unstash──> [ first ] ──> take
 *     offerSystem ──> [ system ] ────────────────────> takeSystem        (asked for before `take`)
 *
 * Each queue has its own bound, so that neither ordinary messages keep system messages out, nor what is stashed the ordinary ones. Bringing back
 * the stash therefore never fails. Pure; all operations O(1), but `unstash` and `clear`, which are O(1) for each message they move.
 */
import { assert } from '../base/index.ts';
import { Deque } from './deque.ts';

/**
 * What a full mailbox does with one more message. `refuse`: the sender is told, and told again when there is room (back-pressure). `drop-oldest`
 * and `drop-newest`: one message is lost, of those of the lowest priority, and never one of a higher priority than the newcomer's.
 */
export type Overflow = 'refuse' | 'drop-oldest' | 'drop-newest';

export interface MailboxOptions {
  /** Messages that wait, of all priorities. Default 1,000. */
  readonly messagesMax?: number;
  /** Default refuse. */
  readonly overflow?: Overflow;
  /** Priorities: 0, which is the lowest, to this less one. 1 to 32, default 1. */
  readonly priorities?: number;
  /** Messages that are stashed, or have been and wait again. Default 1,000. */
  readonly stashMax?: number;
  /** System messages that wait; past that they are refused, never dropped. Default 1,000. */
  readonly systemMax?: number;
  /** After a refusal: how few must wait before there is room. Default half of `messagesMax`. */
  readonly roomAt?: number;
}

/** `dropped`: the mailbox was full, and `message` is lost: the one that was offered, or one that waited and made room for it. */
export type Offer<M> =
  | { readonly kind: 'taken' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'dropped'; readonly which: 'offered' | 'waiting'; readonly message: M };

/** Since the mailbox was made. */
export interface MailboxCounts {
  readonly taken: number;
  readonly refused: number;
  readonly droppedOldest: number;
  readonly droppedNewest: number;
  readonly stashRefused: number;
  readonly systemRefused: number;
}

const TAKEN: { readonly kind: 'taken' } = { kind: 'taken' };
const REFUSED: { readonly kind: 'refused' } = { kind: 'refused' };

export class Mailbox<M, S = never> {
  readonly #messagesMax: number;
  readonly #overflow: Overflow;
  readonly #stashMax: number;
  readonly #systemMax: number;
  readonly #roomAt: number;
  readonly #lanes: readonly Deque<M>[];
  readonly #first: Deque<M> = new Deque();
  readonly #system: Deque<S> = new Deque();
  readonly #stash: Deque<M> = new Deque();
  readonly #counts = {
    taken: 0,
    refused: 0,
    droppedOldest: 0,
    droppedNewest: 0,
    stashRefused: 0,
    systemRefused: 0,
  };
  /** Bit p: lane p is not empty. */
  #filled = 0;
  #inLanes = 0;
  #isPressing = false;

  constructor(options: MailboxOptions = {}) {
    const { messagesMax = 1_000, priorities = 1, stashMax = 1_000, systemMax = 1_000 } = options;
    const { roomAt = Math.floor(messagesMax / 2) } = options;
    assert(Number.isInteger(messagesMax) && messagesMax >= 1, `messagesMax must be >= 1, not ${messagesMax}`);
    assert(
      Number.isInteger(priorities) && priorities >= 1 && priorities <= 32,
      `priorities must be 1 to 32, not ${priorities}`,
    );
    assert(stashMax >= 0, `stashMax must be >= 0, not ${stashMax}`);
    assert(systemMax >= 1, `systemMax must be >= 1, not ${systemMax}`);
    assert(roomAt >= 0 && roomAt < messagesMax, `roomAt must be in [0, messagesMax), not ${roomAt}`);
    this.#messagesMax = messagesMax;
    this.#overflow = options.overflow ?? 'refuse';
    this.#stashMax = stashMax;
    this.#systemMax = systemMax;
    this.#roomAt = roomAt;
    this.#lanes = Array.from({ length: priorities }, () => new Deque<M>());
  }

  /** Messages that `take` has yet to give; those in the stash are not among them. */
  get size(): number {
    return this.#inLanes + this.#first.size;
  }

  get stashed(): number {
    return this.#stash.size;
  }

  get systemSize(): number {
    return this.#system.size;
  }

  get counts(): MailboxCounts {
    return this.#counts;
  }

  offer(message: M, priority: number = 0): Offer<M> {
    const lane = this.#lanes[priority];
    assert(lane !== undefined, `priority must be 0 to ${this.#lanes.length - 1}, not ${priority}`);
    if (this.#inLanes < this.#messagesMax) {
      this.#add(message, lane, priority);
      return TAKEN;
    }
    if (this.#overflow === 'refuse') {
      this.#counts.refused += 1;
      this.#isPressing = true;
      return REFUSED;
    }
    const end = this.#overflow === 'drop-oldest' ? 'oldest' : 'newest';
    this.#counts[end === 'oldest' ? 'droppedOldest' : 'droppedNewest'] += 1;
    const lowest = 31 - Math.clz32(this.#filled & -this.#filled);
    // Of one priority, the newest of all is the one that was offered.
    if (lowest > priority || (lowest === priority && end === 'newest'))
      return { kind: 'dropped', which: 'offered', message };
    const dropped = this.#remove(lowest, end);
    this.#add(message, lane, priority);
    return { kind: 'dropped', which: 'waiting', message: dropped };
  }

  /** False when as many wait as may: their sender has to know. */
  offerSystem(signal: S): boolean {
    if (this.#system.size >= this.#systemMax) {
      this.#counts.systemRefused += 1;
      return false;
    }
    this.#system.push(signal);
    return true;
  }

  /** The next system message, in order of arrival. */
  takeSystem(): S | undefined {
    return this.#system.size === 0 ? undefined : this.#system.shift();
  }

  /** The next message: what was stashed first, then by priority, of one priority in order of arrival. */
  take(): M | undefined {
    if (this.#first.size > 0) return this.#first.shift();
    if (this.#filled === 0) return undefined;
    return this.#remove(31 - Math.clz32(this.#filled), 'oldest');
  }

  /** True once after a refusal, when there is room again: now senders are to be told. */
  takeRoom(): boolean {
    if (!this.#isPressing || this.#inLanes > this.#roomAt) return false;
    this.#isPressing = false;
    return true;
  }

  /** Puts a message that was taken aside. False when the stash is full: then it must be handled, or refused. */
  stash(message: M): boolean {
    if (this.#stash.size + this.#first.size >= this.#stashMax) {
      this.#counts.stashRefused += 1;
      return false;
    }
    this.#stash.push(message);
    return true;
  }

  /** All that is stashed comes next, in the order in which it was stashed. */
  unstash(): void {
    while (this.#stash.size > 0) this.#first.pushFront(this.#stash.pop());
  }

  /** Everything but system messages, in the order in which it would have been taken, the stash last. */
  clear(): M[] {
    const messages: M[] = [];
    for (let next = this.take(); next !== undefined; next = this.take()) messages.push(next);
    while (this.#stash.size > 0) messages.push(this.#stash.shift());
    this.#isPressing = false;
    return messages;
  }

  #add(message: M, lane: Deque<M>, priority: number): void {
    lane.push(message);
    this.#filled |= 1 << priority;
    this.#inLanes += 1;
    this.#counts.taken += 1;
  }

  #remove(priority: number, end: 'oldest' | 'newest'): M {
    const lane = this.#lanes[priority]!;
    const message = end === 'oldest' ? lane.shift() : lane.pop();
    if (lane.size === 0) this.#filled &= ~(1 << priority);
    this.#inLanes -= 1;
    return message;
  }
}
