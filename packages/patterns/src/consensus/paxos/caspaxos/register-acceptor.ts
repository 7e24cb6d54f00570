/**
 * The acceptor of many registers: of each the promise, the accepted ballot and its value; of each proposer the age it must have. Rystsov,
 * "CASPaxos: Replicated State Machines without Logs", 2018, sections 2.2 and 3.1.
 *
 * Pure. Every answer that must not be forgotten waits for the disk: its `after` is the ticket of the latest `persist`. O(1) per request and register.
 */
import type { Instant } from '../../../base/index.ts';
import { type Ballot, compareBallots, type NodeId, sameBallot } from '../ballot.ts';
import type { SendEffect } from '../send-effect.ts';
import { type AcceptorState, NEW_ACCEPTOR } from '../single-decree/acceptor.ts';
import type { Held } from './held.ts';
import type {
  CollectorAnswer,
  CollectorRequest,
  RegisterAnswer,
  RegisterRefusal,
  RegisterRequest,
} from './messages.ts';
import { RegisterRules } from './register-rules.ts';

export type RegisterRecord<Value> = AcceptorState<Held<Value>>;

export interface RegisterAcceptorOptions {
  /** Registers held, tombstones included; a new one is refused with `full`. Default 1,000,000. */
  readonly keysMax?: number;
  /** The latest ticket given out before, when one log serves several kernels. Default 0. */
  readonly ticket?: number;
}

/** What the disk held. */
export interface RegisterAcceptorRestart<Value> {
  readonly records: Iterable<readonly [key: string, record: RegisterRecord<Value>]>;
  readonly ages: Iterable<readonly [proposer: NodeId, age: number]>;
}

export type RegisterAcceptorMessage<Value> =
  | RegisterRequest<Value>
  | Exclude<CollectorRequest, { readonly kind: 'outdate' }>;

export interface RegisterAcceptorInput<Value> {
  readonly kind: 'message';
  readonly from: NodeId;
  readonly message: RegisterAcceptorMessage<Value>;
}

export type RegisterWrite<Value> =
  | { readonly kind: 'record'; readonly key: string; readonly record: RegisterRecord<Value> }
  | { readonly kind: 'erase'; readonly keys: readonly string[] }
  | { readonly kind: 'ages'; readonly ages: readonly (readonly [proposer: NodeId, age: number])[] };

export type RegisterAcceptorEffect<Value> =
  /** Make durable, in the order of tickets. */
  | { readonly kind: 'persist'; readonly ticket: number; readonly write: RegisterWrite<Value> }
  | SendEffect<RegisterAnswer<Value> | CollectorAnswer>;

type Message<Value, Kind> = Extract<RegisterAcceptorMessage<Value>, { readonly kind: Kind }>;

export class RegisterAcceptor<Value> {
  /** Registers that it has room for. */
  readonly keysMax: number;
  readonly #rules: RegisterRules;
  readonly #records: Map<string, RegisterRecord<Value>>;
  /** One per proposer that a collection has ever outdated. Invariant: never fall. */
  readonly #ages: Map<NodeId, number>;
  #ticket: number;
  #out: RegisterAcceptorEffect<Value>[] = [];

  /** `rules` is for tests that break one. */
  constructor(
    options: RegisterAcceptorOptions = {},
    restart: RegisterAcceptorRestart<Value> = { records: [], ages: [] },
    rules: RegisterRules = new RegisterRules(),
  ) {
    this.keysMax = options.keysMax ?? 1_000_000;
    this.#ticket = options.ticket ?? 0;
    this.#records = new Map(restart.records);
    this.#ages = new Map(restart.ages);
    this.#rules = rules;
  }

  get ticket(): number {
    return this.#ticket;
  }

  /** What every register holds: for rescans, and to copy to another acceptor. */
  get records(): ReadonlyMap<string, RegisterRecord<Value>> {
    return this.#records;
  }

  get ages(): ReadonlyMap<NodeId, number> {
    return this.#ages;
  }

  step(input: RegisterAcceptorInput<Value>, _now: Instant, out: RegisterAcceptorEffect<Value>[]): void {
    this.#out = out;
    const { from, message } = input;
    switch (message.kind) {
      case 'prepare':
        return this.#prepare(from, message);
      case 'accept':
        return this.#accept(from, message);
      case 'query': {
        const { key, id } = message;
        const { accepted } = this.#recordOf(key);
        return this.#answer(from, { kind: 'queried', key, id, accepted });
      }
      case 'require-ages':
        return this.#requireAges(from, message);
      case 'erase':
        return this.#erase(from, message);
    }
  }

  #recordOf(key: string): RegisterRecord<Value> {
    return this.#records.get(key) ?? NEW_ACCEPTOR;
  }

  #prepare(from: NodeId, message: Message<Value, 'prepare'>): void {
    const { key, ballot } = message;
    const { promised, accepted } = this.#recordOf(key);
    const why = this.#refusal(from, message, this.#rules.mayPromise(promised, ballot));
    if (why !== undefined) return this.#reject(from, message, why);
    if (compareBallots(ballot, promised) !== 0) this.#write(key, { promised: ballot, accepted });
    this.#answer(from, { kind: 'promise', key, ballot, accepted });
  }

  #accept(from: NodeId, message: Message<Value, 'accept'>): void {
    const { key, ballot, held, next } = message;
    const { promised, accepted } = this.#recordOf(key);
    const isRepeated = accepted !== undefined && sameBallot(accepted.ballot, ballot);
    // Once repeated, it must not lower what it has itself raised: `next` stands, and so may a later promise.
    if (isRepeated && this.#refusal(from, message, true) === undefined)
      return this.#answer(from, { kind: 'accepted', key, ballot });
    const why = this.#refusal(from, message, this.#rules.mayAccept(promised, ballot));
    if (why !== undefined) return this.#reject(from, message, why);
    this.#write(key, { promised: next ?? ballot, accepted: { ballot, value: held } });
    this.#answer(from, { kind: 'accepted', key, ballot });
  }

  #refusal(
    from: NodeId,
    { key, age }: { readonly key: string; readonly age: number },
    isHighEnough: boolean,
  ): RegisterRefusal | undefined {
    if (!this.#rules.isOfAge(age, this.#ages.get(from) ?? 0)) return 'outdated';
    if (!isHighEnough) return 'outbid';
    return !this.#records.has(key) && this.#records.size >= this.keysMax ? 'full' : undefined;
  }

  #requireAges(from: NodeId, { run, ages }: Message<Value, 'require-ages'>): void {
    const risen = ages.filter(([proposer, age]) => age > (this.#ages.get(proposer) ?? 0));
    for (const [proposer, age] of risen) this.#ages.set(proposer, age);
    if (risen.length > 0) this.#persist({ kind: 'ages', ages: risen });
    this.#answer(from, { kind: 'ages-required', run });
  }

  #erase(from: NodeId, { run, tombstones }: Message<Value, 'erase'>): void {
    const kept: string[] = [];
    const erased: string[] = [];
    for (const { key, ballot } of tombstones) {
      const record = this.#records.get(key);
      if (record === undefined) continue;
      (this.#rules.mayErase(record, ballot) ? erased : kept).push(key);
    }
    for (const key of erased) this.#records.delete(key);
    if (erased.length > 0) this.#persist({ kind: 'erase', keys: erased });
    this.#answer(from, { kind: 'erased', run, kept });
  }

  #write(key: string, record: RegisterRecord<Value>): void {
    this.#records.set(key, record);
    this.#persist({ kind: 'record', key, record });
  }

  #persist(write: RegisterWrite<Value>): void {
    this.#ticket += 1;
    this.#out.push({ kind: 'persist', ticket: this.#ticket, write });
  }

  /** Also when nothing changed just now: what the answer speaks of may still be on its way to the disk. */
  #answer(to: NodeId, message: RegisterAnswer<Value> | CollectorAnswer): void {
    this.#out.push({ kind: 'send', to, message, after: this.#rules.answerAfter(this.#ticket) });
  }

  #reject(to: NodeId, { key, ballot }: { readonly key: string; readonly ballot: Ballot }, why: RegisterRefusal): void {
    const { promised } = this.#recordOf(key);
    this.#out.push({ kind: 'send', to, message: { kind: 'rejected', key, ballot, why, promised }, after: 0 });
  }
}
