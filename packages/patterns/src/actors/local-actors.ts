/**
 * Actors of one process that can be used as they are: `TurnScheduler`, `Asks`, `WaitForGraph` and `RestartIntensity`, run over a clock and timers that
 * are passed in. Handlers are functions, and may be async: an actor handles its next message when the promise has settled.
 *
 * What happens is queued, so that no step runs inside a step; one timer is armed for the earliest deadline. After `turnsPerTick` turns the rest waits
 * for that timer, so that a flood of messages does not keep the event loop from everything else.
 */
import { assert, Instant } from '../base/index.ts';
import type { Time } from '../resilience/world.ts';
import { ActorError, deadlockError, errorOfFailure, errorOfRejection, NOT_APPLIED, UNKNOWN } from './actor-error.ts';
import { type AskEffect, type AskInput, Asks } from './asks.ts';
import type { CallChain } from './call-chain.ts';
import { Deque } from './deque.ts';
import { RestartIntensity, type RestartIntensityOptions } from './restart-intensity.ts';
import type { ActorOptions, Rejection, TurnEffect, TurnInput, TurnSchedulerOptions } from './turn-types.ts';
import { TurnScheduler } from './turns.ts';
import { type Probe, type WaitForEffect, WaitForGraph, type WaitForInput } from './wait-for-graph.ts';

export interface LocalActorsOptions extends TurnSchedulerOptions {
  /** Of a question that does not say. Default 30,000. */
  readonly timeoutMs?: number;
  /** How long a question waits before deadlocks are looked for. Default 1,000. */
  readonly probeAfterMs?: number;
  /** Restarts of one actor past which it is stopped. */
  readonly intensity?: RestartIntensityOptions;
  /**
   * What to do when a handler throws, or when it cannot be made again. Default: restart. When this throws itself, the actor is stopped.
   */
  readonly onFailure?: (actor: string, error: unknown) => 'resume' | 'restart' | 'stop';
  /** A message that nobody waits for was not handled. */
  readonly onDeadLetter?: (actor: string, message: unknown, rejection: Rejection) => void;
}

/** What a handler can do besides answering. Its questions end by its own deadline at the latest. */
export interface ActorContext<M, R> {
  readonly self: string;
  readonly deadline: Instant | undefined;
  tell(actor: string, message: M, priority?: number): void;
  ask(actor: string, message: M, timeoutMs?: number): Promise<R>;
  /** This message shall be handled later: after the next `unstash`. The handler's answer is ignored. */
  stash(): void;
  unstash(): void;
}

export type Handler<M, R> = (message: M, context: ActorContext<M, R>) => R | PromiseLike<R>;

interface Envelope<M> {
  readonly message: M;
  /** Of the question; undefined when nobody waits. */
  readonly ask: number | undefined;
}

interface Question<R> {
  /** The turn that asks; undefined when nobody's does. */
  readonly turn: number | undefined;
  readonly resolve: (reply: R) => void;
  readonly reject: (error: ActorError) => void;
  /** Why it will have failed, where more is known than that it has. */
  because: ActorError | undefined;
  id: number;
}

/** A question that is under way. */
interface Asked<R> {
  readonly question: Question<R>;
  readonly actor: string;
  readonly chain: CallChain;
  /** The turn that handles it, once there is one. */
  turn: number | undefined;
}

interface Actor<M, R> {
  readonly create: () => Handler<M, R>;
  readonly intensity: RestartIntensity;
  handler: Handler<M, R>;
}

type Begun<M> = TurnEffect<Envelope<M>> & { readonly kind: 'turn' };
type Ask<M, R> = AskInput<M, R, Question<R>>;

const NO_CALLS: CallChain = [];
const NOTHING = (): void => {};

export class LocalActors<M, R> implements Disposable {
  readonly #time: Time;
  readonly #options: LocalActorsOptions;
  readonly #turns: TurnScheduler<Envelope<M>>;
  readonly #asks: Asks<M, R, Question<R>>;
  readonly #graph: WaitForGraph;
  readonly #actors = new Map<string, Actor<M, R>>();
  readonly #asked = new Map<number, Asked<R>>();
  /** Steps that are to be made. Each is short, and makes others. */
  readonly #work: Deque<(now: Instant) => void> = new Deque();
  #isWorking = false;
  #isClosed = false;
  #timer: Disposable | undefined;
  #armedFor: number = Number.POSITIVE_INFINITY;

  constructor(time: Time, options: LocalActorsOptions) {
    this.#time = time;
    this.#options = options;
    this.#turns = new TurnScheduler(options);
    this.#asks = new Asks();
    this.#graph = new WaitForGraph({ scheduler: options.name, probeAfterMs: options.probeAfterMs ?? 1_000 });
  }

  /** Answers that came when nobody waited for them any more. */
  get lateAnswers(): number {
    return this.#asks.counts.late;
  }

  /** `create` makes the handler, with a fresh state, now and at each restart. It must not exist. When there are too many, it does not afterwards either. */
  spawn(actor: string, create: () => Handler<M, R>, options: ActorOptions = {}): void {
    assert(!this.#actors.has(actor), `actor ${actor} exists`);
    const intensity = new RestartIntensity(this.#options.intensity);
    this.#actors.set(actor, { create, intensity, handler: create() });
    this.#turn({ kind: 'spawn', actor, options });
  }

  has(actor: string): boolean {
    return this.#actors.has(actor);
  }

  /** What cannot be handled goes to `onDeadLetter`. */
  tell(actor: string, message: M, priority: number = 0): void {
    this.#turn({ kind: 'tell', actor, message: { message, ask: undefined }, priority });
  }

  /** Rejects with `ActorError`. */
  ask(actor: string, message: M, timeoutMs?: number): Promise<R> {
    return this.#ask(actor, message, timeoutMs, undefined, NO_CALLS);
  }

  /** Ends the actor after the turns that are under way; what waits for it is handed back. */
  stop(actor: string): void {
    this.#turn({ kind: 'stop', actor });
  }

  /** Questions that wait are rejected. Handlers that are under way go on, and nobody listens to them. */
  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#timer?.[Symbol.dispose]();
    for (const { question } of [...this.#asked.values()])
      this.#settle(question, () => question.reject(new ActorError('closed', 'the actors were closed', UNKNOWN)));
  }

  #ask(
    actor: string,
    message: M,
    timeoutMs: number = this.#options.timeoutMs ?? 30_000,
    asker: Begun<M> | undefined,
    chain: CallChain,
  ): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(new ActorError('closed', 'the actors are closed', NOT_APPLIED));
      const tag: Question<R> = { turn: asker?.turn, resolve, reject, because: undefined, id: 0 };
      const input: Ask<M, R> = { kind: 'ask', to: actor, message, tag, timeoutMs, callerDeadline: asker?.deadline };
      this.#do((now) => this.#stepAsks(input, now, chain, asker?.actor));
    });
  }

  #turn(input: TurnInput<Envelope<M>>): void {
    this.#do((now) => {
      const out: TurnEffect<Envelope<M>>[] = [];
      this.#turns.step(input, now, out);
      for (const effect of out) this.#carryTurn(effect);
    });
  }

  #carryTurn(effect: TurnEffect<Envelope<M>>): void {
    if (effect.kind === 'turn') this.#do(() => this.#handle(effect));
    else if (effect.kind === 'rejected') this.#rejected(effect.actor, effect.message, effect.rejection);
    else if (effect.kind === 'stopped' || effect.kind === 'not-spawned') this.#actors.delete(effect.actor);
  }

  #rejected(actor: string, { message, ask }: Envelope<M>, rejection: Rejection): void {
    if (ask === undefined) return this.#options.onDeadLetter?.(actor, message, rejection);
    const asked = this.#asked.get(ask);
    if (asked !== undefined) asked.question.because = errorOfRejection(actor, rejection);
    this.#do((now) => this.#stepAsks({ kind: 'refused', id: ask, why: rejection.why }, now));
  }

  #handle(begun: Begun<M>): void {
    const { turn, actor, message: envelope } = begun;
    const asked = envelope.ask === undefined ? undefined : this.#asked.get(envelope.ask);
    if (asked !== undefined) asked.turn = turn;
    const context = new TurnContext(begun, this.#calls);
    const over = (reply: R): void => this.#over(turn, envelope, reply, context.isStashed);
    const failed = (error: unknown): void => this.#failed(turn, actor, envelope, error);
    try {
      const reply = this.#actors.get(actor)!.handler(envelope.message, context);
      if (!isPromiseLike(reply)) return over(reply);
      this.#turn({ kind: 'waits', turn });
      reply.then(over, failed);
    } catch (error) {
      failed(error);
    }
  }

  readonly #calls: Calls<M, R> = {
    tell: (actor, message, priority) => this.tell(actor, message, priority),
    ask: (begun, actor, message, timeoutMs) => this.#ask(actor, message, timeoutMs, begun, begun.chain),
    unstash: (actor) => this.#turn({ kind: 'unstash', actor }),
  };

  #over(turn: number, { ask }: Envelope<M>, reply: R, isStashed: boolean): void {
    this.#turn({ kind: isStashed ? 'stash' : 'finished', turn });
    if (ask !== undefined && !isStashed) this.#do((now) => this.#stepAsks({ kind: 'reply', id: ask, reply }, now));
  }

  #failed(turn: number, actor: string, { ask }: Envelope<M>, error: unknown): void {
    this.#turn({ kind: 'failed', turn });
    if (ask !== undefined) {
      const asked = this.#asked.get(ask);
      if (asked !== undefined)
        asked.question.because = new ActorError('failed', `${actor} failed`, { outcome: 'unknown', cause: error });
      this.#do((now) => this.#stepAsks({ kind: 'refused', id: ask, why: 'failed' }, now));
    }
    this.#do((now) => this.#supervise(actor, error, now));
  }

  #supervise(id: string, error: unknown, now: Instant): void {
    const actor = this.#actors.get(id);
    if (actor === undefined) return;
    let directive: 'resume' | 'restart' | 'stop' = 'stop';
    try {
      directive = this.#options.onFailure?.(id, error) ?? 'restart';
    } finally {
      // Also when that throws: an actor that has failed must not stand still for ever.
      if (directive === 'stop' || (directive === 'restart' && !actor.intensity.add(now))) this.stop(id);
      else if (directive === 'resume' || this.#restart(id, actor, now)) this.#turn({ kind: 'resume', actor: id });
    }
  }

  /** False when that fails, too: then it has been dealt with as one failure more. */
  #restart(id: string, actor: Actor<M, R>, now: Instant): boolean {
    try {
      actor.handler = actor.create();
      return true;
    } catch (problem) {
      this.#supervise(id, problem, now);
      return false;
    }
  }

  #stepAsks(input: Ask<M, R>, now: Instant, chain: CallChain = NO_CALLS, asker: string = ''): void {
    const out: AskEffect<M, R, Question<R>>[] = [];
    this.#asks.step(input, now, out);
    for (const effect of out) {
      switch (effect.kind) {
        case 'send':
          this.#send(effect, (input as Ask<M, R> & { kind: 'ask' }).tag, chain, asker);
          break;
        case 'answered':
          this.#settle(effect.tag, () => effect.tag.resolve(effect.reply));
          break;
        case 'failed':
          this.#settle(effect.tag, () => effect.tag.reject(effect.tag.because ?? errorOfFailure(effect.failure)));
      }
    }
  }

  #send(
    effect: AskEffect<M, R, Question<R>> & { kind: 'send' },
    question: Question<R>,
    chain: CallChain,
    asker: string,
  ): void {
    const { id, to: actor, message, deadline } = effect;
    question.id = id;
    this.#asked.set(id, { question, actor, chain, turn: undefined });
    this.#turn({ kind: 'tell', actor, message: { message, ask: id }, chain, deadline });
    const { turn } = question;
    if (turn !== undefined)
      this.#stepGraph({ kind: 'asked', turn, actor: asker, request: `${id}`, to: this.#options.name });
  }

  #settle(question: Question<R>, how: () => void): void {
    this.#asked.delete(question.id);
    if (question.turn !== undefined) this.#stepGraph({ kind: 'settled', request: `${question.id}` });
    how();
  }

  #stepGraph(input: WaitForInput): void {
    this.#do((now) => {
      const out: WaitForEffect[] = [];
      this.#graph.step(input, now, out);
      for (const effect of out) {
        if (effect.kind === 'send') this.#do(() => this.#probe(effect.probe));
        else this.#deadlock(Number(effect.request), effect.circle);
      }
    });
  }

  /** A probe has come to whoever holds the request. */
  #probe(probe: Probe): void {
    const asked = this.#asked.get(Number(probe.request));
    if (asked === undefined) return;
    const blockers = asked.turn === undefined ? this.#turns.blockers(asked.actor, asked.chain) : [asked.turn];
    this.#stepGraph({ kind: 'probe', probe, blockers });
  }

  #deadlock(id: number, circle: readonly string[]): void {
    const asked = this.#asked.get(id);
    if (asked === undefined) return;
    // It may stand in a mailbox still, and be handled when the circle is gone.
    asked.question.because = deadlockError(circle, 'unknown');
    this.#do((now) => this.#stepAsks({ kind: 'cancel', id }, now));
  }

  #do(step: (now: Instant) => void): void {
    if (this.#isClosed) return;
    this.#work.push(step);
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#work.size > 0) this.#work.shift()(this.#time.clock.monotonic());
    } finally {
      this.#isWorking = false;
      // A function that was passed in has thrown: what is queued behind it has nothing to do with that.
      if (this.#work.size > 0) this.#do(NOTHING);
      else this.#arm();
    }
  }

  #arm(): void {
    const { deadline: turns = NEVER } = this.#turns;
    const { deadline: asks = NEVER } = this.#asks;
    const { deadline: graph = NEVER } = this.#graph;
    const due = Math.min(turns, asks, graph);
    if (due >= this.#armedFor) return;
    this.#timer?.[Symbol.dispose]();
    this.#armedFor = due;
    this.#timer = this.#time.timers.at(Instant.of(due), () => {
      this.#armedFor = NEVER;
      this.#stepGraph({ kind: 'tick' });
      this.#do((now) => this.#stepAsks({ kind: 'tick' }, now));
      this.#turn({ kind: 'tick' });
    });
  }
}

interface Calls<M, R> {
  tell(actor: string, message: M, priority?: number): void;
  ask(begun: Begun<M>, actor: string, message: M, timeoutMs: number | undefined): Promise<R>;
  unstash(actor: string): void;
}

class TurnContext<M, R> implements ActorContext<M, R> {
  readonly #begun: Begun<M>;
  readonly #calls: Calls<M, R>;
  isStashed = false;

  constructor(begun: Begun<M>, calls: Calls<M, R>) {
    this.#begun = begun;
    this.#calls = calls;
  }

  get self(): string {
    return this.#begun.actor;
  }

  get deadline(): Instant | undefined {
    return this.#begun.deadline;
  }

  tell(actor: string, message: M, priority?: number): void {
    this.#calls.tell(actor, message, priority);
  }

  ask(actor: string, message: M, timeoutMs?: number): Promise<R> {
    return this.#calls.ask(this.#begun, actor, message, timeoutMs);
  }

  stash(): void {
    this.isStashed = true;
  }

  unstash(): void {
    this.#calls.unstash(this.#begun.actor);
  }
}

const NEVER: Instant = Instant.of(Number.POSITIVE_INFINITY);

function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function';
}
