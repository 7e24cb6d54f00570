/** How loaded an endpoint is: what a choice compares. */
import type { Instant } from '../base/index.ts';
import type { Endpoints } from './endpoints.ts';

export interface LoadMetric {
  /** Comparable with those of the other slots at the same time; the lowest is best. */
  load(slot: number, now: Instant): number;
  /** Whether the load of one is less than that of another. A comparison returns no fraction, for which the engine would need memory. */
  isLess(slot: number, than: number, now: Instant): boolean;
  /** A request is sent. Counts it with the endpoints too. */
  begin(slot: number, now: Instant): void;
  /** The request that was sent at `beganAt` has ended, however it did. Once for each `begin`. */
  end(slot: number, beganAt: Instant, now: Instant): void;
}

/** Picks a slot; `NO_SLOT` when there is none to pick. */
export interface Picker {
  pick(now: Instant): number;
}

/**
 * Requests outstanding, by capacity. Idle ones are equal whatever their weights: then it is the draw that follows weights, and a heavy endpoint would
 * otherwise be preferred twice.
 */
export class OutstandingRequests implements LoadMetric {
  readonly #endpoints: Endpoints;

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints;
  }

  load(slot: number): number {
    return this.#endpoints.pendingOf(slot) / this.#endpoints.weightOf(slot);
  }

  isLess(slot: number, than: number): boolean {
    return this.load(slot) < this.load(than);
  }

  begin(slot: number): void {
    this.#endpoints.begin(slot);
  }

  end(slot: number): void {
    this.#endpoints.end(slot);
  }
}
