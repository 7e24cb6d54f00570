/**
 * The virtual actors of one host: woken by a message, put to sleep when they have nothing to do, when there are too many, or when their partition
 * moves. Bernstein et al., "Orleans: Distributed Virtual Actors", MSR-TR-2014-41, section 3; who owns which partition: `ActorDirectory`.
 *
 *     message ──> queued ──(there is a place)──> activating ── activated ──> active ── idle, evicted, revoked, lost ──> deactivating
 *                   ^                               │ activation-failed                                                    │
 *                   │                               v                                                                      │
 *                   │                       messages rejected, gone                                 gone <── deactivated ──┤
 *                   └────────────────────────────── a message came meanwhile ──────────────────────────────────────────────┘
 *
 * An actor has one activation at a time, and an activation one ownership: the generation of its partition. Both are its fence. While the lease is certain
 * (counted from before it was asked for, less a margin) messages are taken; when it is not, all activations are lost and every message is rejected until
 * it is certain again. A generation that was released never comes back, whatever late grant arrives.
 *
 * Messages wait for an actor that wakes up or falls asleep, in order and bounded; when the partition moves they are rejected, so that whoever sent
 * them asks for the new owner. Pure. O(1) per message; a move or a lost lease costs O(actors concerned).
 */
import { assert, Instant } from '../base/index.ts';
import { partitionOf } from '../partitioning/fixed-partitions.ts';
import { Deque } from './deque.ts';
import { HostLease } from './host-lease.ts';
import type { ActorHostOptions, DeactivationReason, HostEffect, HostInput, HostRejection } from './host-types.ts';
import { Passivation } from './passivation.ts';

type Letter<M> = HostInput<M> & { readonly kind: 'message' };

interface Owned {
  readonly partition: number;
  readonly generation: number;
  isLeaving: boolean;
  /** All that are not gone. */
  readonly actors: Set<string>;
}

interface Actor<M> {
  readonly id: string;
  readonly owned: Owned;
  state: 'queued' | 'activating' | 'active' | 'deactivating';
  /** Used once in this host. */
  activation: number;
  /** Delivered and not handled. */
  underWay: number;
  /** It has been told to stop at once. */
  isLost: boolean;
  readonly letters: Deque<Letter<M>>;
}

export class ActorHost<M> {
  readonly #partitions: number;
  readonly #actorsMax: number;
  readonly #bufferedMax: number;
  readonly #lease: HostLease;
  readonly #passivation: Passivation;
  readonly #owned = new Map<number, Owned>();
  /** By partition the highest generation that was released. */
  readonly #released = new Map<number, number>();
  readonly #actors = new Map<string, Actor<M>>();
  /** Actors without a place, and some that are gone. */
  readonly #queue: Deque<Actor<M>> = new Deque();
  #queued = 0;
  /** Actors with a place: activating, active, deactivating. And how many of these are deactivating. */
  #awake = 0;
  #falling = 0;
  #buffered = 0;
  #activation = 0;

  constructor(options: ActorHostOptions) {
    this.#partitions = options.partitions;
    this.#actorsMax = options.actorsMax ?? 100_000;
    this.#bufferedMax = options.bufferedMax ?? 10_000;
    this.#lease = new HostLease(options);
    this.#passivation = new Passivation({ idleMs: options.idleMs ?? 120_000 });
    assert(this.#actorsMax >= 1, `actorsMax must be >= 1, not ${options.actorsMax}`);
    assert(this.#bufferedMax >= 1, `bufferedMax must be >= 1, not ${options.bufferedMax}`);
  }

  /** Actors that are awake, waking up, or falling asleep. */
  get awake(): number {
    return this.#awake;
  }

  /** Messages that wait. */
  get buffered(): number {
    return this.#buffered;
  }

  /** Whether an activation may act now. Ask before each act that cannot be taken back and that no fence guards. */
  isHeld(actor: string, activation: number, now: Instant): boolean {
    const known = this.#actors.get(actor);
    return known?.activation === activation && known.state !== 'queued' && this.#lease.isCertain(now);
  }

  get deadline(): Instant | undefined {
    const sleep = this.#passivation.deadline ?? Number.POSITIVE_INFINITY;
    const lease = this.#lease.deadline ?? Number.POSITIVE_INFINITY;
    const earliest = Math.min(sleep, lease);
    return earliest === Number.POSITIVE_INFINITY ? undefined : Instant.of(earliest);
  }

  step(input: HostInput<M>, now: Instant, out: HostEffect<M>[]): void {
    if (this.#lease.expire(now)) this.#lose(out);
    switch (input.kind) {
      case 'start':
        out.push(this.#lease.start(now));
        break;
      case 'renewed':
        this.#lease.renewed(input.id, now);
        break;
      case 'unknown-host':
        this.#exclude(out);
        break;
      case 'grant':
        this.#grant(input.partition, input.generation, out);
        break;
      case 'revoke':
        this.#revoke(input.partition, input.generation, out);
        break;
      case 'message':
        this.#message(input, now, out);
        break;
      case 'tick': {
        const renewal = this.#lease.tick(now);
        if (renewal !== undefined) out.push(renewal);
        for (let due = this.#passivation.takeDue(now); due !== undefined; due = this.#passivation.takeDue(now))
          this.#deactivate(this.#actors.get(due)!, 'idle', out);
        break;
      }
      default: {
        const actor = this.#actors.get(input.actor);
        // News of an activation that is no more.
        if (actor?.activation === input.activation && actor.state !== 'queued') this.#news(input.kind, actor, now, out);
      }
    }
    this.#fill(out);
  }

  #news(
    kind: 'activated' | 'activation-failed' | 'handled' | 'deactivated',
    actor: Actor<M>,
    now: Instant,
    out: HostEffect<M>[],
  ): void {
    switch (kind) {
      case 'activated':
        if (actor.state !== 'activating') return;
        actor.state = 'active';
        this.#deliverAll(actor, now, out);
        return this.#idleIfDone(actor, now);
      case 'activation-failed':
        this.#rejectAll(actor, 'not-activated', out);
        return this.#gone(actor, out);
      case 'handled':
        assert(actor.underWay > 0, `nothing that ${actor.id} was given is left to be handled`);
        actor.underWay -= 1;
        return this.#idleIfDone(actor, now);
      case 'deactivated':
        return this.#gone(actor, out);
    }
  }

  #grant(partition: number, generation: number, out: HostEffect<M>[]): void {
    const owned = this.#owned.get(partition);
    if (generation <= (this.#released.get(partition) ?? 0)) return;
    if (owned === undefined) this.#owned.set(partition, { partition, generation, isLeaving: false, actors: new Set() });
    // The directory never grants a partition anew before it was released.
    else if (owned.generation !== generation) return;
    out.push({ kind: 'confirmed', partition, generation });
  }

  #revoke(partition: number, generation: number, out: HostEffect<M>[]): void {
    const owned = this.#owned.get(partition);
    if (owned?.generation === generation) {
      owned.isLeaving = true;
      for (const id of owned.actors) this.#move(this.#actors.get(id)!, out);
      this.#releaseIfEmpty(owned, out);
    } else if (owned === undefined || owned.generation > generation) {
      // Of a grant that never came: if it comes now it is too late.
      this.#released.set(partition, Math.max(generation, this.#released.get(partition) ?? 0));
      out.push({ kind: 'released', partition, generation });
    }
  }

  #move(actor: Actor<M>, out: HostEffect<M>[]): void {
    this.#rejectAll(actor, 'moving', out);
    if (actor.state === 'queued') this.#forget(actor);
    else this.#deactivate(actor, 'revoked', out);
  }

  #releaseIfEmpty(owned: Owned, out: HostEffect<M>[]): void {
    const { partition, generation, isLeaving, actors } = owned;
    if (!isLeaving || actors.size > 0 || this.#owned.get(partition) !== owned) return;
    this.#owned.delete(partition);
    this.#released.set(partition, generation);
    out.push({ kind: 'released', partition, generation });
  }

  #message(letter: Letter<M>, now: Instant, out: HostEffect<M>[]): void {
    const { actor: id, deadline } = letter;
    const owned = this.#owned.get(partitionOf(id, this.#partitions));
    if (!this.#lease.isCertain(now)) return reject(letter, 'no-lease', out);
    if (owned === undefined) return reject(letter, 'not-owner', out);
    if (owned.isLeaving) return reject(letter, 'moving', out);
    if (deadline !== undefined && now >= deadline) return reject(letter, 'expired', out);
    const actor = this.#actors.get(id);
    if (actor?.state === 'active') return this.#deliver(actor, letter, out);
    if (this.#buffered >= this.#bufferedMax) return reject(letter, 'full', out);
    (actor ?? this.#add(id, owned)).letters.push(letter);
    this.#buffered += 1;
  }

  #add(id: string, owned: Owned): Actor<M> {
    const actor: Actor<M> = {
      ...{ id, owned, state: 'queued', activation: 0, underWay: 0, isLost: false },
      letters: new Deque(),
    };
    this.#actors.set(id, actor);
    owned.actors.add(id);
    this.#enqueue(actor);
    return actor;
  }

  #enqueue(actor: Actor<M>): void {
    actor.state = 'queued';
    this.#queue.push(actor);
    this.#queued += 1;
  }

  /** Gives free places to those that wait, and has as many of the idle fall asleep as there are others that wait. */
  #fill(out: HostEffect<M>[]): void {
    while (this.#awake < this.#actorsMax && this.#queue.size > 0) {
      const actor = this.#queue.shift();
      // Some have been forgotten while they were waiting.
      if (actor.state === 'queued' && this.#actors.get(actor.id) === actor) this.#activate(actor, out);
    }
    while (this.#queued > this.#falling) {
      const oldest = this.#passivation.takeOldest();
      if (oldest === undefined) return;
      this.#deactivate(this.#actors.get(oldest)!, 'evicted', out);
    }
  }

  #activate(actor: Actor<M>, out: HostEffect<M>[]): void {
    this.#activation += 1;
    this.#awake += 1;
    this.#queued -= 1;
    actor.state = 'activating';
    actor.isLost = false;
    actor.activation = this.#activation;
    const { partition, generation } = actor.owned;
    const fence = { partition, generation, activation: actor.activation };
    out.push({ kind: 'activate', actor: actor.id, activation: actor.activation, fence });
  }

  #deliver(actor: Actor<M>, { message, deadline }: Letter<M>, out: HostEffect<M>[]): void {
    actor.underWay += 1;
    this.#passivation.busy(actor.id);
    out.push({ kind: 'deliver', actor: actor.id, activation: actor.activation, message, deadline });
  }

  #deliverAll(actor: Actor<M>, now: Instant, out: HostEffect<M>[]): void {
    while (actor.letters.size > 0) {
      const letter = actor.letters.shift();
      this.#buffered -= 1;
      if (letter.deadline !== undefined && now >= letter.deadline) reject(letter, 'expired', out);
      else this.#deliver(actor, letter, out);
    }
  }

  #idleIfDone(actor: Actor<M>, now: Instant): void {
    if (actor.state === 'active' && actor.underWay === 0) this.#passivation.idle(actor.id, now);
  }

  #deactivate(actor: Actor<M>, reason: DeactivationReason, out: HostEffect<M>[]): void {
    if (actor.state === 'deactivating' && (reason !== 'lost' || actor.isLost)) return;
    if (actor.state !== 'deactivating') this.#falling += 1;
    actor.state = 'deactivating';
    actor.isLost = reason === 'lost';
    this.#passivation.busy(actor.id);
    out.push({ kind: 'deactivate', actor: actor.id, activation: actor.activation, reason });
  }

  /** The activation has ended. What came for the actor meanwhile wakes it again. */
  #gone(actor: Actor<M>, out: HostEffect<M>[]): void {
    this.#awake -= 1;
    if (actor.state === 'deactivating') this.#falling -= 1;
    this.#passivation.busy(actor.id);
    actor.underWay = 0;
    if (actor.letters.size > 0) this.#enqueue(actor);
    else this.#forget(actor);
    this.#releaseIfEmpty(actor.owned, out);
  }

  #forget(actor: Actor<M>): void {
    if (actor.state === 'queued') this.#queued -= 1;
    this.#actors.delete(actor.id);
    actor.owned.actors.delete(actor.id);
  }

  #rejectAll(actor: Actor<M>, why: HostRejection, out: HostEffect<M>[]): void {
    for (; actor.letters.size > 0; this.#buffered -= 1) reject(actor.letters.shift(), why, out);
  }

  /** The lease is not certain any more. */
  #lose(out: HostEffect<M>[]): void {
    for (const actor of this.#actors.values()) {
      this.#rejectAll(actor, 'no-lease', out);
      if (actor.state === 'queued') this.#forget(actor);
      else this.#deactivate(actor, 'lost', out);
    }
  }

  #exclude(out: HostEffect<M>[]): void {
    this.#lease.end();
    this.#lose(out);
    for (const { partition, generation } of this.#owned.values()) this.#released.set(partition, generation);
    this.#owned.clear();
    out.push({ kind: 'excluded' });
  }
}

function reject<M>({ actor, message }: Letter<M>, why: HostRejection, out: HostEffect<M>[]): void {
  out.push({ kind: 'rejected', actor, message, why });
}
