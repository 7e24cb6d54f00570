import { assert } from '../base/index.ts';
import type { EndedTransaction } from './commit-participant-types.ts';
import type { Outcome, TransactionId } from './commit-protocol.ts';

/** The last transactions that ended, for others that ask. When full the oldest is forgotten. O(1). */
export class EndedTransactions {
  readonly #endedMax: number;
  readonly #ended = new Map<TransactionId, EndedTransaction>();

  constructor(endedMax: number) {
    assert(endedMax >= 1, `endedMax must be >= 1, not ${endedMax}`);
    this.#endedMax = endedMax;
  }

  get(transaction: TransactionId): EndedTransaction | undefined {
    return this.#ended.get(transaction);
  }

  add(transaction: TransactionId, how: EndedTransaction): void {
    this.#ended.set(transaction, how);
    if (this.#ended.size <= this.#endedMax) return;
    for (const oldest of this.#ended.keys()) {
      this.#ended.delete(oldest);
      return;
    }
  }

  /** Without those that voted read-only: these were never written down. */
  records(): { kind: Outcome; transaction: TransactionId }[] {
    const records: { kind: Outcome; transaction: TransactionId }[] = [];
    for (const [transaction, kind] of this.#ended) if (kind !== 'read-only') records.push({ kind, transaction });
    return records;
  }
}
