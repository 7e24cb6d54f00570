/**
 * The time that goes into ids that must not fall, when the clock does: the last one is held. RFC 9562 section 6.2, "Monotonicity and Counters".
 * A step back beyond `backMaxMs` is taken for a clock that was wrong before, not for one that is now.
 */
import type { WallTime } from '../base/index.ts';

/** The clock has gone back further than is put up with. Ids that were made before may have times that are still to come. */
export class ClockRegressionError extends Error {
  override readonly name = 'ClockRegressionError';
  readonly behindMs: number;
  constructor(behindMs: number) {
    super(
      `the clock is ${behindMs} ms behind the last id; wait for it, or start anew if the clock had been wrong before`,
    );
    this.behindMs = behindMs;
  }
}

export interface HeldTimeOptions {
  /** How far the clock may fall behind the last id, whose time is used meanwhile. Default 10,000. */
  readonly backMaxMs?: number;
  /** Beyond that: go on from the clock's time (ids stay unique by their random part, but fall once), or throw `ClockRegressionError`. Default `refuse`. */
  readonly beyond?: 'restart' | 'refuse';
}

/** 2^48: the first millisecond that ULID and UUIDv7 cannot hold. */
const TIME_END = 2 ** 48;

export class HeldTime {
  readonly #backMaxMs: number;
  readonly #beyond: 'restart' | 'refuse';
  #last = -1;

  constructor(options: HeldTimeOptions) {
    this.#backMaxMs = options.backMaxMs ?? 10_000;
    this.#beyond = options.beyond ?? 'refuse';
    if (!(this.#backMaxMs >= 0)) throw new RangeError(`backMaxMs must not be negative, but is ${this.#backMaxMs}`);
  }

  /** The time of the last id, −1 before the first. */
  get last(): number {
    return this.#last;
  }

  /** True: there is a new time, in `last`. False: it is the last one still. */
  advance(now: WallTime): boolean {
    // Before the first id `last` is a time that there is none.
    if (now === this.#last && now >= 0) return false;
    if (!(now >= 0 && now < TIME_END)) throw new RangeError(`a time must be from 0 to 2^48 − 1 ms, not ${now}`);
    const ms = Math.floor(now);
    if (ms <= this.#last) {
      const behindMs = this.#last - ms;
      if (behindMs <= this.#backMaxMs) return false;
      if (this.#beyond === 'refuse') throw new ClockRegressionError(behindMs);
    }
    this.#last = ms;
    return true;
  }

  /** Takes a millisecond from the future, when the present one is used up. */
  borrow(): void {
    if (this.#last + 1 >= TIME_END) throw new RangeError('there is no millisecond left');
    this.#last += 1;
  }
}
