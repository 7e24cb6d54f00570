/** An acceptor of registers with its disk: what to write is injected, and answers leave when it is written. */
import { Instant } from '../../../base/index.ts';
import type { NodeId } from '../ballot.ts';
import { DurableOutbox } from './durable-outbox.ts';
import type { CollectorAnswer, RegisterAnswer } from './messages.ts';
import {
  RegisterAcceptor,
  type RegisterAcceptorEffect,
  type RegisterAcceptorMessage,
  type RegisterAcceptorOptions,
  type RegisterAcceptorRestart,
  type RegisterWrite,
} from './register-acceptor.ts';

export interface RegisterServerOptions<Value> extends RegisterAcceptorOptions {
  /** Makes all of them durable, in order. One call at a time. After a rejection the server answers nothing any more: stop it. */
  readonly write: (batch: readonly RegisterWrite<Value>[]) => Promise<void>;
  readonly send: (to: NodeId, message: RegisterAnswer<Value> | CollectorAnswer) => void;
  readonly failed: (reason: unknown) => void;
  /** What was written before; nothing by default. */
  readonly restart?: RegisterAcceptorRestart<Value>;
}

export class RegisterServer<Value> {
  readonly #acceptor: RegisterAcceptor<Value>;
  readonly #outbox: DurableOutbox<RegisterWrite<Value>>;
  readonly #send: RegisterServerOptions<Value>['send'];

  constructor(options: RegisterServerOptions<Value>) {
    this.#acceptor = new RegisterAcceptor<Value>(options, options.restart);
    this.#outbox = new DurableOutbox(options);
    this.#send = options.send;
  }

  /** The names of all registers it holds, those of deleted ones included: for rescans. */
  keys(): Iterable<string> {
    return this.#acceptor.records.keys();
  }

  receive(from: NodeId, message: RegisterAcceptorMessage<Value>): void {
    const out: RegisterAcceptorEffect<Value>[] = [];
    this.#acceptor.step({ kind: 'message', from, message }, Instant.of(0), out);
    for (const effect of out) {
      if (effect.kind === 'persist') this.#outbox.persist(effect.ticket, effect.write);
      else this.#outbox.send(effect.after, () => this.#send(effect.to, effect.message));
    }
  }
}
