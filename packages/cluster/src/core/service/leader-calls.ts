import type { Env } from '@quorate/env';
import { type ByteReader, BytesError, Instant } from '@quorate/patterns/base';
import type { CallOptions } from '../core.ts';
import type { CoreError, Outcome } from '../errors.ts';
import { type LeaderLine, malformedAnswer } from './leader-line.ts';
import { Waiter, type WaitingList } from './waiting-list.ts';

/** Between attempts, while there is no leader or it cannot be reached. */
const RETRY_MS = 50;
/** After this long without one the asker is told: another server may know a leader, and the asker must have the time to go there. */
const LEADER_WAIT_MS = 2000;
export const DEFAULT_TIMEOUT_MS = 5000;

export interface LeaderCall<T> {
  /** For messages. */
  readonly what: string;
  readonly question: number;
  readonly body: Uint8Array;
  readonly decode: (answer: ByteReader) => T;
  /** What is to be said when nobody knows whether the leader heard it. `not-applied` when it changes nothing, so that it may be repeated. */
  readonly inDoubt: Outcome;
}

/** Calls that the leader answers, wherever it is: tried again, while that is safe, for a while. */
export class LeaderCalls {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #waiting: WaitingList;
  readonly #line: LeaderLine;

  constructor(env: Pick<Env, 'clock' | 'timers'>, waiting: WaitingList, line: LeaderLine) {
    this.#env = env;
    this.#waiting = waiting;
    this.#line = line;
  }

  call<T>(call: LeaderCall<T>, options: CallOptions | undefined): Promise<T> {
    const waiter = new Waiter<T>(call.what);
    const refused = this.#waiting.enter(waiter, options, DEFAULT_TIMEOUT_MS);
    if (refused !== undefined) return Promise.reject(refused);
    this.#attempt(call, waiter, Instant.add(this.#env.clock.monotonic(), LEADER_WAIT_MS));
    return waiter.promise;
  }

  #attempt<T>(call: LeaderCall<T>, waiter: Waiter<T>, giveUpAt: Instant): void {
    if (waiter.settled) return;
    const leftMs = Math.max(1, waiter.deadline - this.#env.clock.monotonic());
    waiter.outcome = call.inDoubt;
    this.#line.ask(call.question, call.body, leftMs, (error, answer) => {
      if (answer !== undefined) this.#answered(call, waiter, answer);
      else this.#failed(call, waiter, error!, giveUpAt);
    });
  }

  #answered<T>(call: LeaderCall<T>, waiter: Waiter<T>, answer: ByteReader): void {
    let value: T;
    try {
      value = call.decode(answer);
    } catch (error) {
      if (!(error instanceof BytesError)) throw error;
      return waiter.reject(malformedAnswer(error.message));
    }
    waiter.resolve(value);
  }

  #failed<T>(call: LeaderCall<T>, waiter: Waiter<T>, error: CoreError, giveUpAt: Instant): void {
    const certain = error.outcome === 'not-applied' || call.inDoubt === 'not-applied';
    if (!certain || !isAboutLeader(error)) return waiter.reject(error);
    waiter.outcome = 'not-applied';
    const next = Instant.add(this.#env.clock.monotonic(), RETRY_MS);
    if (next > giveUpAt) return waiter.reject(error);
    this.#env.timers.at(next, () => this.#attempt(call, waiter, giveUpAt));
  }
}

/** Refusals that another leader, or the same one a little later, may take back. */
export function isAboutLeader({ code, retryable }: CoreError): boolean {
  switch (code) {
    case 'no-leader':
    case 'not-leader':
    case 'leader-changed':
      return true;
    case 'unavailable':
    case 'timed-out':
      return retryable;
    default:
      return false;
  }
}
