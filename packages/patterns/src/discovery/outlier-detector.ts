/**
 * Outlier detection: takes an endpoint out that fails while the others do not, judged by the requests that are sent anyway (Envoy, "Outlier detection").
 *
 *              failures in a row, or at a tick a bad rate, and few enough are out
 *     admitted ------------------------------------------------------------------> ejected
 *        ^                                                                            |
 *        +-- a tick after min(base · times in a row, max) + jitter; or a check passes -+
 *
 * The times in a row grow with each ejection and shrink by one with each tick of good behaviour. An endpoint whose failures have been counted up to the
 * threshold is counted anew, whether or not it was ejected.
 *
 * Pure but for the random function; `record` O(1) and allocates nothing unless it ejects; a tick is O(slots).
 */
import { assert, Instant, type RandomNumber } from '../base/index.ts';
import {
  type OutlierCause,
  type OutlierOptions,
  type OutlierSettings,
  outlierSettings,
  type RequestResult,
} from './outlier-options.ts';
import { SuccessRates, successRateThreshold } from './success-rates.ts';

export type OutlierEffect =
  /** `forMs` without jitter and without the wait for a tick. */
  | { readonly kind: 'eject'; readonly slot: number; readonly cause: OutlierCause; readonly forMs: number }
  | { readonly kind: 'readmit'; readonly slot: number }
  /** It would have been ejected, but too many are out already, or the cause is not enforced. */
  | {
      readonly kind: 'spared';
      readonly slot: number;
      readonly cause: OutlierCause;
      readonly why: 'too-many' | 'not-enforced';
    };

const NEVER = Number.NEGATIVE_INFINITY;

export class OutlierDetector {
  readonly #random: RandomNumber;
  readonly #settings: OutlierSettings;
  readonly #slotsMax: number;
  readonly #isPresent: Uint8Array;
  readonly #isEjected: Uint8Array;
  readonly #errors: Uint32Array;
  readonly #gatewayErrors: Uint32Array;
  readonly #localFailures: Uint32Array;
  readonly #timesInARow: Uint32Array;
  readonly #ejectedAt: Float64Array;
  readonly #readmittedAt: Float64Array;
  readonly #jitterMs: Float64Array;
  readonly #rates: SuccessRates;
  readonly #localRates: SuccessRates;
  #size = 0;
  #ejected = 0;
  #nextTickAt: number;

  /** For the slots of `Endpoints`: the integers from 0 to below `slotsMax`. 60 bytes each. */
  constructor(random: RandomNumber, slotsMax: number, now: Instant, options: OutlierOptions = {}) {
    this.#random = random;
    this.#settings = outlierSettings(options);
    this.#slotsMax = slotsMax;
    this.#isPresent = new Uint8Array(slotsMax);
    this.#isEjected = new Uint8Array(slotsMax);
    this.#errors = new Uint32Array(slotsMax);
    this.#gatewayErrors = new Uint32Array(slotsMax);
    this.#localFailures = new Uint32Array(slotsMax);
    this.#timesInARow = new Uint32Array(slotsMax);
    this.#ejectedAt = new Float64Array(slotsMax);
    this.#readmittedAt = new Float64Array(slotsMax);
    this.#jitterMs = new Float64Array(slotsMax);
    this.#rates = new SuccessRates(slotsMax);
    this.#localRates = new SuccessRates(slotsMax);
    this.#nextTickAt = now + this.#settings.intervalMs;
  }

  get size(): number {
    return this.#size;
  }

  get ejected(): number {
    return this.#ejected;
  }

  isEjected(slot: number): boolean {
    return this.#isEjected[slot] === 1;
  }

  /** When `tick` is next worth calling. */
  get deadline(): Instant {
    return Instant.of(this.#nextTickAt);
  }

  /** A new endpoint, of which nothing is known. */
  add(slot: number): void {
    assert(slot >= 0 && slot < this.#slotsMax, `a slot must be below ${this.#slotsMax}, not ${slot}`);
    assert(this.#isPresent[slot] === 0, `slot ${slot} must be free`);
    this.#isPresent[slot] = 1;
    this.#size += 1;
    this.#timesInARow[slot] = 0;
    this.#readmittedAt[slot] = NEVER;
    this.#rates.forget(slot);
    this.#localRates.forget(slot);
    this.#forgetFailures(slot);
  }

  /** Whatever is still recorded for it is ignored. */
  remove(slot: number): void {
    if (this.#isPresent[slot] !== 1) return;
    this.#isPresent[slot] = 0;
    this.#size -= 1;
    this.#ejected -= this.#isEjected[slot]!;
    this.#isEjected[slot] = 0;
  }

  /** How a request ended. */
  record(slot: number, result: RequestResult, now: Instant, out: OutlierEffect[]): void {
    if (this.#isPresent[slot] !== 1) return;
    if (this.#settings.splitLocalFailures) {
      this.#recordLocal(slot, result === 'local-failure', now, out);
      if (result !== 'local-failure') this.#recordAnswer(slot, result, now, out);
    } else this.#recordAnswer(slot, result === 'local-failure' ? 'gateway-error' : result, now, out);
  }

  /** An active health check of it has passed: it comes back at once. Do not tell where checks pass that requests do not. */
  checkPassed(slot: number, now: Instant, out: OutlierEffect[]): void {
    if (this.isEjected(slot)) this.#readmit(slot, now, out);
  }

  tick(now: Instant, out: OutlierEffect[]): void {
    if (now < this.#nextTickAt) return;
    this.#nextTickAt = now + this.#settings.intervalMs;
    for (let slot = 0; slot < this.#slotsMax; slot++) {
      if (!this.isEjected(slot)) continue;
      if (now - this.#ejectedAt[slot]! >= this.#ejectionMs(slot) + this.#jitterMs[slot]!) this.#readmit(slot, now, out);
    }
    this.#compareRates(this.#rates, 'success-rate', 'failure-percentage', now, out);
    if (this.#settings.splitLocalFailures)
      this.#compareRates(this.#localRates, 'success-rate-local', 'failure-percentage-local', now, out);
    this.#rates.clear();
    this.#localRates.clear();
    for (let slot = 0; slot < this.#slotsMax; slot++) {
      if (this.#isPresent[slot] !== 1 || this.isEjected(slot) || this.#timesInARow[slot] === 0) continue;
      if (now - this.#readmittedAt[slot]! >= this.#settings.intervalMs)
        this.#timesInARow[slot] = this.#timesInARow[slot]! - 1;
    }
  }

  #recordAnswer(slot: number, result: RequestResult, now: Instant, out: OutlierEffect[]): void {
    this.#rates.record(slot, result === 'success');
    if (result === 'success') {
      this.#errors[slot] = 0;
      this.#gatewayErrors[slot] = 0;
      return;
    }
    if (result === 'server-error') this.#gatewayErrors[slot] = 0;
    else {
      this.#gatewayErrors[slot] = this.#gatewayErrors[slot]! + 1;
      if (this.#gatewayErrors[slot] === this.#settings.consecutiveGatewayFailure) {
        this.#gatewayErrors[slot] = 0;
        this.#eject(slot, 'consecutive-gateway-failure', now, out);
      }
    }
    this.#errors[slot] = this.#errors[slot]! + 1;
    if (this.#errors[slot] !== this.#settings.consecutive5xx) return;
    this.#errors[slot] = 0;
    this.#eject(slot, 'consecutive-5xx', now, out);
  }

  #recordLocal(slot: number, failed: boolean, now: Instant, out: OutlierEffect[]): void {
    this.#localRates.record(slot, !failed);
    this.#localFailures[slot] = failed ? this.#localFailures[slot]! + 1 : 0;
    if (this.#localFailures[slot] !== this.#settings.consecutiveLocalFailure) return;
    this.#localFailures[slot] = 0;
    this.#eject(slot, 'consecutive-local-failure', now, out);
  }

  #compareRates(
    rates: SuccessRates,
    rateCause: OutlierCause,
    percentCause: OutlierCause,
    now: Instant,
    out: OutlierEffect[],
  ): void {
    const settings = this.#settings;
    const compared = this.#slotsWith(rates, settings.successRateRequestsMin);
    // Whom the first rule ejects is still among those that the second one looks at.
    const judged = this.#slotsWith(rates, settings.failurePercentageRequestsMin);
    if (compared.length > 0 && compared.length >= settings.successRateHostsMin) {
      const { threshold } = successRateThreshold(
        compared.map((slot) => rates.rateOf(slot)),
        settings.successRateStdevFactor,
      );
      for (const slot of compared) if (rates.rateOf(slot) < threshold) this.#eject(slot, rateCause, now, out);
    }
    if (judged.length < settings.failurePercentageHostsMin) return;
    for (const slot of judged)
      if (100 - rates.rateOf(slot) >= settings.failurePercentage) this.#eject(slot, percentCause, now, out);
  }

  /** Those that are admitted and had enough requests. */
  #slotsWith(rates: SuccessRates, requestsMin: number): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.#slotsMax; slot++) {
      if (this.#isPresent[slot] !== 1 || this.isEjected(slot) || rates.requestsOf(slot) === 0) continue;
      if (rates.requestsOf(slot) >= requestsMin) slots.push(slot);
    }
    return slots;
  }

  #eject(slot: number, cause: OutlierCause, now: Instant, out: OutlierEffect[]): void {
    if (this.isEjected(slot)) return;
    const settings = this.#settings;
    const isFirst = settings.alwaysEjectOne && this.#ejected === 0;
    if (!isFirst && (100 * (this.#ejected + 1)) / this.#size > settings.maxEjectionPercent) {
      out.push({ kind: 'spared', slot, cause, why: 'too-many' });
      return;
    }
    if (this.#random() * 100 >= settings.enforcePercent[cause]) {
      out.push({ kind: 'spared', slot, cause, why: 'not-enforced' });
      return;
    }
    this.#isEjected[slot] = 1;
    this.#ejected += 1;
    this.#ejectedAt[slot] = now;
    this.#jitterMs[slot] = Math.floor(this.#random() * (settings.ejectionJitterMs + 1));
    // Counted no further than it makes a difference, so that it takes no longer than that to be forgotten.
    if (this.#timesInARow[slot]! * settings.baseEjectionMs < settings.maxEjectionMs + settings.baseEjectionMs)
      this.#timesInARow[slot] = this.#timesInARow[slot]! + 1;
    out.push({ kind: 'eject', slot, cause, forMs: this.#ejectionMs(slot) });
  }

  #readmit(slot: number, now: Instant, out: OutlierEffect[]): void {
    this.#isEjected[slot] = 0;
    this.#ejected -= 1;
    this.#readmittedAt[slot] = now;
    this.#forgetFailures(slot);
    out.push({ kind: 'readmit', slot });
  }

  #ejectionMs(slot: number): number {
    return Math.min(this.#settings.baseEjectionMs * this.#timesInARow[slot]!, this.#settings.maxEjectionMs);
  }

  #forgetFailures(slot: number): void {
    this.#errors[slot] = 0;
    this.#gatewayErrors[slot] = 0;
    this.#localFailures[slot] = 0;
  }
}
