import type { NodeId, RaftMessage } from '@quorate/patterns/consensus/raft';

interface Held {
  readonly after: number;
  readonly to: NodeId;
  readonly message: RaftMessage;
}

/** Messages that say what the disk must hold first, in the order of their tickets. Bounded by what the kernel has under way. */
export class HeldMessages {
  readonly #held: Held[] = [];

  add(after: number, to: NodeId, message: RaftMessage): void {
    this.#held.push({ after, to, message });
  }

  /** Hands over all that wait for `ticket` or an earlier one. */
  release(ticket: number, send: (to: NodeId, message: RaftMessage) => void): void {
    let released = 0;
    while (released < this.#held.length && this.#held[released]!.after <= ticket) {
      const { to, message } = this.#held[released]!;
      send(to, message);
      released += 1;
    }
    if (released > 0) this.#held.splice(0, released);
  }

  clear(): void {
    this.#held.length = 0;
  }
}
