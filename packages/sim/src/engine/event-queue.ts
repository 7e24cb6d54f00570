/**
 * All that will happen, ordered by instant and then by when it was asked for. A four-way heap in typed arrays holds the
 * future; what is due at the present instant stands in line. Events know their place, so that a timer which is disposed
 * leaves at once: drivers re-arm timers far more often than these fire.
 */
import { IDLE, READY, type SimEvent } from './sim-event.ts';

export class EventQueue {
  /** Virtual time: whole microseconds since the world began. */
  nowUs = 0;
  #sequence = 0;
  #size = 0;
  #times = new Float64Array(256);
  #sequences = new Float64Array(256);
  #events: SimEvent[] = [];
  /** Those of the present instant, from `#readyHead` to `#readyEnd`. */
  #ready: (SimEvent | undefined)[] = [];
  #readyHead = 0;
  #readyEnd = 0;

  /** Events that wait, for the present instant or a later one. */
  get size(): number {
    return this.#size + this.#readyEnd - this.#readyHead;
  }

  /** O(log n). An instant that has passed, or is now, means after everything that is already due. */
  schedule(event: SimEvent, atUs: number): void {
    event.sequence = this.#sequence++;
    if (atUs <= this.nowUs) {
      event.slot = READY;
      this.#ready[this.#readyEnd++] = event;
      return;
    }
    const slot = this.#size++;
    if (slot === this.#times.length) this.#grow();
    this.#up(slot, atUs, event.sequence, event);
  }

  /** No effect when it does not wait. */
  cancel(event: SimEvent): void {
    const { slot } = event;
    event.slot = IDLE;
    if (slot >= 0) this.#removeAt(slot);
    else if (slot === READY) {
      const index = this.#ready.indexOf(event, this.#readyHead);
      this.#ready[index] = undefined;
    }
  }

  /** Whether two events wait for the same later instant. */
  areTogether(one: SimEvent, other: SimEvent): boolean {
    return one.slot >= 0 && other.slot >= 0 && this.#times[one.slot] === this.#times[other.slot];
  }

  /** Takes out the next event at or before `limitUs` and advances time to it. Undefined when there is none. */
  next(limitUs: number): SimEvent | undefined {
    if (this.#size > 0 && this.#times[0]! <= this.nowUs) return this.#pop();
    while (this.#readyHead < this.#readyEnd) {
      const event = this.#ready[this.#readyHead];
      this.#ready[this.#readyHead++] = undefined;
      if (this.#readyHead === this.#readyEnd) {
        this.#readyHead = 0;
        this.#readyEnd = 0;
      }
      if (event !== undefined) {
        event.slot = IDLE;
        return event;
      }
    }
    if (this.#size === 0 || this.#times[0]! > limitUs) return undefined;
    this.nowUs = this.#times[0]!;
    return this.#pop();
  }

  /** Moves time on when nothing is due until then. */
  advanceTo(atUs: number): void {
    if (atUs > this.nowUs) this.nowUs = atUs;
  }

  #pop(): SimEvent {
    const event = this.#events[0]!;
    event.slot = IDLE;
    this.#removeAt(0);
    return event;
  }

  #removeAt(slot: number): void {
    const last = --this.#size;
    const moved = this.#events[last]!;
    const time = this.#times[last]!;
    const sequence = this.#sequences[last]!;
    this.#events.pop();
    if (slot === last) return;
    const parent = (slot - 1) >> 2;
    if (slot > 0 && this.#isBefore(time, sequence, parent)) this.#up(slot, time, sequence, moved);
    else this.#down(slot, time, sequence, moved);
  }

  #isBefore(time: number, sequence: number, slot: number): boolean {
    const other = this.#times[slot]!;
    return time < other || (time === other && sequence < this.#sequences[slot]!);
  }

  #up(from: number, time: number, sequence: number, event: SimEvent): void {
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 2;
      if (!this.#isBefore(time, sequence, parent)) break;
      this.#place(slot, this.#times[parent]!, this.#sequences[parent]!, this.#events[parent]!);
      slot = parent;
    }
    this.#place(slot, time, sequence, event);
  }

  #down(from: number, time: number, sequence: number, event: SimEvent): void {
    const size = this.#size;
    let slot = from;
    for (;;) {
      const first = slot * 4 + 1;
      if (first >= size) break;
      const end = Math.min(first + 4, size);
      let least = first;
      for (let child = first + 1; child < end; child++) {
        if (this.#isBefore(this.#times[child]!, this.#sequences[child]!, least)) least = child;
      }
      if (this.#isBefore(time, sequence, least)) break;
      this.#place(slot, this.#times[least]!, this.#sequences[least]!, this.#events[least]!);
      slot = least;
    }
    this.#place(slot, time, sequence, event);
  }

  #place(slot: number, time: number, sequence: number, event: SimEvent): void {
    this.#times[slot] = time;
    this.#sequences[slot] = sequence;
    this.#events[slot] = event;
    event.slot = slot;
  }

  #grow(): void {
    const times = new Float64Array(this.#times.length * 2);
    const sequences = new Float64Array(this.#times.length * 2);
    times.set(this.#times);
    sequences.set(this.#sequences);
    this.#times = times;
    this.#sequences = sequences;
  }
}
