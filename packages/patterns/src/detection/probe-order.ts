/**
 * Whom to probe next: every member once per pass, in an order that is shuffled anew for each pass.
 *
 * SWIM (DSN 2002), section 4.3: round robin bounds the time to the first detection at 2N - 1 periods, where random choice only bounds its mean; who
 * joins is put at a random place of the list.
 *
 * Private mutable state, randomness injected. `next` is O(1) amortised, `add` and `remove` O(n).
 */
import { type RandomNumber, randomBelow, randomSample } from '../base/index.ts';

export class ProbeOrder {
  readonly #random: RandomNumber;
  #members: string[] = [];
  #at = 0;

  constructor(random: RandomNumber) {
    this.#random = random;
  }

  get size(): number {
    return this.#members.length;
  }

  add(member: string): void {
    if (this.#members.includes(member)) return;
    const place = randomBelow(this.#random, this.#members.length + 1);
    this.#members.splice(place, 0, member);
    if (place < this.#at) this.#at += 1;
  }

  remove(member: string): void {
    const place = this.#members.indexOf(member);
    if (place < 0) return;
    this.#members.splice(place, 1);
    if (place < this.#at) this.#at -= 1;
  }

  next(): string | undefined {
    if (this.#at >= this.#members.length) {
      this.#members = randomSample(this.#random, this.#members, this.#members.length);
      this.#at = 0;
    }
    const member = this.#members[this.#at];
    this.#at += 1;
    return member;
  }

  /** Up to `count` members other than `except`, at random. O(n). */
  others(count: number, except: string): string[] {
    const chosen = randomSample(this.#random, this.#members, count + 1).filter((member) => member !== except);
    return chosen.slice(0, count);
  }
}
