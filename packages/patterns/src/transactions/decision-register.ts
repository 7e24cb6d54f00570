/**
 * A coordinator's log when it is replicated: the state that all replicas build from the agreed order of commands, over Raft or any other log. With it two-phase
 * commit does not block for as long as a coordinator's disk is away: another node takes over, with a higher generation.
 *
 * Gray, Lamport, "Consensus on Transaction Commit", ACM TODS 31(1), 2006, section 1, on why; Corbett et al., "Spanner", OSDI 2012, section 4.2.1, for a
 * coordinator that is itself a replicated group.
 *
 * Every record carries the generation of the coordinator that made it. Once a newer one has taken over, records of older ones are refused, so that what the
 * newer read when it took over is everything that was and ever will be decided by them.
 *
 * A function of the order of its calls and of nothing else. O(1) for each, but `records`: O(open transactions).
 */
import { assert } from '../base/index.ts';
import type { CoordinatorRecord, TransactionId } from './commit-protocol.ts';

export type DecisionCommand =
  /** Before `recover`. The generation is higher than any before: a term of the log will do. */
  | { readonly kind: 'take-over'; readonly generation: number }
  /** Of the coordinator with this generation. When the answer is `superseded`, tell it so. */
  | { readonly kind: 'record'; readonly generation: number; readonly record: CoordinatorRecord };

export class DecisionRegister {
  #generation = 0;
  readonly #open = new Map<TransactionId, readonly string[]>();

  /** Of the newest coordinator; 0 when there was none. */
  get generation(): number {
    return this.#generation;
  }

  /** What a coordinator recovers from, and what a snapshot holds besides `generation`: commits that have not ended. */
  get records(): CoordinatorRecord[] {
    return [...this.#open].map(([transaction, participants]) => ({ kind: 'commit', transaction, participants }));
  }

  apply(command: DecisionCommand): 'done' | 'superseded' {
    if (command.kind === 'take-over') {
      if (command.generation <= this.#generation) return 'superseded';
      this.#generation = command.generation;
      return 'done';
    }
    if (command.generation !== this.#generation) return 'superseded';
    const { record } = command;
    if (record.kind !== 'commit') this.#open.delete(record.transaction);
    // Without participants there is nobody to tell, and it needs no end.
    else if (record.participants.length > 0) this.#open.set(record.transaction, record.participants);
    return 'done';
  }

  /** Fills an empty register from a snapshot. */
  load(generation: number, records: Iterable<CoordinatorRecord>): void {
    assert(this.#generation === 0 && this.#open.size === 0, 'only an empty register is loaded');
    this.#generation = generation;
    for (const record of records) if (record.kind === 'commit') this.#open.set(record.transaction, record.participants);
  }
}
