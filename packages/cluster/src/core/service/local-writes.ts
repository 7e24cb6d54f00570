import type { Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import type { CallOptions } from '../core.ts';
import { CoreError } from '../errors.ts';
import type { Reply } from '../machine/reply.ts';
import { coreError } from '../messages.ts';
import { isAboutLeader } from './leader-calls.ts';
import type { LeaderView } from './leader-view.ts';
import { Waiter, type WaitingList } from './waiting-list.ts';
import type { WriteQueue, WriteSink } from './write-queue.ts';

/** A write that found no leader is tried again after this long, or as soon as a leader is known. */
const RETRY_MS = 50;

class LocalWrite extends Waiter<unknown> {
  readonly command: Uint8Array;
  constructor(what: string, command: Uint8Array) {
    super(what);
    this.command = command;
  }

  /** One that has not even been put to a leader failed for want of one. */
  override expire(trouble: CoreError | undefined): void {
    if (this.outcome === 'not-applied') this.reject(coreError('no-leader', { detail: 'none within the time allowed' }));
    else super.expire(trouble);
  }
}

/**
 * Writes asked for on this node, through `Core`. One that was certainly not applied, for want of a leader, is tried again until its deadline;
 * one whose fate nobody knows is never repeated: its caller hears `unknown`.
 */
export class LocalWrites implements WriteSink, Disposable {
  readonly #env: Pick<Env, 'clock' | 'timers'>;
  readonly #calls: WaitingList;
  readonly #queue: WriteQueue;
  readonly #view: LeaderView;
  readonly #subscription: Disposable;
  readonly #parked: Set<LocalWrite> = new Set();
  #retry: Disposable | undefined;

  constructor(env: Pick<Env, 'clock' | 'timers'>, calls: WaitingList, queue: WriteQueue, view: LeaderView) {
    this.#env = env;
    this.#calls = calls;
    this.#queue = queue;
    this.#view = view;
    this.#subscription = view.onChange(() => {
      if (view.leader !== undefined) this.#submitParked();
    });
  }

  write(what: string, command: Uint8Array, options: CallOptions | undefined, timeoutMs: number): Promise<unknown> {
    const write = new LocalWrite(what, command);
    const refused = this.#calls.enter(write, options, timeoutMs);
    if (refused !== undefined) return Promise.reject(refused);
    this.#submit(write);
    return write.promise;
  }

  #submit(write: LocalWrite): void {
    if (write.settled) return;
    if (this.#view.leader === undefined) return this.#park(write);
    const refused = this.#queue.add(write.command, this, write.id);
    if (refused !== undefined) write.reject(refused);
    else write.outcome = 'unknown';
  }

  written(tag: number, reply: Reply): void {
    const write = this.#calls.find(tag);
    if (write === undefined) return;
    const answer = reply.value;
    if (answer instanceof CoreError) write.reject(answer);
    else write.resolve(answer);
  }

  refused(tag: number, error: CoreError): void {
    const write = this.#calls.find(tag) as LocalWrite | undefined;
    if (write === undefined) return;
    if (error.outcome === 'not-applied' && isAboutLeader(error)) this.#park(write);
    else write.reject(error);
  }

  #park(write: LocalWrite): void {
    write.outcome = 'not-applied';
    this.#parked.add(write);
    if (this.#retry !== undefined) return;
    this.#retry = this.#env.timers.at(Instant.add(this.#env.clock.monotonic(), RETRY_MS), () => {
      this.#retry = undefined;
      this.#submitParked();
    });
  }

  #submitParked(): void {
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const write of parked) this.#submit(write);
  }

  [Symbol.dispose](): void {
    this.#retry?.[Symbol.dispose]();
    this.#subscription[Symbol.dispose]();
    this.#parked.clear();
  }
}
