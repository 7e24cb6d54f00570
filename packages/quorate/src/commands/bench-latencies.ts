/** Each power of two is cut into so many steps: what is read back is less than 1% above what was noted. */
const STEPS = 128;
const STEP_BITS = 7;
const POWERS = 32;

export interface LatencySummary {
  readonly count: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Durations, counted by size in microseconds: constant memory, whatever the number of them, and a constant relative error, as in Tene's HDR
 * histogram. Longer than 4,294 s counts as that.
 */
export class Latencies {
  readonly #counts = new Float64Array(STEPS * (POWERS - STEP_BITS + 1));
  #count = 0;
  #maxMs = 0;

  note(ms: number): void {
    const micros = Math.min(2 ** POWERS - 1, Math.max(0, Math.round(ms * 1000)));
    this.#counts[bucketOf(micros)]! += 1;
    this.#count += 1;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** The least duration, in milliseconds, that at least this share of them did not exceed; 0 when there is none. */
  quantileMs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.#count));
    let below = 0;
    for (let bucket = 0; bucket < this.#counts.length; bucket++) {
      below += this.#counts[bucket]!;
      if (below >= rank) return Math.min(this.#maxMs, upperMicros(bucket) / 1000);
    }
    return 0;
  }

  get summary(): LatencySummary {
    const at = (share: number): number => round(this.quantileMs(share));
    return { count: this.#count, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: round(this.#maxMs) };
  }
}

/** Up to 255 µs each has a bucket of its own; from there on `STEPS` to a power of two. */
function bucketOf(micros: number): number {
  const shift = Math.max(0, 31 - Math.clz32(micros) - STEP_BITS);
  return shift * STEPS + (micros >>> shift);
}

/** The largest that falls into it. */
function upperMicros(bucket: number): number {
  const shift = Math.max(0, Math.floor(bucket / STEPS) - 1);
  return (bucket - shift * STEPS + 1) * 2 ** shift - 1;
}

const round = (ms: number): number => Math.round(ms * 1000) / 1000;
