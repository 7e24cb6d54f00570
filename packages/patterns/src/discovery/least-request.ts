/**
 * Least request, as Envoy does it. With equal weights: of `choices` endpoints drawn at random, the one with the fewest requests outstanding. With
 * unequal ones: weighted turns, in which what is outstanding takes weight away,
 *
 *     weight now = weight · slow start / (outstanding + 1) ^ bias
 *
 * so that an endpoint that is slow to answer gets fewer turns. bias 0 is weighted round robin. Pure but for the random function; O(choices) or
 * O(log endpoints), allocates nothing; O(endpoints · log endpoints) after they have changed.
 */
import { assert, type Instant, type RandomNumber } from '../base/index.ts';
import type { Candidates } from './candidates.ts';
import { EarliestDeadline } from './earliest-deadline.ts';
import { type Endpoints, NO_SLOT } from './endpoints.ts';
import { OutstandingRequests, type Picker } from './load-metric.ts';
import type { SlowStart } from './slow-start.ts';
import { TwoChoices } from './two-choices.ts';

export interface LeastRequestOptions {
  readonly endpoints: Endpoints;
  /** Those of one zone; all when absent. */
  readonly candidates?: Candidates;
  /** Default 2. */
  readonly choices?: number;
  /** How much outstanding requests count where weights differ; at least 0, default 1. */
  readonly bias?: number;
  readonly slowStart?: SlowStart;
}

export class LeastRequest implements Picker {
  readonly #endpoints: Endpoints;
  readonly #candidates: Candidates;
  readonly #bias: number;
  readonly #slowStart: SlowStart | undefined;
  readonly #choices: TwoChoices;
  readonly #turns: EarliestDeadline;
  #turnsOf = -1;

  constructor(random: RandomNumber, options: LeastRequestOptions) {
    const { endpoints, bias = 1 } = options;
    assert(bias >= 0, `bias must be >= 0, not ${bias}`);
    this.#endpoints = endpoints;
    this.#candidates = options.candidates ?? endpoints.candidates;
    this.#bias = bias;
    this.#slowStart = options.slowStart;
    this.#choices = new TwoChoices(random, { ...options, metric: new OutstandingRequests(endpoints) });
    this.#turns = new EarliestDeadline(endpoints.endpointsMax);
  }

  pick(now: Instant): number {
    if (!this.#endpoints.isWeighted) return this.#choices.pick(now);
    if (this.#turnsOf !== this.#candidates.version) this.#adopt(now);
    const slot = this.#turns.next;
    if (slot < 0) return NO_SLOT;
    this.#turns.turn(this.#weightNow(slot, now));
    return slot;
  }

  #weightNow(slot: number, now: Instant): number {
    const weight = this.#endpoints.weightOf(slot) / (this.#endpoints.pendingOf(slot) + 1) ** this.#bias;
    return this.#slowStart === undefined
      ? weight
      : weight * this.#slowStart.factor(now - this.#endpoints.warmSince(slot));
  }

  /** Those that stay keep their turn. */
  #adopt(now: Instant): void {
    for (let slot = 0; slot < this.#endpoints.endpointsMax; slot++) {
      if (this.#candidates.has(slot) === this.#turns.has(slot)) continue;
      if (this.#turns.has(slot)) this.#turns.remove(slot);
      else this.#turns.add(slot, this.#weightNow(slot, now));
    }
    this.#turnsOf = this.#candidates.version;
  }
}
