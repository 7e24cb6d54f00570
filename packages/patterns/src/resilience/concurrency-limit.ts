/**
 * How many calls may run at once, found out from how long they take: by Little's law a service that is full answers no more, only later.
 * Three rules, as in Netflix's concurrency-limits (2018). Fed with one sample for each window of calls, not with each call.
 *
 * Pure. O(1).
 */
import { assert } from '../base/index.ts';

export interface LimitSample {
  /** Mean round trip in the window. */
  readonly rttMs: number;
  /** Most calls that ran at once in it. */
  readonly inFlight: number;
  /** Whether one was refused or timed out. */
  readonly dropped: boolean;
}

export interface ConcurrencyLimit {
  /** Calls that may run at once: an integer >= 1. */
  readonly limit: number;
  update(sample: LimitSample): void;
}

export interface LimitRange {
  readonly initial?: number;
  readonly min?: number;
  readonly max?: number;
}

export interface GradientLimitOptions extends LimitRange {
  /** How much of each new estimate is taken over, in (0, 1]. Default 0.2. */
  readonly smoothing?: number;
  /** Queue that is allowed for: what the limit grows by while nothing gets slower. Default 4. */
  readonly queue?: number;
  /** Samples that make up what is usual. Default 600. */
  readonly longWindow?: number;
  /** How much slower than usual is no reason to shrink. Default 1.5. */
  readonly tolerance?: number;
}

/**
 * Shrinks as calls take longer than they usually do (`Gradient2Limit`):
 *
 *     gradient = usual · tolerance / now, within [0.5, 1]
 *     limit    = (1 − smoothing) · limit + smoothing · (gradient · limit + queue)
 */
export class GradientLimit implements ConcurrencyLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #smoothing: number;
  readonly #queue: number;
  readonly #tolerance: number;
  readonly #usual: ExponentialAverage;
  #estimate: number;

  constructor(options: GradientLimitOptions = {}) {
    const { initial = 20, min = 20, max = 200, smoothing = 0.2 } = options;
    checkRange(initial, min, max);
    assert(smoothing > 0 && smoothing <= 1, `smoothing must be in (0, 1], not ${smoothing}`);
    this.#estimate = initial;
    this.#min = min;
    this.#max = max;
    this.#smoothing = smoothing;
    this.#queue = options.queue ?? 4;
    this.#tolerance = options.tolerance ?? 1.5;
    assert(this.#queue >= 0, `queue must be >= 0, not ${options.queue}`);
    assert((options.longWindow ?? 1) >= 1, `longWindow must be >= 1, not ${options.longWindow}`);
    assert(this.#tolerance >= 1, `tolerance must be >= 1, not ${options.tolerance}`);
    this.#usual = new ExponentialAverage(options.longWindow ?? 600, 10);
  }

  get limit(): number {
    return Math.floor(this.#estimate);
  }

  update({ rttMs, inFlight }: LimitSample): void {
    const usualMs = this.#usual.add(rttMs);
    // Back to normal after a long time of overload: what was usual then must not be believed much longer.
    if (usualMs > 2 * rttMs) this.#usual.scale(0.95);
    // With so few calls nothing is learnt about how many would be too many.
    if (inFlight < this.#estimate / 2) return;
    // Where the clock is too coarse to see how long a call took, it took no longer than usual.
    const gradient = rttMs > 0 ? Math.max(0.5, Math.min(1, (this.#tolerance * usualMs) / rttMs)) : 1;
    const next = this.#estimate * gradient + this.#queue;
    this.#estimate = clamp(this.#estimate * (1 - this.#smoothing) + next * this.#smoothing, this.#min, this.#max);
  }
}

export interface VegasLimitOptions extends LimitRange {
  /** Queue, in calls, below which the limit grows and above which it shrinks. Default 3 and 6 times log10 of the limit. */
  readonly alpha?: number;
  readonly beta?: number;
  /** After how many samples, times the limit, the shortest round trip is forgotten. Default 30. */
  readonly probeMultiplier?: number;
}

/**
 * Keeps the queue that it estimates from the shortest round trip ever seen within bounds (Brakmo, O'Malley, Peterson, "TCP Vegas", SIGCOMM
 * 1994; `VegasLimit`): queue = limit · (1 − shortest / now). For services with even latencies.
 */
export class VegasLimit implements ConcurrencyLimit {
  readonly #options: VegasLimitOptions;
  readonly #min: number;
  readonly #max: number;
  readonly #probeMultiplier: number;
  #estimate: number;
  #shortestMs = 0;
  #samples = 0;

  constructor(options: VegasLimitOptions = {}) {
    const { initial = 20, min = 1, max = 1000 } = options;
    checkRange(initial, min, max);
    this.#options = options;
    this.#estimate = initial;
    this.#min = min;
    this.#max = max;
    this.#probeMultiplier = options.probeMultiplier ?? 30;
    assert(this.#probeMultiplier > 0, `probeMultiplier must be > 0, not ${options.probeMultiplier}`);
  }

  get limit(): number {
    return Math.floor(this.#estimate);
  }

  update({ rttMs, inFlight, dropped }: LimitSample): void {
    this.#samples += 1;
    if (this.#samples > this.#probeMultiplier * this.#estimate) {
      this.#samples = 0;
      this.#shortestMs = 0;
    }
    if (this.#shortestMs === 0 || rttMs < this.#shortestMs) {
      this.#shortestMs = rttMs;
      return;
    }
    const step = Math.max(1, Math.log10(this.#estimate));
    const queue = Math.ceil(this.#estimate * (1 - this.#shortestMs / rttMs));
    const beta = this.#options.beta ?? 6 * step;
    if (dropped) this.#set(this.#estimate - step);
    else if (inFlight * 2 < this.#estimate) return;
    else if (queue <= step) this.#set(this.#estimate + beta);
    else if (queue < (this.#options.alpha ?? 3 * step)) this.#set(this.#estimate + step);
    else if (queue > beta) this.#set(this.#estimate - step);
  }

  #set(estimate: number): void {
    this.#estimate = clamp(estimate, this.#min, this.#max);
  }
}

export interface AimdLimitOptions extends LimitRange {
  /** What remains after a drop, in [0.5, 1). Default 0.9. */
  readonly keep?: number;
  /** Round trips longer than this are drops. Default 5,000. */
  readonly timeoutMs?: number;
}

/** One more while all is well and the limit is used, a tenth fewer after a drop (Chiu and Jain, 1989). Needs drops to learn anything. */
export class AimdLimit implements ConcurrencyLimit {
  readonly #min: number;
  readonly #max: number;
  readonly #keep: number;
  readonly #timeoutMs: number;
  #limit: number;

  constructor(options: AimdLimitOptions = {}) {
    const { initial = 20, min = 20, max = 200, keep = 0.9, timeoutMs = 5_000 } = options;
    checkRange(initial, min, max);
    assert(keep >= 0.5 && keep < 1, `keep must be in [0.5, 1), not ${keep}`);
    assert(timeoutMs > 0, `timeoutMs must be > 0, not ${timeoutMs}`);
    this.#limit = initial;
    this.#min = min;
    this.#max = max;
    this.#keep = keep;
    this.#timeoutMs = timeoutMs;
  }

  get limit(): number {
    return this.#limit;
  }

  update({ rttMs, inFlight, dropped }: LimitSample): void {
    let limit = this.#limit;
    if (dropped || rttMs > this.#timeoutMs) limit = Math.floor(limit * this.#keep);
    else if (inFlight * 2 >= limit) limit += 1;
    this.#limit = clamp(limit, this.#min, this.#max);
  }
}

/** The mean of the first `warmup` samples, from then on exponentially weighted as by a window of so many samples. */
export class ExponentialAverage {
  readonly #warmup: number;
  readonly #factor: number;
  #count = 0;
  #sum = 0;
  #value = 0;

  constructor(window: number, warmup: number) {
    this.#factor = 2 / (window + 1);
    this.#warmup = warmup;
  }

  get value(): number {
    return this.#value;
  }

  add(sample: number): number {
    if (this.#count < this.#warmup) {
      this.#count += 1;
      this.#sum += sample;
      this.#value = this.#sum / this.#count;
    } else this.#value = this.#value * (1 - this.#factor) + sample * this.#factor;
    return this.#value;
  }

  scale(by: number): void {
    this.#value *= by;
    this.#sum *= by;
  }
}

function checkRange(initial: number, min: number, max: number): void {
  assert(min >= 1, `min must be >= 1, not ${min}`);
  assert(max >= initial && initial >= min, `initial must be between min and max: ${min}, ${initial}, ${max}`);
}

function clamp(value: number, min: number, max: number): number {
  return Math.max(min, Math.min(max, value));
}
