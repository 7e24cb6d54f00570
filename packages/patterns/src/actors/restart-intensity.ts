/**
 * How many restarts are too many: more than `restartsMax` within `withinMs`, a restart of exactly `withinMs` ago included (Erlang/OTP, `supervisor`,
 * Maximum Restart Intensity). O(restarts that fall out), and at most `restartsMax` + 1 times are kept.
 */
import { assert, type Instant } from '../base/index.ts';
import { Deque } from './deque.ts';

export interface RestartIntensityOptions {
  /** 0 permits none. Default 1. */
  readonly restartsMax?: number;
  /** Default 5,000. */
  readonly withinMs?: number;
}

export class RestartIntensity {
  readonly #restartsMax: number;
  readonly #withinMs: number;
  readonly #times: Deque<Instant> = new Deque();

  constructor(options: RestartIntensityOptions = {}) {
    this.#restartsMax = options.restartsMax ?? 1;
    this.#withinMs = options.withinMs ?? 5_000;
    assert(this.#restartsMax >= 0, `restartsMax must be >= 0, not ${options.restartsMax}`);
    assert(this.#withinMs > 0, `withinMs must be > 0, not ${options.withinMs}`);
  }

  /** One more restart. False when it is one too many. */
  add(now: Instant): boolean {
    while (this.#times.first !== undefined && this.#times.first < now - this.#withinMs) this.#times.shift();
    if (this.#times.size > this.#restartsMax) this.#times.shift();
    this.#times.push(now);
    return this.#times.size <= this.#restartsMax;
  }
}
