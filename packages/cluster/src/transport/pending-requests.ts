import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { NodeId } from '@quorate/patterns/consensus/raft';
import { TransportError, type TransportErrorCode } from './errors.ts';

export type RequestDone = (error: Error | undefined, reply: Uint8Array | undefined) => void;

/** Requests to all nodes together that may wait for an answer. */
export const REQUESTS_MAX = 65_536;

interface Pending {
  readonly to: NodeId;
  readonly deadline: Instant;
  readonly done: RequestDone;
}

/** Questions that wait for their answer, by correlation id. Each is answered once: by a reply, a refusal, the loss of the connection, or its deadline. */
export class PendingRequests {
  readonly #env: Env;
  readonly #pending: Map<number, Pending> = new Map();
  #nextId = 1;
  #timer: Disposable | undefined;
  #timerAt: Instant | undefined;

  constructor(env: Env) {
    this.#env = env;
  }

  get isFull(): boolean {
    return this.#pending.size >= REQUESTS_MAX;
  }

  /** The id to send with the question. */
  add(to: NodeId, timeoutMs: number, done: RequestDone): number {
    const id = this.#nextId++;
    const deadline = Instant.add(this.#env.clock.monotonic(), timeoutMs);
    this.#pending.set(id, { to, deadline, done });
    this.#arm(deadline);
    return id;
  }

  /** An answer to a question that is no longer waited for is ignored, as is one from a node that was not asked. */
  answer(from: NodeId, id: number, reply: Uint8Array): void {
    this.#take(from, id)?.done(undefined, reply);
  }

  refuse(from: NodeId, id: number, code: TransportErrorCode, message: string): void {
    this.#take(from, id)?.done(new TransportError(code, message), undefined);
  }

  /** Fails all that wait for that node. */
  lose(to: NodeId, code: TransportErrorCode, message: string): void {
    for (const [id, pending] of this.#pending) {
      if (pending.to !== to) continue;
      this.#pending.delete(id);
      pending.done(new TransportError(code, message), undefined);
    }
  }

  stop(): void {
    this.#timer?.[Symbol.dispose]();
    const waiting = [...this.#pending.values()];
    this.#pending.clear();
    for (const { done } of waiting) done(new TransportError('connection-lost', 'this node is stopping'), undefined);
  }

  #take(from: NodeId, id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    if (pending === undefined || pending.to !== from) return undefined;
    this.#pending.delete(id);
    return pending;
  }

  #arm(deadline: Instant): void {
    if (this.#timerAt !== undefined && this.#timerAt <= deadline) return;
    this.#timer?.[Symbol.dispose]();
    this.#timerAt = deadline;
    this.#timer = this.#env.timers.at(deadline, () => this.#expire());
  }

  /** Looks at all: timeouts are rare, and a request that is answered in time costs nothing here. */
  #expire(): void {
    this.#timer = undefined;
    this.#timerAt = undefined;
    const now = this.#env.clock.monotonic();
    let next: Instant | undefined;
    for (const [id, { to, deadline, done }] of this.#pending) {
      if (deadline <= now) {
        this.#pending.delete(id);
        done(new TransportError('timed-out', `node ${to} did not answer in time`), undefined);
      } else if (next === undefined || deadline < next) next = deadline;
    }
    if (next !== undefined) this.#arm(next);
  }
}
