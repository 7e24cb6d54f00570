/**
 * Peak EWMA: the expected time of an endpoint's next answer, from the answers it gave, believing bad news at once and good news slowly. The rule is
 * Finagle's (`PeakEwma.scala`, 2012):
 *
 *     an answer after rtt:  cost = rtt                          if rtt > cost
 *                           cost = cost · w + rtt · (1 − w)     otherwise, w = e^(−time since the last answer / decayMs)
 *     load               =  cost · w · (outstanding + 1)
 *     no answer yet      :  0 when nothing is outstanding, else so much that everybody else comes first
 *
 * It differs in three points. (1) Looking at a load changes nothing; there it ages the cost, so that the mean depends on how often one is compared.
 * (2) Silence counts: while requests are outstanding, the cost is at least the time since one began or ended, which some request has waited by now.
 * Otherwise an endpoint that answers nothing at all looks better the longer it is silent, for its cost decays faster than its requests add up. (3) With
 * weights, load = cost · w · (outstanding / weight + 1).
 *
 * The decay gives an endpoint that was slow another chance when it has not been asked for some time. Pure; O(1), 28 bytes an endpoint.
 */
import { assert, type Instant } from '../base/index.ts';
import type { Endpoints } from './endpoints.ts';
import type { LoadMetric } from './load-metric.ts';

export interface PeakEwmaOptions {
  /** After so long, 63 % of what was known is forgotten. Default 10,000. */
  readonly decayMs?: number;
}

/** The load of an endpoint that has been asked and has never answered: more than any cost that a clock can measure. */
export const PENALTY: number = 2 ** 47;

/** Below what clocks tell apart; an answer within the same tick is not free of cost. */
const RTT_MIN_MS = 0.001;

export class PeakEwma implements LoadMetric {
  readonly #endpoints: Endpoints;
  readonly #decayMs: number;
  readonly #costs: Float64Array;
  /** When the cost was right. */
  readonly #stamps: Float64Array;
  /** When a request last began with none outstanding, or ended. */
  readonly #quietSince: Float64Array;
  /** Whose numbers these are; 0: nobody's, for generations begin at 1. */
  readonly #generations: Uint32Array;

  constructor(endpoints: Endpoints, options: PeakEwmaOptions = {}) {
    const { decayMs = 10_000 } = options;
    assert(decayMs > 0, `decayMs must be > 0, not ${decayMs}`);
    this.#endpoints = endpoints;
    this.#decayMs = decayMs;
    this.#costs = new Float64Array(endpoints.endpointsMax);
    this.#stamps = new Float64Array(endpoints.endpointsMax);
    this.#quietSince = new Float64Array(endpoints.endpointsMax);
    this.#generations = new Uint32Array(endpoints.endpointsMax);
  }

  load(slot: number, now: Instant): number {
    const pending = this.#endpoints.pendingOf(slot);
    if (!this.#isKnown(slot)) return pending === 0 ? 0 : PENALTY + pending;
    return this.costMs(slot, now) * (pending / this.#endpoints.weightOf(slot) + 1);
  }

  isLess(slot: number, than: number, now: Instant): boolean {
    return this.load(slot, now) < this.load(than, now);
  }

  /** The round trip to expect, without what is queued there; 0 while nothing is known. */
  costMs(slot: number, now: Instant): number {
    if (!this.#isKnown(slot)) return 0;
    const decayed = this.#costs[slot]! * this.#decay(now - this.#stamps[slot]!);
    if (this.#endpoints.pendingOf(slot) === 0) return decayed;
    return Math.max(decayed, now - this.#quietSince[slot]!);
  }

  begin(slot: number, now: Instant): void {
    if (this.#endpoints.pendingOf(slot) === 0) this.#quietSince[slot] = now;
    this.#endpoints.begin(slot);
  }

  end(slot: number, beganAt: Instant, now: Instant): void {
    const rttMs = Math.max(now - beganAt, RTT_MIN_MS);
    const costMs = this.#isKnown(slot) ? this.#costs[slot]! : 0;
    if (rttMs > costMs) this.#costs[slot] = rttMs;
    else {
      const w = this.#decay(now - this.#stamps[slot]!);
      this.#costs[slot] = costMs * w + rttMs * (1 - w);
    }
    this.#stamps[slot] = now;
    this.#quietSince[slot] = now;
    this.#generations[slot] = this.#endpoints.generationOf(slot);
    this.#endpoints.end(slot);
  }

  #isKnown(slot: number): boolean {
    return this.#generations[slot] === this.#endpoints.generationOf(slot);
  }

  #decay(elapsedMs: number): number {
    return elapsedMs > 0 ? Math.exp(-elapsedMs / this.#decayMs) : 1;
  }
}
