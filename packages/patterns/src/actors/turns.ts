/**
 * Which actor handles which message next, on one thread. An actor handles one message at a time, from the beginning of a turn to its end, even if
 * the handler waits in between: so its state needs no lock. Agha, "Actors", 1986; turns and reentrancy: Bernstein, Bykov, Geller, Kliot, Thelin,
 * "Orleans: Distributed Virtual Actors for Programmability and Scalability", MSR-TR-2014-41, section 3.
 *
 *             tell           (its place comes)            finished, failed, stash
 *     idle ─────────> ready ───────────────────> running ───────────────────────────> ready, or idle
 *                                                   │ waits                             ^
 *                                                   v                                   │
 *                                                waiting ── finished, failed, stash ────┘
 *
 * One actor runs; others wait for what their handlers await; the rest are ready, in a line. The first of the line takes up to `throughput` turns,
 * then goes to its end, so who is ready waits for at most `throughput` turns of each that stands before it. After `turnsPerTick` turns the kernel
 * pauses until the next tick, and sets its deadline to now: a driver that ticks from the event loop lets everything else in.
 *
 * A call that comes back to a turn that waits for it would wait for ever. It is refused with the circle named, or, if the actor is reentrant, it
 * comes before all that waits. Circles of several chains are not seen here, see `WaitForGraph`.
 *
 * A step gives out one turn at most; the next one follows when that is over, or waits. Pure. O(length of the call chain) per step, but for `stop`
 * and for messages that have expired, which are passed over once each.
 */
import { assert, type Instant } from '../base/index.ts';
import { type CallChain, circleOf } from './call-chain.ts';
import { Deque } from './deque.ts';
import { Mailbox } from './mailbox.ts';
import type { ActorOptions, Reentrancy, Rejection, TurnEffect, TurnInput, TurnSchedulerOptions } from './turn-types.ts';

type Tell<M> = TurnInput<M, never> & { readonly kind: 'tell' };

interface Actor<M, S> {
  readonly id: string;
  readonly reentrancy: Reentrancy;
  readonly mailbox: Mailbox<Tell<M>, S>;
  /** Calls that its own turns wait for. */
  readonly nested: Deque<Tell<M>>;
  /** Those that wait. The one that is running is under way as well. */
  readonly waiting: Set<number>;
  /** In line. Never while one of its turns is running. */
  isQueued: boolean;
  isSuspended: boolean;
  isStopping: boolean;
}

interface Turn<M, S> {
  readonly turn: number;
  readonly actor: Actor<M, S>;
  /** None for a system message. */
  readonly tell: Tell<M> | undefined;
}

const NOBODY: CallChain = [];

export class TurnScheduler<M, S = never> {
  readonly #name: string;
  readonly #throughput: number;
  readonly #turnsPerTick: number;
  readonly #interleavedMax: number;
  readonly #depthMax: number;
  readonly #actorsMax: number;
  readonly #actors = new Map<string, Actor<M, S>>();
  /** Turns that wait. Most never do: entering each here and taking it out again would cost more than all the rest. */
  readonly #waiting = new Map<number, Turn<M, S>>();
  readonly #line: Deque<Actor<M, S>> = new Deque();
  #lastTurn = 0;
  /** The turn whose handler is being called. */
  #running: Turn<M, S> | undefined;
  /** Turns that the first of the line has taken in a row. */
  #burst = 0;
  #left: number;
  #pausedAt: Instant | undefined;

  constructor(options: TurnSchedulerOptions) {
    this.#name = options.name;
    this.#throughput = positive('throughput', options.throughput ?? 10);
    this.#turnsPerTick = positive('turnsPerTick', options.turnsPerTick ?? 1_000);
    this.#interleavedMax = positive('interleavedMax', options.interleavedMax ?? 100);
    this.#depthMax = positive('depthMax', options.depthMax ?? 32);
    this.#actorsMax = positive('actorsMax', options.actorsMax ?? 1_000_000);
    this.#left = this.#turnsPerTick;
  }

  /** Actors, those included that are being stopped. */
  get size(): number {
    return this.#actors.size;
  }

  /** Now, when turns are ready that wait for a tick; undefined otherwise. */
  get deadline(): Instant | undefined {
    return this.#pausedAt;
  }

  mailboxOf(actor: string): Pick<Mailbox<unknown>, 'size' | 'stashed' | 'systemSize' | 'counts'> | undefined {
    return this.#actors.get(actor)?.mailbox;
  }

  /** Turns of an actor that are under way. */
  underWay(actor: string): number {
    const known = this.#actors.get(actor);
    return known === undefined ? 0 : this.#underWay(known);
  }

  /**
   * The turns that a message waits for which stands in this actor's mailbox: what `WaitForGraph` asks. None when it may begin as soon as its place
   * comes.
   */
  blockers(id: string, chain: CallChain = NOBODY): readonly number[] {
    const actor = this.#actors.get(id);
    if (actor === undefined || this.#waitingFor(chain, actor) >= 0) return [];
    if (actor.reentrancy === 'always' && this.#underWay(actor) < this.#interleavedMax) return [];
    return this.#running?.actor === actor ? [...actor.waiting, this.#running.turn] : [...actor.waiting];
  }

  step(input: TurnInput<M, S>, now: Instant, out: TurnEffect<M, S>[]): void {
    switch (input.kind) {
      case 'spawn':
        return this.#spawn(input.actor, input.options ?? {}, out);
      case 'tell':
        this.#tell(input, out);
        break;
      case 'signal':
        this.#signal(input.actor, input.signal, out);
        break;
      case 'waits':
        this.#waits(input.turn);
        break;
      case 'finished':
        this.#end(input.turn, 'finished', out);
        break;
      case 'failed':
      case 'stash':
        this.#end(input.turn, input.kind, out);
        break;
      case 'unstash':
      case 'suspend':
      case 'resume':
      case 'stop':
        this.#change(input.kind, input.actor);
        break;
      case 'tick':
        this.#left = this.#turnsPerTick;
        this.#pausedAt = undefined;
    }
    this.#advance(now, out);
  }

  #spawn(id: string, options: ActorOptions, out: TurnEffect<M, S>[]): void {
    assert(!this.#actors.has(id), `actor ${id} exists: wait until it has stopped`);
    if (this.#actors.size >= this.#actorsMax) return void out.push({ kind: 'not-spawned', actor: id });
    this.#actors.set(id, {
      id,
      reentrancy: options.reentrancy ?? 'none',
      mailbox: new Mailbox(options.mailbox),
      nested: new Deque(),
      waiting: new Set(),
      isQueued: false,
      isSuspended: false,
      isStopping: false,
    });
  }

  #tell(tell: Tell<M>, out: TurnEffect<M, S>[]): void {
    const actor = this.#actors.get(tell.actor);
    const chain = tell.chain ?? NOBODY;
    if (actor === undefined) return reject(tell, { why: 'unknown-actor' }, out);
    if (actor.isStopping) return reject(tell, { why: 'stopped' }, out);
    if (chain.length >= this.#depthMax) return reject(tell, { why: 'too-deep' }, out);
    const waiting = this.#waitingFor(chain, actor);
    if (waiting >= 0) this.#tellNested(actor, tell, circleOf(chain, waiting), out);
    else this.#offer(actor, tell, out);
    this.#queue(actor);
  }

  #offer(actor: Actor<M, S>, tell: Tell<M>, out: TurnEffect<M, S>[]): void {
    const offer = actor.mailbox.offer(tell, tell.priority);
    if (offer.kind === 'refused') reject(tell, { why: 'refused' }, out);
    if (offer.kind === 'dropped') reject(offer.message, { why: 'dropped' }, out);
  }

  #tellNested(actor: Actor<M, S>, tell: Tell<M>, circle: readonly string[], out: TurnEffect<M, S>[]): void {
    if (actor.reentrancy === 'none') return reject(tell, { why: 'deadlock', circle }, out);
    // It cannot queue behind others: these may wait for this very call.
    if (actor.nested.size + this.#underWay(actor) >= this.#interleavedMax)
      return reject(tell, { why: 'too-deep' }, out);
    actor.nested.push(tell);
  }

  /** The place in the chain of the last turn of this actor that is still under way, or −1. */
  #waitingFor(chain: CallChain, actor: Actor<M, S>): number {
    for (let at = chain.length - 1; at >= 0; at--) {
      const call = chain[at]!;
      if (call.scheduler !== this.#name) continue;
      if (actor.waiting.has(call.turn) || (this.#running?.turn === call.turn && this.#running.actor === actor))
        return at;
    }
    return -1;
  }

  #underWay(actor: Actor<M, S>): number {
    return this.#running?.actor === actor ? actor.waiting.size + 1 : actor.waiting.size;
  }

  #signal(id: string, signal: S, out: TurnEffect<M, S>[]): void {
    const actor = this.#actors.get(id);
    if (actor === undefined || actor.isStopping || !actor.mailbox.offerSystem(signal))
      return void out.push({ kind: 'signal-rejected', actor: id, signal });
    this.#queue(actor);
  }

  #waits(turn: number): void {
    const running = this.#running;
    if (running?.turn !== turn) return;
    this.#waiting.set(turn, running);
    running.actor.waiting.add(turn);
    this.#running = undefined;
    this.#burst = 0;
    this.#queue(running.actor);
  }

  #end(turn: number, how: 'finished' | 'failed' | 'stash', out: TurnEffect<M, S>[]): void {
    const wasRunning = this.#running?.turn === turn;
    const ended = wasRunning ? this.#running : this.#waiting.get(turn);
    assert(ended !== undefined, `turn ${turn} must be under way to be over`);
    const { actor, tell } = ended;
    if (wasRunning) this.#running = undefined;
    else {
      this.#waiting.delete(turn);
      actor.waiting.delete(turn);
    }
    if (how === 'failed') actor.isSuspended = true;
    if (how === 'stash') {
      assert(tell !== undefined, 'a system message cannot be stashed');
      if (!actor.mailbox.stash(tell)) reject(tell, { why: 'stash-full' }, out);
    }
    this.#demoteNested(actor, out);
    if (!wasRunning) return this.#queue(actor);
    if (this.#burst < this.#throughput && this.#isReady(actor)) {
      actor.isQueued = true;
      return this.#line.pushFront(actor);
    }
    this.#burst = 0;
    this.#queue(actor);
  }

  /** Calls that no turn of the actor waits for any more, because the one that did is over, wait like all others. */
  #demoteNested(actor: Actor<M, S>, out: TurnEffect<M, S>[]): void {
    for (let left = actor.nested.size; left > 0; left--) {
      const tell = actor.nested.shift();
      if (this.#waitingFor(tell.chain ?? NOBODY, actor) >= 0) actor.nested.push(tell);
      else this.#offer(actor, tell, out);
    }
  }

  #change(kind: 'unstash' | 'suspend' | 'resume' | 'stop', id: string): void {
    const actor = this.#actors.get(id);
    if (actor === undefined) return;
    if (kind === 'unstash') actor.mailbox.unstash();
    else if (kind === 'stop') actor.isStopping = true;
    else actor.isSuspended = kind === 'suspend';
    this.#queue(actor);
  }

  /** Whether the actor can begin a turn, or end. */
  #isReady(actor: Actor<M, S>): boolean {
    const underWay = this.#underWay(actor);
    if (actor.isStopping) return underWay === 0;
    if (underWay === 0 && actor.mailbox.systemSize > 0) return true;
    if (actor.isSuspended) return false;
    if (actor.nested.size > 0) return true;
    if (underWay > 0 && (actor.reentrancy !== 'always' || underWay >= this.#interleavedMax)) return false;
    return actor.mailbox.size > 0;
  }

  #queue(actor: Actor<M, S>): void {
    if (actor.isQueued || actor === this.#running?.actor || !this.#isReady(actor)) return;
    actor.isQueued = true;
    this.#line.push(actor);
  }

  #advance(now: Instant, out: TurnEffect<M, S>[]): void {
    while (this.#running === undefined && this.#line.size > 0) {
      if (this.#left === 0) {
        this.#pausedAt ??= now;
        return;
      }
      const actor = this.#line.shift();
      actor.isQueued = false;
      // Much may have happened since it queued up.
      if (!this.#isReady(actor)) this.#burst = 0;
      else if (actor.isStopping) this.#stopped(actor, out);
      else this.#begin(actor, now, out);
    }
  }

  #begin(actor: Actor<M, S>, now: Instant, out: TurnEffect<M, S>[]): void {
    const signal = actor.waiting.size === 0 ? actor.mailbox.takeSystem() : undefined;
    if (signal !== undefined) {
      const turn = this.#start(actor, undefined);
      const chain = [{ scheduler: this.#name, actor: actor.id, turn }];
      return void out.push({ kind: 'signal', turn, actor: actor.id, signal, chain });
    }
    const tell = this.#next(actor, now, out);
    if (tell === undefined) {
      this.#burst = 0;
      return;
    }
    const turn = this.#start(actor, tell);
    const call = { scheduler: this.#name, actor: actor.id, turn };
    const chain = tell.chain === undefined ? [call] : [...tell.chain, call];
    out.push({ kind: 'turn', turn, actor: actor.id, message: tell.message, chain, deadline: tell.deadline });
  }

  /** The next message that is not too late. */
  #next(actor: Actor<M, S>, now: Instant, out: TurnEffect<M, S>[]): Tell<M> | undefined {
    for (;;) {
      const tell = actor.nested.size > 0 ? actor.nested.shift() : actor.mailbox.take();
      if (actor.mailbox.takeRoom()) out.push({ kind: 'room', actor: actor.id });
      if (tell?.deadline === undefined || now < tell.deadline) return tell;
      reject(tell, { why: 'expired' }, out);
    }
  }

  #start(actor: Actor<M, S>, tell: Tell<M> | undefined): number {
    this.#lastTurn += 1;
    this.#burst += 1;
    this.#left -= 1;
    this.#running = { turn: this.#lastTurn, actor, tell };
    return this.#lastTurn;
  }

  #stopped(actor: Actor<M, S>, out: TurnEffect<M, S>[]): void {
    this.#burst = 0;
    this.#actors.delete(actor.id);
    for (let signal = actor.mailbox.takeSystem(); signal !== undefined; signal = actor.mailbox.takeSystem())
      out.push({ kind: 'signal-rejected', actor: actor.id, signal });
    while (actor.nested.size > 0) reject(actor.nested.shift(), { why: 'stopped' }, out);
    for (const tell of actor.mailbox.clear()) reject(tell, { why: 'stopped' }, out);
    out.push({ kind: 'stopped', actor: actor.id });
  }
}

function positive(name: string, value: number): number {
  assert(Number.isInteger(value) && value >= 1, `${name} must be a whole number from 1 on, not ${value}`);
  return value;
}

function reject<M, S>({ actor, message }: Tell<M>, rejection: Rejection, out: TurnEffect<M, S>[]): void {
  out.push({ kind: 'rejected', actor, message, rejection });
}
