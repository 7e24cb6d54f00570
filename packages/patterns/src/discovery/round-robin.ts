/** Turns: equal ones, and weighted ones that are spread smoothly. For endpoints and requests that are all alike; load and latency are not looked at. */
import { type Instant, type RandomNumber, randomBelow } from '../base/index.ts';
import type { Candidates } from './candidates.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';
import type { Picker } from './load-metric.ts';
import type { SlowStart } from './slow-start.ts';

export interface RoundRobinOptions {
  readonly endpoints: Endpoints;
  /** Those of one zone; all when absent. */
  readonly candidates?: Candidates;
}

/** One after the other, whatever their weights. O(1), allocates nothing. */
export class RoundRobin implements Picker {
  readonly #candidates: Candidates;
  #turn: number;

  /** Begins anywhere, so that callers that start together do not all begin with the same endpoint. */
  constructor(random: RandomNumber, options: RoundRobinOptions) {
    this.#candidates = options.candidates ?? options.endpoints.candidates;
    this.#turn = randomBelow(random, 2 ** 31);
  }

  pick(): number {
    const { size } = this.#candidates;
    if (size === 0) return NO_SLOT;
    this.#turn = (this.#turn + 1) % size;
    return this.#candidates.at(this.#turn);
  }
}

/**
 * Smooth weighted round robin (nginx, `ngx_http_upstream_get_peer`, 2012): everybody gains its weight, the richest is picked and pays what all have
 * gained together. With the weights 5, 1, 1 the turns are a a b a c a a, not five times a in a row. O(endpoints), allocates nothing.
 */
export class SmoothRoundRobin implements Picker {
  readonly #endpoints: Endpoints;
  readonly #candidates: Candidates;
  readonly #slowStart: SlowStart | undefined;
  readonly #credits: Float64Array;
  #version = -1;

  constructor(options: RoundRobinOptions & { readonly slowStart?: SlowStart }) {
    this.#endpoints = options.endpoints;
    this.#candidates = options.candidates ?? options.endpoints.candidates;
    this.#slowStart = options.slowStart;
    this.#credits = new Float64Array(options.endpoints.endpointsMax);
  }

  pick(now: Instant): number {
    // What was saved up or owed among others would be paid out at once by those that are there now.
    if (this.#version !== this.#candidates.version) this.#credits.fill(0);
    this.#version = this.#candidates.version;
    let best = NO_SLOT;
    let total = 0;
    for (let place = 0; place < this.#candidates.size; place++) {
      const slot = this.#candidates.at(place);
      const weight = this.#weightNow(slot, now);
      total += weight;
      this.#credits[slot] = this.#credits[slot]! + weight;
      if (best === NO_SLOT || this.#credits[slot]! > this.#credits[best]!) best = slot;
    }
    if (best !== NO_SLOT) this.#credits[best] = this.#credits[best]! - total;
    return best;
  }

  #weightNow(slot: number, now: Instant): number {
    const weight = this.#endpoints.weightOf(slot);
    return this.#slowStart === undefined
      ? weight
      : weight * this.#slowStart.factor(now - this.#endpoints.warmSince(slot));
  }
}
