/**
 * Lamport's logical clock: a number that grows along every chain of cause and effect.
 *
 * Lamport, "Time, Clocks, and the Ordering of Events in a Distributed System", CACM 21(7), 1978: clock condition (if a happened before b then
 * C(a) < C(b)), implementation rules IR1 and IR2, and the total order "⇒" that breaks ties by process. The converse does not hold:
 * C(a) < C(b) says only that b did not happen before a. Use a vector clock where concurrency must be seen.
 *
 * Pure and immutable: each event gives the next clock. O(1).
 */
import { assert } from '../base/index.ts';

/** An event's place in the total order. `node` breaks ties, so it must be unique. */
export interface LamportStamp {
  readonly time: number;
  readonly node: string;
}

export class LamportClock {
  readonly node: string;
  /** Time of the last event here, 0 before the first. A safe integer. */
  readonly time: number;

  constructor(node: string, time: number = 0) {
    assert(Number.isSafeInteger(time) && time >= 0, 'a Lamport time must be a safe integer that is not negative');
    this.node = node;
    this.time = time;
  }

  /** IR1: the clock at the next event here. Sending is an event; its `stamp` travels with the message. */
  tick(): LamportClock {
    return new LamportClock(this.node, this.time + 1);
  }

  /** IR2 (b): the clock at the arrival of a message, which is later than the clock here and than `sentAt`. */
  receive(sentAt: number): LamportClock {
    return new LamportClock(this.node, Math.max(this.time, sentAt) + 1);
  }

  get stamp(): LamportStamp {
    return { time: this.time, node: this.node };
  }
}

/** Lamport's "⇒": negative when `a` comes first. 0 only for the same event. Node names order as strings do (UTF-16 units). */
export function compareLamport(a: LamportStamp, b: LamportStamp): number {
  if (a.time !== b.time) return a.time - b.time;
  return a.node < b.node ? -1 : a.node > b.node ? 1 : 0;
}
