/** A disk in virtual time: takes writes one after the other, holds back what waits for them, and loses what is under way in a crash. */
export class SlowDisk {
  /** Calls its argument after the time that one write takes. */
  readonly #later: (run: () => void) => void;
  #writes: { readonly ticket: number; readonly write: () => void }[] = [];
  #held: { readonly after: number; readonly send: () => void }[] = [];
  #durable = 0;
  #life = 0;

  constructor(later: (run: () => void) => void) {
    this.#later = later;
  }

  persist(ticket: number, write: () => void): void {
    this.#writes.push({ ticket, write });
    if (this.#writes.length === 1) this.#next();
  }

  send(after: number, send: () => void): void {
    if (after <= this.#durable) send();
    else this.#held.push({ after, send });
  }

  crash(): void {
    this.#life += 1;
    this.#writes = [];
    this.#held = [];
    this.#durable = 0;
  }

  #next(): void {
    const life = this.#life;
    this.#later(() => {
      if (life !== this.#life) return;
      const { ticket, write } = this.#writes.shift()!;
      write();
      this.#durable = ticket;
      const held = this.#held;
      this.#held = [];
      for (const { after, send } of held) this.send(after, send);
      if (this.#writes.length > 0) this.#next();
    });
  }
}
