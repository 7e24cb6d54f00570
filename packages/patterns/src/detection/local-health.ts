/**
 * Lifeguard's local health: a node that misses answers of several peers, is accused, or stands still is probably itself the slow one. It then gives others more time.
 *
 * Dadgar, Phillips, Currey, "Lifeguard: Local Health Awareness for More Accurate Failure Detection", DSN-W 2018, section IV.A: a saturating
 * counter, 0 for healthy; intervals and timeouts are multiplied by counter + 1. Added: a blocked event loop counts too.
 */
import { assert } from '../base/index.ts';

export interface LocalHealthOptions {
  /** Highest score: timeouts grow at most to `maxScore + 1` times. 7 by default, as in memberlist (where it is named as the multiplier 8). */
  readonly maxScore?: number;
  /** Each such stretch of standing still adds 1. 500 by default. */
  readonly stallMs?: number;
}

export class LocalHealth {
  readonly #maxScore: number;
  readonly #stallMs: number;
  #score = 0;

  constructor(options: LocalHealthOptions = {}) {
    this.#maxScore = options.maxScore ?? 7;
    this.#stallMs = options.stallMs ?? 500;
    assert(Number.isInteger(this.#maxScore) && this.#maxScore >= 0, 'maxScore must be an integer of 0 or more');
    assert(this.#stallMs > 0, 'stallMs must be above 0');
  }

  /** 0 when healthy. */
  get score(): number {
    return this.#score;
  }

  /** Negative for good signs, positive for bad ones. */
  adjust(delta: number): void {
    this.#score = Math.min(this.#maxScore, Math.max(0, this.#score + delta));
  }

  /** The event loop was blocked for so long. */
  stalled(delayMs: number): void {
    this.adjust(Math.floor(delayMs / this.#stallMs));
  }

  scale(durationMs: number): number {
    return durationMs * (this.#score + 1);
  }
}
