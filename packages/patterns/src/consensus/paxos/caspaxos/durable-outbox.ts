/**
 * Holds messages back until the writes that they wait for are durable. Writes that come while one is under way become one batch. A write that fails
 * is final: nothing that waits for it, or for a later one, is ever sent.
 *
 * What is held is bounded by the requests that are under way.
 */
export interface DurableOutboxOptions<Write> {
  /** Makes all of them durable, in order, or rejects. One call at a time. */
  readonly write: (batch: readonly Write[]) => Promise<void>;
  /** Once, with the reason why `write` rejected. */
  readonly failed: (reason: unknown) => void;
}

interface Held {
  readonly after: number;
  readonly send: () => void;
}

export class DurableOutbox<Write> {
  readonly #options: DurableOutboxOptions<Write>;
  #waiting: { readonly ticket: number; readonly write: Write }[] = [];
  #durableTicket = 0;
  #isWriting = false;
  /** Invariant: `after` ascends. Undefined once a write has failed: nothing leaves any more, and nothing is kept. */
  #held: Held[] | undefined = [];

  constructor(options: DurableOutboxOptions<Write>) {
    this.#options = options;
  }

  /** Tickets ascend. */
  persist(ticket: number, write: Write): void {
    if (this.#held === undefined) return;
    this.#waiting.push({ ticket, write });
    if (!this.#isWriting) void this.#write();
  }

  send(after: number, send: () => void): void {
    if (after <= this.#durableTicket) send();
    else this.#held?.push({ after, send });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // What else this turn brings belongs to the same batch.
    await undefined;
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      await this.#options.write(batch.map(({ write }) => write));
    } catch (reason) {
      this.#held = undefined;
      this.#options.failed(reason);
      return;
    } finally {
      this.#isWriting = false;
    }
    const { ticket } = batch.at(-1)!;
    this.#durableTicket = ticket;
    if (this.#waiting.length > 0) void this.#write();
    const held = this.#held!;
    this.#held = held.filter(({ after }) => after > ticket);
    for (const { after, send } of held) if (after <= ticket) send();
  }
}
