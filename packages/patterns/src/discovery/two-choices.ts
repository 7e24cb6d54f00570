/**
 * The power of two choices: draw two at random, take the less loaded. No list to keep sorted, no herd that runs to the one that looked best a moment
 * ago, and of n requests on n endpoints the fullest gets ln ln n / ln 2 + O(1) instead of ln n / ln ln n (Azar, Broder, Karlin and Upfal, "Balanced
 * Allocations", SIAM J. Comput. 1999; Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", IEEE TPDS 2001). More than two
 * choices help little more.
 *
 * Draws follow weights (`AliasTable`) and slow start: a new endpoint that is drawn is accepted with the probability of its factor, otherwise another is
 * drawn. Pure but for the random function; O(choices), allocates nothing.
 */
import { assert, type Instant, type RandomNumber } from '../base/index.ts';
import { AliasTable } from './alias-table.ts';
import type { Candidates } from './candidates.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';
import type { LoadMetric, Picker } from './load-metric.ts';
import type { SlowStart } from './slow-start.ts';

export interface TwoChoicesOptions {
  readonly endpoints: Endpoints;
  readonly metric: LoadMetric;
  /** Those of one zone; all when absent. */
  readonly candidates?: Candidates;
  /** How many are drawn: 1, which is a random choice, or more. Default 2. */
  readonly choices?: number;
  readonly slowStart?: SlowStart;
}

/** A draw that hits one already drawn, or a new one that is not accepted, is repeated so often. Then it counts: all may be new. */
const DRAWS_MAX = 8;

export class TwoChoices implements Picker {
  readonly #random: RandomNumber;
  readonly #endpoints: Endpoints;
  readonly #metric: LoadMetric;
  readonly #candidates: Candidates;
  readonly #choices: number;
  readonly #slowStart: SlowStart | undefined;
  readonly #weights = new AliasTable();
  #weightsOf = -1;

  constructor(random: RandomNumber, options: TwoChoicesOptions) {
    const { choices = 2 } = options;
    assert(Number.isInteger(choices) && choices >= 1, `choices must be an integer >= 1, not ${choices}`);
    this.#random = random;
    this.#endpoints = options.endpoints;
    this.#metric = options.metric;
    this.#candidates = options.candidates ?? options.endpoints.candidates;
    this.#choices = choices;
    this.#slowStart = options.slowStart;
  }

  pick(now: Instant): number {
    const { size } = this.#candidates;
    if (size <= 1) return size === 0 ? NO_SLOT : this.#candidates.at(0);
    let best = this.#draw(now, NO_SLOT);
    for (let drawn = 1; drawn < this.#choices; drawn++) {
      const slot = this.#draw(now, best);
      if (this.#metric.isLess(slot, best, now)) best = slot;
    }
    return best;
  }

  /** One other than `not`, if the weights let it be found. */
  #draw(now: Instant, not: number): number {
    let slot = NO_SLOT;
    for (let draws = 0; draws < DRAWS_MAX; draws++) {
      slot = this.#endpoints.isWeighted ? this.#drawByWeight() : this.#drawOther(not);
      if (slot !== not && this.#isAccepted(slot, now)) return slot;
    }
    return slot;
  }

  #drawOther(not: number): number {
    const { size } = this.#candidates;
    if (not === NO_SLOT) return this.#candidates.at(Math.floor(this.#random() * size));
    const place = Math.floor(this.#random() * (size - 1));
    return this.#candidates.at(place < this.#candidates.placeOf(not) ? place : place + 1);
  }

  #drawByWeight(): number {
    if (this.#weightsOf !== this.#candidates.version) {
      this.#weights.build(this.#candidates.size, (place) => this.#endpoints.weightOf(this.#candidates.at(place)));
      this.#weightsOf = this.#candidates.version;
    }
    return this.#candidates.at(this.#weights.draw(this.#random()));
  }

  #isAccepted(slot: number, now: Instant): boolean {
    if (this.#slowStart === undefined) return true;
    const sinceMs = now - this.#endpoints.warmSince(slot);
    return sinceMs >= this.#slowStart.windowMs || this.#random() < this.#slowStart.factor(sinceMs);
  }
}
