/**
 * Registers as an application holds them: `change`, `read`, `delete`, `decideOnce`, over a transport, a disk and a clock that are injected. A driver of
 * `register-proposer.ts`: no step runs inside a step, one timer, and everything that comes during a write to disk is one batch.
 */
import type { RandomNumber } from '../../../base/index.ts';
import type { Time } from '../../../resilience/world.ts';
import { firstToken } from '../../raft/follower-reads.ts';
import type { NodeId } from '../ballot.ts';
import type { RegisterConfiguration } from './configuration.ts';
import { DurableOutbox } from './durable-outbox.ts';
import type { CollectorAnswer, ConfigureAnswer, RegisterRequest, Tombstone } from './messages.ts';
import { RegisterError } from './register-error.ts';
import { RegisterProposer, restartedRegisterProposer } from './register-proposer.ts';
import type {
  Reach,
  RegisterProposerEffect,
  RegisterProposerInput,
  RegisterProposerOptions,
  RegisterProposerRecord,
} from './register-types.ts';

export interface RegistersOptions<Value> extends RegisterProposerOptions {
  readonly random: RandomNumber;
  readonly time: Time;
  /** What was saved before, or `newRegisterProposer(configuration)`. */
  readonly record: RegisterProposerRecord;
  /** Makes the record durable. One call at a time. After a rejection all calls fail: the proposer must be stopped. */
  readonly save: (record: RegisterProposerRecord) => Promise<void>;
  /** May lose, double and reorder. Answers come to `receive`. */
  readonly send: (to: NodeId, message: RegisterRequest<Value> | CollectorAnswer | ConfigureAnswer) => void;
}

type Ended<Value> = Extract<
  RegisterProposerEffect<Value>,
  { readonly id: number; readonly kind: 'changed' | 'value' | 'failed' }
>;

type Changed<Value> = Extract<Ended<Value>, { readonly kind: 'changed' }>;

interface Call<Value> {
  /** Of calls of `change` and `delete` alone. */
  readonly change: ((current: Value | undefined) => Value | undefined) | undefined;
  /** What `change` threw, by the round in which it was asked: which of its answers counts may turn out later. */
  readonly thrown: Map<number, unknown>;
  readonly ended: (effect: Ended<Value>) => void;
  readonly closed: (reason: RegisterError) => void;
}

export class Registers<Value> implements Disposable {
  readonly #options: RegistersOptions<Value>;
  readonly #proposer: RegisterProposer<Value>;
  readonly #outbox: DurableOutbox<RegisterProposerRecord>;
  readonly #calls = new Map<number, Call<Value>>();
  readonly #inputs: RegisterProposerInput<Value>[] = [];
  #isStepping = false;
  #timer: Disposable | undefined;
  #timerAt: number | undefined;
  #lastId: number;
  #closed: RegisterError | undefined;

  constructor(options: RegistersOptions<Value>) {
    this.#options = options;
    this.#lastId = firstToken(() => options.random() * 2 ** 32);
    this.#proposer = new RegisterProposer<Value>(options, restartedRegisterProposer(options.record));
    this.#outbox = new DurableOutbox<RegisterProposerRecord>({
      // A record is everything, so the last one says it all.
      write: (batch) => options.save(batch.at(-1)!),
      failed: (reason) =>
        this.#close(new RegisterError('disk-failed', 'unknown', 'the record could not be saved', reason)),
    });
  }

  get configuration(): RegisterConfiguration {
    return this.#proposer.configuration;
  }

  /**
   * Replaces what the register holds, `undefined` for nothing, by what `change` makes of it; resolves with that. `change` must depend on its argument
   * alone, since it may be asked more than once, though only one of its answers counts. When it throws, the register keeps what it holds and the call
   * rejects with what was thrown. Otherwise rejects with `RegisterError`; after `unknown` the change may have happened or yet happen.
   */
  async change(key: string, change: (current: Value | undefined) => Value | undefined): Promise<Value | undefined> {
    return (await this.#call('change', (id) => ({ kind: 'change', id, key }), change)).value;
  }

  /** What the register holds: at least all that had been acknowledged before the call. One round trip when nobody is changing it. */
  async read(key: string): Promise<Value | undefined> {
    return (await this.#call('read', (id) => ({ kind: 'read', id, key }))).value;
  }

  /** Leaves a tombstone, for a `GarbageCollection` to erase. */
  async delete(key: string): Promise<Tombstone> {
    const ended = await this.#call(
      'delete',
      (id) => ({ kind: 'change', id, key }),
      () => undefined,
    );
    return { key, ballot: (ended as Changed<Value>).ballot };
  }

  /** What the register has held from the first such call on, whoever made it: single-decree Paxos. */
  async decideOnce(key: string, value: Value): Promise<Value> {
    return (await this.change(key, (current) => current ?? value))!;
  }

  /** Has what the register holds accepted by a quorum: for rescans; or by all acceptors, for the `sweep` of a collection. The ballot is undefined when there is a value. */
  async rewrite(key: string, reach: Reach): Promise<Tombstone['ballot'] | undefined> {
    const ended = await this.#call('rewrite', (id) => ({ kind: 'identity', id, key, reach }));
    const { value, ballot } = ended as Changed<Value>;
    return value === undefined ? ballot : undefined;
  }

  /** What acceptors answer, and what collectors and operators want. */
  receive(from: NodeId, message: Extract<RegisterProposerInput<Value>, { readonly kind: 'message' }>['message']): void {
    this.#step({ kind: 'message', from, message });
  }

  /** Ends all calls, as `unknown`. */
  [Symbol.dispose](): void {
    this.#close(new RegisterError('closed', 'unknown', 'the proposer was closed'));
  }

  #call(
    what: string,
    input: (id: number) => RegisterProposerInput<Value>,
    change?: Call<Value>['change'],
  ): Promise<Extract<Ended<Value>, { readonly value: Value | undefined }>> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      const call: Call<Value> = {
        change,
        thrown: new Map(),
        closed: reject,
        ended: (effect) => {
          if (effect.kind === 'failed') reject(RegisterError.of(what, effect.reason, effect.outcome));
          else if (effect.kind === 'changed' && call.thrown.has(effect.ballot.round))
            reject(call.thrown.get(effect.ballot.round));
          else resolve(effect);
        },
      };
      this.#calls.set(id, call);
      this.#step(input(id));
    });
  }

  #step(input: RegisterProposerInput<Value>): void {
    if (this.#closed !== undefined) return;
    this.#inputs.push(input);
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      for (let next = this.#inputs.shift(); next !== undefined; next = this.#inputs.shift()) {
        const out: RegisterProposerEffect<Value>[] = [];
        this.#proposer.step(next, this.#options.time.clock.monotonic(), out);
        for (const effect of out) {
          this.#carryOut(effect);
          // A function or a transport may have closed it.
          if (this.#closed !== undefined) return;
        }
      }
    } finally {
      this.#isStepping = false;
    }
    this.#arm();
  }

  #carryOut(effect: RegisterProposerEffect<Value>): void {
    switch (effect.kind) {
      case 'persist':
        return this.#outbox.persist(effect.ticket, effect.record);
      case 'send':
        return this.#outbox.send(effect.after, () => this.#options.send(effect.to, effect.message));
      case 'apply': {
        const { id, key, round, current } = effect;
        this.#inputs.push({ kind: 'applied', id, key, round, next: this.#apply(id, round, current) });
        return;
      }
      default: {
        const call = this.#calls.get(effect.id)!;
        this.#calls.delete(effect.id);
        call.ended(effect);
      }
    }
  }

  #apply(id: number, round: number, current: Value | undefined): Value | undefined {
    const { change, thrown } = this.#calls.get(id)!;
    try {
      return change!(current);
    } catch (reason) {
      thrown.set(round, reason);
      return current;
    }
  }

  #arm(): void {
    const { deadline } = this.#proposer;
    if (deadline === this.#timerAt) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = deadline;
    this.#timer =
      deadline === undefined
        ? undefined
        : this.#options.time.timers.at(deadline, () => {
            this.#timerAt = undefined;
            this.#step({ kind: 'tick' });
          });
  }

  #close(reason: RegisterError): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    this.#timer?.[Symbol.dispose]();
    for (const call of this.#calls.values()) call.closed(reason);
  }
}
