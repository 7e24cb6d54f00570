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
  #waiting: Write[] = [];
  #lastTicket = 0;
  #durableTicket = 0;
  #isWriting = false;
  #hasFailed = false;
  /** Invariant: `after` ascends. */
  #held: Held[] = [];

  constructor(options: DurableOutboxOptions<Write>) {
    this.#options = options;
  }

  /** Tickets ascend. */
  persist(ticket: number, write: Write): void {
    this.#lastTicket = ticket;
    this.#waiting.push(write);
    if (!this.#isWriting && !this.#hasFailed) void this.#write();
  }

  send(after: number, send: () => void): void {
    if (after <= this.#durableTicket) send();
    else if (!this.#hasFailed) this.#held.push({ after, send });
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    // What else this turn brings belongs to the same batch.
    await undefined;
    const batch = this.#waiting;
    const ticket = this.#lastTicket;
    this.#waiting = [];
    try {
      await this.#options.write(batch);
    } catch (reason) {
      this.#hasFailed = true;
      this.#held = [];
      this.#options.failed(reason);
      return;
    } finally {
      this.#isWriting = false;
    }
    this.#durableTicket = ticket;
    if (this.#waiting.length > 0) void this.#write();
    const ready = this.#held.filter(({ after }) => after <= ticket);
    this.#held = this.#held.filter(({ after }) => after > ticket);
    for (const { send } of ready) send();
  }
}
