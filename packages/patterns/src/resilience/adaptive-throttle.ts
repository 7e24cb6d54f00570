/**
 * Client-side load shedding ("Site Reliability Engineering", 2016, chapter 21, "Client-Side Throttling"): a client that gets many refusals
 * sends only a part of its calls, and refuses the others itself, for nothing. The part follows from the last two minutes:
 *
 *     refused here with probability max(0, (requests - K · accepts) / (requests + 1))
 *
 * `requests` counts all attempts, those refused here included (leave them out, and it never gets stricter than half); so some always
 * go through, and it recovers by itself. K = 2 lets about as many refusals through as answers; K = 1.1 spares the service more.
 *
 * Pure: time and the random number are inputs. O(1).
 */
import { assert, type Instant } from '../base/index.ts';
import { SlidingWindow } from './sliding-window.ts';

export interface AdaptiveThrottleOptions {
  /** K, at least 1. Default 2. */
  readonly multiplier?: number;
  /** Default 120,000. */
  readonly windowMs?: number;
  readonly buckets?: number;
}

const REQUESTS = 0;
const ACCEPTS = 1;

export class AdaptiveThrottle {
  readonly #multiplier: number;
  readonly #window: SlidingWindow;

  constructor(options: AdaptiveThrottleOptions = {}) {
    this.#multiplier = options.multiplier ?? 2;
    assert(this.#multiplier >= 1, `multiplier must be >= 1, not ${options.multiplier}`);
    this.#window = new SlidingWindow(options.windowMs ?? 120_000, options.buckets ?? 24, 2);
  }

  /** In [0, 1). */
  refusalProbability(now: Instant): number {
    this.#window.advance(now);
    const requests = this.#window.total(REQUESTS);
    return Math.max(0, (requests - this.#multiplier * this.#window.total(ACCEPTS)) / (requests + 1));
  }

  /** Whether to send this request, which is counted either way. `draw` is uniform in [0, 1). */
  admit(draw: number, now: Instant): boolean {
    const isAdmitted = draw >= this.refusalProbability(now);
    this.#window.add(REQUESTS);
    return isAdmitted;
  }

  /** The service took the request, whatever its answer. */
  accepted(now: Instant): void {
    this.#window.advance(now);
    this.#window.add(ACCEPTS);
  }
}
