/**
 * Which actors are put to sleep: those that have had nothing to do for `idleMs`, and, when there are too many, the one that has had nothing to do
 * for the longest time. One that is at work is never chosen. (Orleans: activation collection; Dapr: idle timeout; Pekko: passivation.)
 *
 * Actors become idle in the order of time, so the order of a map is the order of their deadlines: O(1) for everything. Pure.
 */
import { assert, Instant } from '../base/index.ts';

export interface PassivationOptions {
  /** Infinity: only the bound puts actors to sleep. */
  readonly idleMs: number;
}

export class Passivation {
  readonly #idleMs: number;
  /** Since when, the earliest first. */
  readonly #idleSince = new Map<string, Instant>();

  constructor(options: PassivationOptions) {
    this.#idleMs = options.idleMs;
    assert(this.#idleMs > 0, `idleMs must be > 0, not ${options.idleMs}`);
  }

  /** Actors that are idle. */
  get size(): number {
    return this.#idleSince.size;
  }

  get deadline(): Instant | undefined {
    if (this.#idleMs === Number.POSITIVE_INFINITY) return undefined;
    for (const since of this.#idleSince.values()) return Instant.add(since, this.#idleMs);
    return undefined;
  }

  /** The actor has nothing to do from now on. `now` never goes back. */
  idle(actor: string, now: Instant): void {
    this.#idleSince.delete(actor);
    this.#idleSince.set(actor, now);
  }

  /** It has something to do, or is gone. */
  busy(actor: string): void {
    this.#idleSince.delete(actor);
  }

  /** Takes out one that has been idle long enough. */
  takeDue(now: Instant): string | undefined {
    for (const [actor, since] of this.#idleSince) {
      if (now < since + this.#idleMs) return undefined;
      this.#idleSince.delete(actor);
      return actor;
    }
    return undefined;
  }

  /** Takes out the one that has been idle the longest, however long that is: the least recently used. */
  takeOldest(): string | undefined {
    for (const actor of this.#idleSince.keys()) {
      this.#idleSince.delete(actor);
      return actor;
    }
    return undefined;
  }
}
