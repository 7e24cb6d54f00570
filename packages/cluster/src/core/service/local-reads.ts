import type { CallOptions } from '../core.ts';
import { CoreError } from '../errors.ts';
import { type CoreMachine, plainResponse } from '../machine/index.ts';
import type { RangeRequest, RangeResponse } from '../requests.ts';
import { checkRange } from '../validation.ts';
import { DEFAULT_TIMEOUT_MS } from './leader-calls.ts';
import type { ReadJob, ReadQueue } from './read-queue.ts';
import { Waiter, type WaitingList } from './waiting-list.ts';

/** One that waits for the barrier before it reads. */
class LinearizableRange extends Waiter<RangeResponse> implements ReadJob {
  readonly #request: RangeRequest;
  readonly #machine: CoreMachine;

  constructor(request: RangeRequest, machine: CoreMachine) {
    super('range');
    this.#request = request;
    this.#machine = machine;
  }

  ready(error: CoreError | undefined): void {
    if (this.settled) return;
    const answer = error ?? this.#machine.range(this.#request);
    if (answer instanceof CoreError) this.reject(answer);
    else this.resolve(plainResponse(answer));
  }
}

/** Waits for the barrier, and then for nothing more. */
class Barrier extends Waiter<void> implements ReadJob {
  ready(error: CoreError | undefined): void {
    if (error === undefined) this.resolve();
    else this.reject(error);
  }
}

/** Reads asked for on this node, through `Core`. */
export class LocalReads {
  readonly #calls: WaitingList;
  readonly #queue: ReadQueue;
  readonly #machine: CoreMachine;

  constructor(calls: WaitingList, queue: ReadQueue, machine: CoreMachine) {
    this.#calls = calls;
    this.#queue = queue;
    this.#machine = machine;
  }

  range(
    request: RangeRequest,
    options: (CallOptions & { serializable?: boolean }) | undefined,
  ): Promise<RangeResponse> {
    if (options?.serializable === true) return this.#rangeNow(request);
    const objection = checkRange(request);
    if (objection !== undefined) return Promise.reject(objection);
    return this.#wait(new LinearizableRange(request, this.#machine), options);
  }

  /** Resolves once everything acknowledged before this call has been applied here. */
  barrier(what: string, options?: CallOptions): Promise<void> {
    return this.#wait(new Barrier(what), options);
  }

  async #rangeNow(request: RangeRequest): Promise<RangeResponse> {
    const answer = this.#machine.range(request);
    if (answer instanceof CoreError) throw answer;
    return plainResponse(answer);
  }

  #wait<T>(call: Waiter<T> & ReadJob, options: CallOptions | undefined): Promise<T> {
    const refused = this.#calls.enter(call, options, DEFAULT_TIMEOUT_MS);
    if (refused !== undefined) return Promise.reject(refused);
    const overloaded = this.#queue.add(call);
    if (overloaded !== undefined) call.reject(overloaded);
    return call.promise;
  }
}
