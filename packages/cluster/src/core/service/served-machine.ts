import type { Tasks } from '@quorate/env';
import type { Proposal, StateMachine } from '../../raft/types.ts';
import { CoreMachine } from '../machine/index.ts';
import type { LeaseListener } from '../machine/lease-book.ts';

/** The state machine as the Raft group drives it, with what has to happen around it on this node. */
export class ServedMachine implements StateMachine {
  readonly machine: CoreMachine;
  readonly #tasks: Tasks;
  readonly #listeners: Set<() => void> = new Set();
  #leases: LeaseListener | undefined;
  #working = false;

  constructor(tasks: Tasks) {
    this.#tasks = tasks;
    this.machine = new CoreMachine({
      leases: {
        granted: (id, ttlSeconds) => this.#leases?.granted(id, ttlSeconds),
        revoked: (id) => this.#leases?.revoked(id),
      },
      wake: () => this.#work(),
    });
  }

  /** Who times the leases. */
  set leases(listener: LeaseListener) {
    this.#leases = listener;
  }

  /** Called after the entries of a turn have been applied, or a snapshot has been taken over. */
  onApplied(listener: () => void): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  apply(index: number, data: Uint8Array, local: Proposal | undefined): void {
    this.machine.apply(index, data, local);
  }

  applied(index: number): void {
    this.machine.applied(index);
    for (const listener of this.#listeners) listener();
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return this.machine.snapshot();
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    await this.machine.restore(chunks);
    for (const listener of this.#listeners) listener();
  }

  /** Slices of what the machine has to do besides applying, one per turn so that sockets are looked at in between. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    this.#tasks.defer(() => {
      this.#working = false;
      if (this.machine.work()) this.#work();
    });
  }
}
