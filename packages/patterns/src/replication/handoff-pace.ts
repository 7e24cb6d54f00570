/**
 * How fast to give hints back to one target: faster while it answers in time, half as fast as soon as it does not. Additive increase, multiplicative decrease, with
 * a doubling start (Chiu and Jain, 1989; Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988), on bytes per second.
 *
 * A constant is wrong in both directions: by Cassandra's own arithmetic ten minutes of hints at 100 Mbit/s take two hours to replay at its default of 1 MiB/s, while a target
 * that has just come up, with many nodes replaying to it at once, may be able to take less than that.
 *
 * Pure: no clock. O(1).
 */
import { assert, Instant } from '../base/index.ts';

export interface HandoffPaceOptions {
  /** Default 1 MiB/s. */
  readonly startBytesPerSecond?: number;
  /** It is never slower, so that the end can be foreseen. Default 64 KiB/s. */
  readonly minBytesPerSecond?: number;
  /** Default 1 GiB/s. */
  readonly maxBytesPerSecond?: number;
  /** What a steady target's rate grows by in each window. Default 1 MiB/s. */
  readonly stepBytesPerSecond?: number;
  /** A hint that takes longer says that the target has too much to do. Default 100. */
  readonly slowMs?: number;
  /** At most one step up or down in this time. Default 250. */
  readonly windowMs?: number;
}

const MIB = 1024 * 1024;

export class HandoffPace {
  readonly #min: number;
  readonly #max: number;
  readonly #step: number;
  readonly #slowMs: number;
  readonly #windowMs: number;
  #rate: number;
  /** Below it the rate doubles, above it grows by steps: half of where the target last became slow. */
  #threshold = Number.POSITIVE_INFINITY;
  #windowEndsAt: Instant | undefined;
  #hadGood = false;
  #hadBad = false;
  #wasBad = false;
  #nextAt: Instant = Instant.of(Number.NEGATIVE_INFINITY);

  constructor(options: HandoffPaceOptions = {}) {
    this.#min = options.minBytesPerSecond ?? MIB / 16;
    this.#max = options.maxBytesPerSecond ?? 1024 * MIB;
    this.#step = options.stepBytesPerSecond ?? MIB;
    this.#slowMs = options.slowMs ?? 100;
    this.#windowMs = options.windowMs ?? 250;
    this.#rate = options.startBytesPerSecond ?? MIB;
    assert(
      this.#min > 0 && this.#min <= this.#rate && this.#rate <= this.#max,
      'min, start and max must ascend from above 0',
    );
    assert(this.#step > 0 && this.#slowMs > 0 && this.#windowMs > 0, 'step, slowMs and windowMs must be above 0');
  }

  get bytesPerSecond(): number {
    return this.#rate;
  }

  /** When the next hint may go. */
  get nextAt(): Instant {
    return this.#nextAt;
  }

  sent(sizeBytes: number, now: Instant): void {
    this.#windowEndsAt ??= Instant.add(now, this.#windowMs);
    this.#nextAt = Instant.add(Instant.of(Math.max(now, this.#nextAt)), (sizeBytes / this.#rate) * 1000);
  }

  /** The target took a hint. */
  took(tookMs: number, now: Instant): void {
    this.#endWindow(now);
    if (tookMs > this.#slowMs) this.#slower();
    else this.#hadGood = true;
  }

  /** It refused, failed, or did not answer in time. */
  failed(now: Instant): void {
    this.#endWindow(now);
    this.#slower();
  }

  /** A target that comes back is another: nothing is known of it. */
  restart(): void {
    this.#threshold = Number.POSITIVE_INFINITY;
    this.#windowEndsAt = undefined;
    this.#hadGood = false;
    this.#hadBad = false;
    this.#wasBad = false;
  }

  #slower(): void {
    if (this.#hadBad) return;
    this.#hadBad = true;
    // Where trouble began counts, not how far down it went: or a target that recovers waits as long again.
    if (!this.#wasBad) this.#threshold = this.#rate / 2;
    this.#rate = Math.max(this.#min, this.#rate / 2);
  }

  #endWindow(now: Instant): void {
    if (this.#windowEndsAt === undefined || now < this.#windowEndsAt) return;
    if (this.#hadGood && !this.#hadBad)
      this.#rate = Math.min(this.#max, this.#rate < this.#threshold ? this.#rate * 2 : this.#rate + this.#step);
    this.#wasBad = this.#hadBad;
    this.#hadGood = false;
    this.#hadBad = false;
    this.#windowEndsAt = Instant.add(now, this.#windowMs);
  }
}
