/**
 * The φ accrual failure detector: learns how heartbeats arrive and says how surprising the present silence is, so that one threshold fits fast
 * and slow links, and a caller may act at several levels.
 *
 * Hayashibara, Défago, Yared, Katayama, "The φ Accrual Failure Detector", SRDS 2004, section 4. As in Akka's implementation: the first
 * interval is guessed, the deviation has a floor, an acceptable pause is added to the mean, and the interval that ended an outage is not learned.
 * Differs: an interval in which this process itself stood still is not learned either, and is excused (`stalled`); see `phi.ts` for the far tail.
 *
 * When not: there is no published evidence that it beats a tuned timeout in one data centre; it earns its keep on links of unknown or drifting delay.
 *
 * O(1) per call, 8 bytes per sample.
 */
import { assert, Instant } from '../base/index.ts';
import type { FailureDetector } from './failure-detector.ts';
import { IntervalHistory } from './interval-history.ts';
import { deviationsAtPhi, exponentialPhi, logisticPhi, normalPhi, type PhiCurve } from './phi.ts';

export interface PhiAccrualOptions {
  /** φ at which the peer counts as unavailable. 8 by default: one mistake in 10^8 if intervals follow the curve. Lower: faster and wrong more often. */
  readonly threshold?: number;
  /** Intervals remembered. 1000 by default. Fewer follow a change sooner. */
  readonly maxSamples?: number;
  /** Floor under the standard deviation, 100 by default: very regular heartbeats must not make a small delay a death. */
  readonly minDeviationMs?: number;
  /** Silence that is normal besides the learned interval (collections, lost heartbeats). 0 by default. */
  readonly acceptablePauseMs?: number;
  /** Guess of the interval before one was seen. 1000 by default. Enters the history as two intervals a quarter below and above. */
  readonly firstIntervalMs?: number;
  /** `logistic` by default. */
  readonly curve?: PhiCurve;
}

export class PhiAccrualDetector implements FailureDetector {
  readonly #threshold: number;
  readonly #minDeviationMs: number;
  readonly #pauseMs: number;
  readonly #firstIntervalMs: number;
  readonly #curve: PhiCurve;
  readonly #history: IntervalHistory;
  /** Deviations above the mean at which the threshold is reached. */
  readonly #limit: number;
  #heardAt: Instant | undefined;
  #spoilt = false;

  constructor(options: PhiAccrualOptions = {}) {
    this.#threshold = options.threshold ?? 8;
    this.#minDeviationMs = options.minDeviationMs ?? 100;
    this.#pauseMs = options.acceptablePauseMs ?? 0;
    this.#firstIntervalMs = options.firstIntervalMs ?? 1000;
    this.#curve = options.curve ?? 'logistic';
    assert(this.#threshold > 0 && this.#threshold < 1e6, 'threshold must be above 0 and below 1,000,000');
    assert(this.#minDeviationMs > 0, 'minDeviationMs must be above 0');
    assert(this.#pauseMs >= 0, 'acceptablePauseMs must not be negative');
    assert(this.#firstIntervalMs > 0, 'firstIntervalMs must be above 0');
    this.#history = new IntervalHistory(options.maxSamples ?? 1000);
    this.#limit = this.#curve === 'exponential' ? 0 : deviationsAtPhi(this.#curve, this.#threshold);
  }

  /** Mean interval between heartbeats, 0 before the first. */
  get meanMs(): number {
    return this.#history.meanMs;
  }

  /** Standard deviation of the intervals, not below `minDeviationMs`. */
  get deviationMs(): number {
    return Math.max(this.#minDeviationMs, this.#history.deviationMs);
  }

  get deadline(): Instant | undefined {
    if (this.#heardAt === undefined) return undefined;
    const learnedMs =
      this.#curve === 'exponential'
        ? this.meanMs * this.#threshold * Math.LN10
        : this.meanMs + this.#limit * this.deviationMs;
    return Instant.add(this.#heardAt, this.#pauseMs + Math.max(0, learnedMs));
  }

  heartbeat(now: Instant): void {
    if (this.#heardAt === undefined) {
      this.#history.add(this.#firstIntervalMs * 0.75);
      this.#history.add(this.#firstIntervalMs * 1.25);
    } else if (!this.#spoilt && this.available(now)) {
      this.#history.add(now - this.#heardAt);
    }
    this.#heardAt = now;
    this.#spoilt = false;
  }

  stalled(delayMs: number, now: Instant): void {
    if (this.#heardAt === undefined || !(delayMs > 0)) return;
    this.#heardAt = Instant.of(Math.min(now, this.#heardAt + delayMs));
    this.#spoilt = true;
  }

  /** φ, 0 while nothing was heard. */
  suspicion(now: Instant): number {
    if (this.#heardAt === undefined) return 0;
    const silentMs = Math.max(0, now - this.#heardAt) - this.#pauseMs;
    if (this.#curve === 'exponential') return exponentialPhi(silentMs / this.meanMs);
    const deviations = (silentMs - this.meanMs) / this.deviationMs;
    return this.#curve === 'logistic' ? logisticPhi(deviations) : normalPhi(deviations);
  }

  available(now: Instant): boolean {
    const deadline = this.deadline;
    return deadline === undefined || now < deadline;
  }
}
