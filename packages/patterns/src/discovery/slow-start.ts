/**
 * Slow start: an endpoint that has just come, or come back, gets its share of the requests little by little, while its caches fill and its code is
 * compiled (Envoy, "Slow start mode"):
 *
 *     factor = max(minShare, (max(time since it came, 1 s) / windowMs) ^ (1 / aggression))
 *
 * Not for few requests or many new endpoints: when all are new, all get the same anyway. Pure; O(1).
 */
import { assert } from '../base/index.ts';

export interface SlowStartOptions {
  /** How long an endpoint is new. */
  readonly windowMs: number;
  /** 1: linear; above, quick at first; below, slow at first. Default 1. */
  readonly aggression?: number;
  /** What it gets at least, within 0 and 1. Default 0.1. */
  readonly minShare?: number;
}

const FIRST_MS = 1000;

export class SlowStart {
  readonly windowMs: number;
  readonly #exponent: number;
  readonly #minShare: number;

  constructor(options: SlowStartOptions) {
    const { windowMs, aggression = 1, minShare = 0.1 } = options;
    assert(windowMs > 0, `windowMs must be > 0, not ${windowMs}`);
    assert(aggression > 0, `aggression must be > 0, not ${aggression}`);
    assert(minShare > 0 && minShare <= 1, `minShare must be in (0, 1], not ${minShare}`);
    this.windowMs = windowMs;
    this.#exponent = 1 / aggression;
    this.#minShare = minShare;
  }

  /** What part of its share an endpoint gets that came so long ago: in (0, 1]. */
  factor(sinceMs: number): number {
    if (sinceMs >= this.windowMs) return 1;
    const timeFactor = Math.min(1, Math.max(sinceMs, FIRST_MS) / this.windowMs);
    return Math.max(this.#minShare, timeFactor ** this.#exponent);
  }
}
