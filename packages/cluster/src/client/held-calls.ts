import type { Call } from './call.ts';

/** Calls that have gone are cut off the front once there are this many, and no fewer than are left. */
const CUT_AT = 1024;

/** Calls that wait to be sent, in order. Those that have ended meanwhile are passed over. */
export class HeldCalls {
  #calls: Call<unknown>[] = [];
  #head = 0;

  /** Undefined when none waits. */
  get first(): Call<unknown> | undefined {
    while (this.#calls[this.#head]?.settled === true) this.#advance();
    return this.#calls[this.#head];
  }

  add(call: Call<unknown>): void {
    this.#calls.push(call);
  }

  /** Takes `first`, which must be there. */
  take(): Call<unknown> {
    const call = this.#calls[this.#head]!;
    this.#advance();
    return call;
  }

  takeAll(): readonly Call<unknown>[] {
    const calls = this.#calls.slice(this.#head);
    this.#calls = [];
    this.#head = 0;
    return calls;
  }

  #advance(): void {
    this.#head += 1;
    if (this.#head < this.#calls.length && (this.#head < CUT_AT || this.#head * 2 < this.#calls.length)) return;
    this.#calls.splice(0, this.#head);
    this.#head = 0;
  }
}
