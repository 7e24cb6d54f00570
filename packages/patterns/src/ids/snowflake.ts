/**
 * Snowflake: 64-bit ids of a time, a worker's number and a sequence. Twitter, "Announcing Snowflake", 2010.
 *
 * Unique as long as no two generators have the same number at the same time: lease the numbers, see `WorkerIdLease`. And as long as no time is used twice:
 * the generator never goes back, and a new one with the number of an old one starts behind what the old one may have used (`notBefore`).
 *
 *   next(now): a SnowflakeId,
 *              or { wait, ms }: the clock is behind, or all of this unit's ids are used up; ask again after ms,
 *              or { refused, … }: the clock is further behind than the policy puts up with, or beyond what is reserved.
 */
import { WallTime } from '../base/index.ts';
import { SnowflakeId } from './snowflake-id.ts';

export interface SnowflakeLayout {
  /** Time 0, in milliseconds since 1970. */
  readonly epochMs: number;
  /** How long a unit of time is. */
  readonly unitMs: number;
  readonly timeBits: number;
  readonly workerBits: number;
  readonly sequenceBits: number;
  /** What comes behind the time first. */
  readonly order: 'worker-sequence' | 'sequence-worker';
}

/** 41 bits of milliseconds since 4 November 2010, 10 of worker, 12 of sequence: 69 years, 1,024 workers, 4,096 ids per millisecond each. */
export const TWITTER_LAYOUT: SnowflakeLayout = {
  epochMs: 1_288_834_974_657,
  unitMs: 1,
  timeBits: 41,
  workerBits: 10,
  sequenceBits: 12,
  order: 'worker-sequence',
};
/** 42 bits since 2015; the worker's ten bits are Discord's worker and process, five each. */
export const DISCORD_LAYOUT: SnowflakeLayout = { ...TWITTER_LAYOUT, epochMs: 1_420_070_400_000, timeBits: 42 };
/** 39 bits of 10 ms since September 2014, 8 of sequence, 16 of machine: 174 years, but 25,600 ids per second. */
export const SONYFLAKE_LAYOUT: SnowflakeLayout = {
  epochMs: 1_409_529_600_000,
  unitMs: 10,
  timeBits: 39,
  workerBits: 16,
  sequenceBits: 8,
  order: 'sequence-worker',
};

/**
 * When the clock is behind the last id, or a unit of time is used up:
 * - `wait`: say how long, up to `maxMs`.
 * - `borrow`: go on, ahead of the clock by up to `maxMs`; then wait.
 * - `refuse`: a clock that has gone back is an error; a unit that is used up is waited out.
 */
export type ClockPolicy =
  | { readonly kind: 'wait'; readonly maxMs: number }
  | { readonly kind: 'borrow'; readonly maxMs: number }
  | { readonly kind: 'refuse' };

export type SnowflakeOutcome =
  | SnowflakeId
  | { readonly kind: 'wait'; readonly ms: number }
  /** `clock`: it is `ms` behind the last id. `reserved`: it is `ms` beyond what may be used. */
  | { readonly kind: 'refused'; readonly why: 'clock' | 'reserved'; readonly ms: number };

export interface SnowflakeOptions {
  readonly worker: number;
  /** Default `TWITTER_LAYOUT`. */
  readonly layout?: SnowflakeLayout;
  /** Default: wait up to 1,000 ms. */
  readonly clock?: ClockPolicy;
  /** No id gets this time or an earlier one: what the number's last holder may have used. */
  readonly notBefore?: WallTime;
  /** No id gets a later time than this, until `reserve` moves it on. */
  readonly notAfter?: WallTime;
}

export class Snowflake {
  readonly worker: number;
  readonly layout: SnowflakeLayout;
  readonly #clock: ClockPolicy;
  readonly #sequenceEnd: number;
  readonly #timeEnd: number;
  /** What a sequence number is multiplied by, and what stands for the worker. */
  readonly #sequenceUnit: number;
  readonly #workerPart: number;
  readonly #tail: number;
  /** The last id's time, in units since the epoch; −1 before the first. */
  #unit = -1;
  #sequence = 0;
  #lastUnit: number;

  constructor(options: SnowflakeOptions) {
    const { worker, layout = TWITTER_LAYOUT, clock = { kind: 'wait', maxMs: 1000 } } = options;
    expectLayout(layout);
    if (!Number.isInteger(worker) || worker < 0 || worker >= 2 ** layout.workerBits)
      throw new RangeError(`worker must be an integer from 0 to ${2 ** layout.workerBits - 1}, not ${worker}`);
    if (clock.kind !== 'refuse' && !(clock.maxMs >= 0))
      throw new RangeError(`maxMs must not be negative, but is ${clock.maxMs}`);
    this.worker = worker;
    this.layout = layout;
    this.#clock = clock;
    this.#sequenceEnd = 2 ** layout.sequenceBits;
    this.#timeEnd = 2 ** layout.timeBits;
    const workerFirst = layout.order === 'worker-sequence';
    this.#sequenceUnit = workerFirst ? 1 : 2 ** layout.workerBits;
    this.#workerPart = workerFirst ? worker * 2 ** layout.sequenceBits : worker;
    this.#tail = 2 ** (layout.workerBits + layout.sequenceBits);
    this.#lastUnit = this.#timeEnd - 1;
    if (options.notAfter !== undefined) this.reserve(options.notAfter);
    if (options.notBefore !== undefined) {
      expectTime('notBefore', options.notBefore);
      this.#unit = Math.max(-1, this.#unitOf(options.notBefore));
      this.#sequence = this.#sequenceEnd - 1;
    }
  }

  /** The end of the last id's unit of time: what a successor takes as `notBefore`. Undefined before the first. */
  get usedUntil(): WallTime | undefined {
    const { epochMs, unitMs } = this.layout;
    return this.#unit < 0 ? undefined : WallTime.of(epochMs + (this.#unit + 1) * unitMs - 1);
  }

  /** Ids may have times up to this one from now on. `RangeError` when it is no number: that would be no limit. */
  reserve(notAfter: WallTime): void {
    expectTime('notAfter', notAfter);
    this.#lastUnit = Math.min(this.#timeEnd - 1, this.#unitOf(notAfter));
  }

  /** The next id, greater than all before, or why there is none now. Throws `RangeError` when the time does not fit the layout. O(1). */
  next(now: WallTime): SnowflakeOutcome {
    const unit = this.#unitOf(now);
    if (!(unit >= 0 && unit < this.#timeEnd))
      throw new RangeError(`${now} ms lies outside the ${this.layout.timeBits} bits of time since the epoch`);
    if (unit > this.#unit) return this.#issue(unit, 0);
    const borrowed = this.#unit - unit;
    const clock = this.#clock;
    // Within the unit of the last id there is nothing to wait for or to borrow.
    if (borrowed === 0 || (clock.kind === 'borrow' && borrowed * this.layout.unitMs <= clock.maxMs)) {
      if (this.#sequence + 1 < this.#sequenceEnd) return this.#issue(this.#unit, this.#sequence + 1);
      if (
        clock.kind === 'borrow' &&
        (borrowed + 1) * this.layout.unitMs <= clock.maxMs &&
        this.#unit + 1 < this.#timeEnd
      )
        return this.#issue(this.#unit + 1, 0);
      return { kind: 'wait', ms: this.#untilUnit(this.#unit + 1, now) };
    }
    const behindMs = this.#untilUnit(this.#unit, now);
    if (clock.kind === 'refuse' || behindMs > clock.maxMs) return { kind: 'refused', why: 'clock', ms: behindMs };
    return { kind: 'wait', ms: behindMs };
  }

  #issue(unit: number, sequence: number): SnowflakeOutcome {
    if (unit > this.#lastUnit)
      return { kind: 'refused', why: 'reserved', ms: (unit - this.#lastUnit) * this.layout.unitMs };
    this.#unit = unit;
    this.#sequence = sequence;
    const tail = this.#workerPart + sequence * this.#sequenceUnit;
    // unit · 2^tailBits + tail, divided at 32 bits.
    const perHigh = 0x1_0000_0000 / this.#tail;
    const high = Math.floor(unit / perHigh);
    return new SnowflakeId(high, (unit - high * perHigh) * this.#tail + tail);
  }

  #unitOf(time: WallTime): number {
    return Math.floor((time - this.layout.epochMs) / this.layout.unitMs);
  }

  #untilUnit(unit: number, now: WallTime): number {
    return this.layout.epochMs + unit * this.layout.unitMs - now;
  }
}

export interface SnowflakeParts {
  /** The beginning of the unit of time. */
  readonly time: WallTime;
  readonly worker: number;
  readonly sequence: number;
}

/** What an id of this layout is made of. */
export function snowflakeParts(id: SnowflakeId, layout: SnowflakeLayout = TWITTER_LAYOUT): SnowflakeParts {
  const tailSize = 2 ** (layout.workerBits + layout.sequenceBits);
  const tail = id.low % tailSize;
  const unit = id.high * (0x1_0000_0000 / tailSize) + Math.floor(id.low / tailSize);
  const lastSize = 2 ** (layout.order === 'worker-sequence' ? layout.sequenceBits : layout.workerBits);
  const [first, last] = [Math.floor(tail / lastSize), tail % lastSize];
  const [worker, sequence] = layout.order === 'worker-sequence' ? [first, last] : [last, first];
  return { time: WallTime.of(layout.epochMs + unit * layout.unitMs), worker, sequence };
}

function expectTime(name: string, time: WallTime): void {
  if (Number.isNaN(time)) throw new RangeError(`${name} must be a time in milliseconds, not ${time}`);
}

function expectLayout(layout: SnowflakeLayout): void {
  const { timeBits, workerBits, sequenceBits, unitMs } = layout;
  for (const [name, bits] of Object.entries({ timeBits, workerBits, sequenceBits }))
    if (!Number.isInteger(bits) || bits < 1) throw new RangeError(`${name} must be a positive integer, not ${bits}`);
  if (workerBits + sequenceBits > 32)
    throw new RangeError(`worker and sequence take at most 32 bits, not ${workerBits + sequenceBits}`);
  if (timeBits > 45 || timeBits + workerBits + sequenceBits > 64)
    throw new RangeError(
      `time takes at most 45 bits and an id 64, not ${timeBits} and ${timeBits + workerBits + sequenceBits}`,
    );
  if (!(unitMs >= 1)) throw new RangeError(`unitMs must be at least 1, not ${unitMs}`);
}
