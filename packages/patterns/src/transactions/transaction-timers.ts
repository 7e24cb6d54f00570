import { Instant } from '../base/index.ts';
import { DeadlineHeap, type Due } from '../leases/deadline-heap.ts';
import type { TransactionId } from './commit-protocol.ts';

interface Timer extends Due {
  readonly transaction: TransactionId;
}

/** At most one timer for each transaction. Setting and cancelling O(log n), amortised. */
export class TransactionTimers {
  readonly #heap = new DeadlineHeap<Timer>();
  readonly #timers = new Map<TransactionId, Timer>();

  get deadline(): Instant | undefined {
    const { earliest } = this.#heap;
    return earliest === undefined ? undefined : Instant.of(earliest.dueAt);
  }

  set(transaction: TransactionId, at: Instant): void {
    this.cancel(transaction);
    const timer: Timer = { transaction, dueAt: at, gone: false };
    this.#timers.set(transaction, timer);
    this.#heap.add(timer);
  }

  cancel(transaction: TransactionId): void {
    const timer = this.#timers.get(transaction);
    if (timer === undefined) return;
    this.#timers.delete(transaction);
    this.#heap.remove(timer);
  }

  /** Takes out one that is due. */
  takeDue(now: Instant): TransactionId | undefined {
    const { earliest } = this.#heap;
    if (earliest === undefined || earliest.dueAt > now) return undefined;
    this.#heap.take();
    this.#timers.delete(earliest.transaction);
    return earliest.transaction;
  }

  clear(): void {
    this.#heap.clear();
    this.#timers.clear();
  }
}
