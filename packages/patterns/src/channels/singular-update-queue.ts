/**
 * One consumer changes the state, and nobody else (Joshi, "Patterns of Distributed Systems", 2023, Singular Update Queue): updates from
 * everywhere are queued and applied in order, so an `await` inside of one never meets another half-way. All that is queued while a batch is
 * applied is the next batch: one disk write, one round of replication for all of them, and no timer.
 *
 * The queue is bounded, and says so in both ways: `submit` refuses past `queuedMax`, and `room` is for producers that would rather wait.
 */
import { assert, Instant } from '../base/index.ts';
import { RequestBatch } from './request-batch.ts';

export interface SingularUpdateQueueOptions {
  /** Updates that wait. Default 10,000. */
  readonly queuedMax?: number;
  /** Updates in one batch. Default 1,000. */
  readonly batchMax?: number;
  /** Once full, `room` waits until so few are queued. Default half of `queuedMax`. */
  readonly roomAt?: number;
}

/** The update was not taken, and has no effect. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  readonly code = 'queue-full';
  readonly retryable = true;
  readonly outcome = 'not-applied';
}

/** The queue was closed before the update was applied. */
export class QueueClosedError extends Error {
  override readonly name = 'QueueClosedError';
  readonly code = 'closed';
  readonly retryable = false;
  readonly outcome = 'not-applied';
}

/**
 * Applies a batch, in order: one result for each update, at its index. When it rejects, all updates of the batch are rejected with that, and the next
 * batch is tried: whoever cannot go on after an error closes the queue.
 */
export type ApplyUpdates<U, R> = (updates: readonly U[]) => PromiseLike<readonly R[]> | readonly R[];

interface Update<U, R> {
  readonly update: U;
  readonly resolve: (result: R) => void;
  readonly reject: (error: unknown) => void;
}

/** No batch waits for a time here. */
const ANY_TIME: Instant = Instant.of(0);

export class SingularUpdateQueue<U, R> {
  readonly #apply: ApplyUpdates<U, R>;
  readonly #batch: RequestBatch<Update<U, R>>;
  readonly #queuedMax: number;
  readonly #roomAt: number;
  #waiters: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];
  #isRunning = false;
  #isClosed = false;

  constructor(apply: ApplyUpdates<U, R>, options: SingularUpdateQueueOptions = {}) {
    this.#apply = apply;
    this.#queuedMax = options.queuedMax ?? 10_000;
    assert(this.#queuedMax >= 1, `queuedMax must be >= 1, not ${options.queuedMax}`);
    this.#roomAt = options.roomAt ?? Math.floor(this.#queuedMax / 2);
    assert(
      this.#roomAt >= 0 && this.#roomAt < this.#queuedMax,
      `roomAt must be in [0, queuedMax), not ${options.roomAt}`,
    );
    this.#batch = new RequestBatch({
      queuedMax: this.#queuedMax,
      itemsMax: options.batchMax ?? 1_000,
      bytesMax: Number.POSITIVE_INFINITY,
    });
  }

  /** Updates that wait; those being applied are not among them. */
  get queued(): number {
    return this.#batch.queued;
  }

  /** Resolves with the result of this update. Rejects with `QueueFullError`, `QueueClosedError`, or what applying its batch rejected with. */
  submit(update: U): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#isClosed) reject(new QueueClosedError('the queue is closed: submit to the one that follows it'));
      else if (!this.#batch.add({ update, resolve, reject }, 0, ANY_TIME))
        reject(new QueueFullError(`${this.#queuedMax} updates wait already: await room() before submitting`));
      else if (!this.#isRunning) this.#start();
    });
  }

  /**
   * Resolves at once while the queue is not full, else when it has become short enough, or is closed. Producers that woke together may fill it
   * at once: `submit` still refuses.
   */
  room(): Promise<void> {
    if (this.#isClosed || this.#batch.queued < this.#queuedMax) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves when nothing is queued or being applied. */
  idle(): Promise<void> {
    if (!this.#isRunning) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Rejects what waits, lets the batch that is being applied end. Idempotent. */
  close(): void {
    this.#isClosed = true;
    for (const { reject } of this.#batch.clear())
      reject(new QueueClosedError('the queue was closed before this update'));
    this.#wake();
  }

  #start(): void {
    this.#isRunning = true;
    // After whoever submits has submitted all, so that these are one batch.
    void Promise.resolve().then(() => this.#run());
  }

  async #run(): Promise<void> {
    for (let batch = this.#batch.take(ANY_TIME); batch !== undefined; batch = this.#batch.take(ANY_TIME)) {
      this.#wake();
      try {
        const results = await this.#apply(batch.map(({ update }) => update));
        assert(results.length === batch.length, `${batch.length} updates need as many results, not ${results.length}`);
        for (let i = 0; i < batch.length; i++) batch[i]!.resolve(results[i]!);
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
      this.#batch.answered();
    }
    this.#isRunning = false;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #wake(): void {
    if (this.#waiters.length === 0 || (!this.#isClosed && this.#batch.queued > this.#roomAt)) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resolve of waiters) resolve();
  }
}
