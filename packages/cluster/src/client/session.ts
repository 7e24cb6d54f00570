import type { SessionHeader } from '../core/codec/commands.ts';
import type { Call } from './call.ts';

/** How far the numbers may run ahead of the first answer that is missing. The state machine refuses more than 4,096. */
export const SESSION_WINDOW = 4096;
/** Settled calls in front of the queue are cut off once there are this many. */
const CUT_AT = 1024;

/**
 * The client's side of exactly-once: numbers its writes, and knows below which number all answers have arrived, so that the state machine
 * need not keep them (Ongaro's thesis, section 6.3; Joshi, "Patterns of Distributed Systems", Idempotent Receiver).
 */
export class Session {
  /** 0 while none is open. */
  #id = 0;
  #next = 1;
  /** Calls in the order of their numbers; before `#head` all are settled. */
  #issued: Call<unknown>[] = [];
  #head = 0;
  /** One for all: it is read before the next call. */
  readonly #header: { -readonly [K in keyof SessionHeader]: SessionHeader[K] } = {
    session: 0,
    sequence: 0,
    acknowledgedBelow: 0,
  };

  get id(): number {
    return this.#id;
  }

  /** The next write must wait until the first answer that is missing has come. */
  get full(): boolean {
    return this.#next - this.#lowest() >= SESSION_WINDOW;
  }

  opened(id: number): void {
    this.#id = id;
    this.#next = 1;
    this.#issued = [];
    this.#head = 0;
  }

  closed(): void {
    this.#id = 0;
  }

  /** Gives the call its number. The header is valid until the next call of this. */
  number(call: Call<unknown>): SessionHeader {
    const header = this.#header;
    call.session = this.#id;
    call.sequence = this.#next;
    this.#next += 1;
    this.#issued.push(call);
    header.session = call.session;
    header.sequence = call.sequence;
    header.acknowledgedBelow = this.#lowest();
    return header;
  }

  #lowest(): number {
    while (this.#issued[this.#head]?.settled === true) this.#head += 1;
    const lowest = this.#issued[this.#head]?.sequence ?? this.#next;
    if (this.#head >= CUT_AT) {
      this.#issued = this.#issued.slice(this.#head);
      this.#head = 0;
    }
    return lowest;
  }
}
