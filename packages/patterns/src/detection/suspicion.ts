/**
 * A suspicion: how long a member may take to refute before it is declared dead. Long while one node suspects, shorter with each node that does so too.
 *
 * SWIM (DSN 2002), section 4.2: suspicion before death. Lifeguard (DSN-W 2018), section IV.B ("dogpile"): the timeout falls from `maxMs` to
 * `minMs` with the logarithm of the independent confirmations. Formulas and defaults as in memberlist.
 *
 * No clock: time comes in. O(1).
 */
import { assert, Instant } from '../base/index.ts';

export interface SuspicionLimits {
  readonly minMs: number;
  readonly maxMs: number;
  /** Confirmations that bring the timeout down to `minMs`. 0: it is `minMs` from the start. */
  readonly confirmations: number;
}

export interface SuspicionScale {
  /** Members of the cluster, this one included. */
  readonly members: number;
  readonly periodMs: number;
  /** Probe periods, times log10 of the cluster, that a lone member has. 4 by default. */
  readonly multiplier?: number;
  /** Ratio of the longest to the shortest timeout. 6 by default. */
  readonly maxMultiplier?: number;
}

/** Limits for a cluster of that size: multiplier × max(1, log10 members) × period, to whole milliseconds per multiplier of a second's period. */
export function suspicionLimits(scale: SuspicionScale): SuspicionLimits {
  const multiplier = scale.multiplier ?? 4;
  const nodeScale = Math.floor(Math.max(1, Math.log10(Math.max(1, scale.members))) * 1000) / 1000;
  const minMs = multiplier * nodeScale * scale.periodMs;
  // Without enough members besides the suspect and the accuser, confirmations would never come.
  const wanted = Math.max(0, Math.floor(multiplier) - 2);
  const confirmations = scale.members - 2 < wanted ? 0 : wanted;
  return { minMs, maxMs: minMs * (scale.maxMultiplier ?? 6), confirmations };
}

/** Whole length of a suspicion that `confirmed` others share. Whole milliseconds. */
export function suspicionTimeoutMs(limits: SuspicionLimits, confirmed: number): number {
  if (limits.confirmations < 1) return limits.minMs;
  const share = Math.log(confirmed + 1) / Math.log(limits.confirmations + 1);
  return Math.max(limits.minMs, Math.floor(limits.maxMs - share * (limits.maxMs - limits.minMs)));
}

export class Suspicion {
  readonly #limits: SuspicionLimits;
  readonly #accusers = new Set<string>();
  #startedAt: Instant;

  /** `accuser`: who suspected first. Its own repetitions confirm nothing. */
  constructor(accuser: string, limits: SuspicionLimits, now: Instant) {
    assert(limits.minMs > 0 && limits.maxMs >= limits.minMs, 'a suspicion needs 0 < minMs <= maxMs');
    this.#limits = limits;
    this.#accusers.add(accuser);
    this.#startedAt = now;
  }

  get confirmed(): number {
    return this.#accusers.size - 1;
  }

  /** When the suspect is to be declared dead. May lie in the past after a confirmation. */
  get deadline(): Instant {
    return Instant.add(this.#startedAt, suspicionTimeoutMs(this.#limits, this.confirmed));
  }

  /** Whether that is news worth passing on: an accuser not yet counted, and not more than are needed. */
  confirm(accuser: string): boolean {
    if (this.confirmed >= this.#limits.confirmations || this.#accusers.has(accuser)) return false;
    this.#accusers.add(accuser);
    return true;
  }

  /** Time in which this process could not have heard a refutation. */
  excuse(durationMs: number): void {
    this.#startedAt = Instant.add(this.#startedAt, Math.max(0, durationMs));
  }
}
