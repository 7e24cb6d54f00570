/**
 * How stale a read of a partial quorum (R + W ≤ N) is likely to be. Bailis et al., "Probabilistically Bounded Staleness for Practical Partial
 * Quorums", VLDB 2012: closed forms (section 3) and the WARS model of messages (section 4), here run as a Monte Carlo simulation.
 *
 * The closed forms know nothing of time: they hold for copies that are never repaired, and bound what real ones do from below. The simulation takes
 * the four delays of an operation from the caller. It assumes, as the paper does, that reads and writes go to all N copies and that nothing else
 * (read repair, anti-entropy) helps.
 */

/** Delays in milliseconds. One copy's: of a write to it, its acknowledgement, a read to it, and the response. */
export interface StalenessDelays {
  readonly write: () => number;
  readonly acknowledge: () => number;
  readonly read: () => number;
  readonly respond: () => number;
}

export interface StalenessOptions {
  readonly copies: number;
  readonly read: number;
  readonly write: number;
  /** Sampled anew for each copy and each operation: where chance comes in. */
  readonly delays: StalenessDelays;
  readonly rounds: number;
}

/**
 * The probability that a read asks none of the W copies that acknowledged the latest write: C(N − W, R) / C(N, R). 0 when R + W > N. Section 3.1.
 * O(R).
 */
export function missProbability(copies: number, read: number, write: number): number {
  check(copies, read, write);
  let probability = 1;
  for (let i = 0; i < read; i++) probability *= Math.max(0, copies - write - i) / (copies - i);
  return probability;
}

/** The probability that a read returns one of the latest `versions` versions: 1 − miss^k. Section 3.1. */
export function kFreshness(copies: number, read: number, write: number, versions: number): number {
  if (!(versions >= 1)) throw new RangeError(`versions must be a number from 1 on, got ${versions}`);
  return 1 - missProbability(copies, read, write) ** versions;
}

/**
 * The probability that a client's read is not older than its last one, when it reads `readsPerSecond` times and all together write
 * `writesPerSecond` times: 1 − miss^(1 + writes / reads). Section 3.2.
 */
export function monotonicReads(
  copies: number,
  read: number,
  write: number,
  writesPerSecond: number,
  readsPerSecond: number,
): number {
  if (!(writesPerSecond >= 0 && readsPerSecond > 0))
    throw new RangeError(`there must be reads, and no negative writes, got ${readsPerSecond} and ${writesPerSecond}`);
  return 1 - missProbability(copies, read, write) ** (1 + writesPerSecond / readsPerSecond);
}

/**
 * The probability that a read t milliseconds after an acknowledgement returns that write or a later one, when `reached[c]` is the probability that by
 * then at least c copies have it, for c from 0 to N (1 up to W). Section 3.4, equation 4. O(N · R).
 */
export function tFreshness(copies: number, read: number, write: number, reached: readonly number[]): number {
  if (reached.length !== copies + 1)
    throw new RangeError(
      `reached must have ${copies + 1} probabilities, for 0 to ${copies} copies, got ${reached.length}`,
    );
  let missed = 0;
  // Nobody misses what all copies have.
  for (let has = write; has < copies; has++)
    missed += (reached[has]! - reached[has + 1]!) * missProbability(copies, read, has);
  return 1 - missed;
}

/** What a simulation found. All times in milliseconds. */
export class Staleness {
  /** Per round: from when on, after the acknowledgement, a read that begins then sees the write. Ascending; 0 when at once. */
  readonly #visibleAfter: Float64Array;
  readonly #readLatency: Float64Array;
  readonly #writeLatency: Float64Array;

  /** Takes its arguments over and sorts them. */
  constructor(visibleAfterMs: Float64Array, readLatencyMs: Float64Array, writeLatencyMs: Float64Array) {
    this.#visibleAfter = visibleAfterMs.sort();
    this.#readLatency = readLatencyMs.sort();
    this.#writeLatency = writeLatencyMs.sort();
  }

  /** The part of reads begun `ms` after an acknowledgement that see the write. O(log rounds). */
  freshAfter(ms: number): number {
    let low = 0;
    let high = this.#visibleAfter.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#visibleAfter[middle]! <= ms) low = middle + 1;
      else high = middle;
    }
    return low / this.#visibleAfter.length;
  }

  /** How long after an acknowledgement a read sees the write with this probability. */
  visibilityMs(probability: number): number {
    return quantile(this.#visibleAfter, probability);
  }

  readLatencyMs(probability: number): number {
    return quantile(this.#readLatency, probability);
  }

  writeLatencyMs(probability: number): number {
    return quantile(this.#writeLatency, probability);
  }
}

function quantile(ascending: Float64Array, probability: number): number {
  return ascending[Math.max(0, Math.ceil(probability * ascending.length) - 1)]!;
}

/**
 * Runs the WARS model: a write is acknowledged when W copies have answered it; a read begun t later returns when R copies have answered, and is stale
 * if its request came to each of these before the write did. Section 4.1. O(rounds · N · log N); memory O(rounds).
 */
export function simulateStaleness(options: StalenessOptions): Staleness {
  const { copies, read, write, delays, rounds } = options;
  check(copies, read, write);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new RangeError(`rounds must be a whole number from 1 on, got ${rounds}`);
  const visibleAfter = new Float64Array(rounds);
  const readLatency = new Float64Array(rounds);
  const writeLatency = new Float64Array(rounds);
  const arrived = new Float64Array(copies);
  const acknowledged = new Float64Array(copies);
  const asked = new Float64Array(copies);
  const answered = new Float64Array(copies);
  const order = Array.from({ length: copies }, (_, copy) => copy);
  for (let round = 0; round < rounds; round++) {
    for (let copy = 0; copy < copies; copy++) {
      arrived[copy] = delays.write();
      acknowledged[copy] = arrived[copy]! + delays.acknowledge();
      asked[copy] = delays.read();
      answered[copy] = asked[copy]! + delays.respond();
    }
    const done = acknowledged.sort()[write - 1]!;
    order.sort((a, b) => answered[a]! - answered[b]!);
    // Fresh as soon as one of the first R copies is asked after the write arrived there: done + t + asked ≥ arrived.
    let needed = Number.POSITIVE_INFINITY;
    for (let i = 0; i < read; i++) needed = Math.min(needed, arrived[order[i]!]! - asked[order[i]!]! - done);
    visibleAfter[round] = Math.max(0, needed);
    readLatency[round] = answered[order[read - 1]!]!;
    writeLatency[round] = done;
  }
  return new Staleness(visibleAfter, readLatency, writeLatency);
}

function check(copies: number, read: number, write: number): void {
  for (const [name, size] of Object.entries({ read, write }))
    if (!Number.isInteger(size) || size < 1 || size > copies)
      throw new RangeError(`${name} must be a whole number from 1 to the number of copies (${copies}), got ${size}`);
}
