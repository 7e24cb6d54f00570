/**
 * Hybrid logical clock: timestamps that respect cause and effect as Lamport's do, and stay close to wall time.
 *
 * Kulkarni, Demirbas, Madappa, Avva, Leone, "Logical Physical Clocks", OPODIS 2014, figure 5. With l the greatest wall time seen and c a
 * counter among events of equal l:
 *
 *     local or send    l' = max(l, pt)           c' = l' = l ? c + 1 : 0
 *     receive (m)      l' = max(l, m.l, pt)      c' = one above the counters of those of l, m that equal l', else 0
 *
 * Beyond the paper, what running systems had to add (CockroachDB's `hlc`):
 * - A remote time more than `maxOffsetMs` ahead of the wall clock here is refused: one bad clock must not drag all others along.
 * - A wall clock that jumps back does not matter: l stands still and c counts, until the wall has caught up. It is counted.
 * - A counter that is full (65,536 events at one l) moves l on by a millisecond; order is kept.
 * - After a restart, timestamps must be above all that were given out before, even if the wall clock was set back meanwhile. Nothing
 *   above a bound that is on disk is given out (`persist`), and a restart begins at the bound. Without a bound, wait `maxOffsetMs` before the first.
 *
 * Pure: the wall clock's time is an argument. No allocation but the timestamp. O(1).
 */
import { assert } from '../base/index.ts';
import {
  compareHybrid,
  expectHybrid,
  type HybridTimestamp,
  hybridTimestamp,
  LOGICAL_MAX,
  WALL_MS_MAX,
} from './hybrid-timestamp.ts';

export interface HybridClockOptions {
  /** The same in a whole cluster. Default 500. */
  readonly maxOffsetMs?: number;
  /** Say to keep an upper bound on disk: how far ahead it is set, so one write serves at least half as long. An integer, at most `maxOffsetMs`. */
  readonly reserveMs?: number;
  /** What was on disk at the start: the last bound reported as persisted, 0 for none. */
  readonly persistedBoundMs?: number;
}

export interface HybridRefusal {
  readonly kind: 'refused';
  /**
   * `ahead`: the remote time is too far ahead; distrust the sender, or this clock.
   * `unpersisted`: no durable bound allows a timestamp yet; persist `wantedBoundMs`, report it, and ask again.
   * `exhausted`: wall time beyond 48 bits: the wall clock is broken.
   */
  readonly why: 'ahead' | 'unpersisted' | 'exhausted';
  /** For `ahead`: by how much, in milliseconds. Else 0. */
  readonly aheadMs: number;
}

const UNPERSISTED: HybridRefusal = { kind: 'refused', why: 'unpersisted', aheadMs: 0 };
const EXHAUSTED: HybridRefusal = { kind: 'refused', why: 'exhausted', aheadMs: 0 };

export class HybridClock {
  readonly #maxOffsetMs: number;
  readonly #reserveMs: number;
  #wallMs: number;
  #logical: number;
  /** Invariant: #wallMs <= #boundMs. Infinity when no bound is kept. */
  #boundMs: number;
  /** Not a number before the first reading: nothing is before that or beyond it. */
  #lastPhysicalMs: number = Number.NaN;
  #backwardJumps = 0;

  constructor(options: HybridClockOptions = {}) {
    const { maxOffsetMs = 500, reserveMs = 0, persistedBoundMs = 0 } = options;
    assert(Number.isFinite(maxOffsetMs) && maxOffsetMs > 0, 'maxOffsetMs must be above 0');
    // What is on disk must be a timestamp's wall time again.
    assert(
      Number.isInteger(reserveMs) && reserveMs >= 0 && reserveMs <= maxOffsetMs,
      'reserveMs must be an integer from 0 to maxOffsetMs',
    );
    this.#maxOffsetMs = maxOffsetMs;
    this.#reserveMs = reserveMs;
    // All that was given out before is at most (persistedBoundMs, LOGICAL_MAX): the first event now comes after it.
    const restarted = persistedBoundMs > 0;
    this.#wallMs = hybridTimestamp(persistedBoundMs).wallMs;
    this.#logical = restarted ? LOGICAL_MAX : 0;
    this.#boundMs = reserveMs > 0 ? persistedBoundMs : Number.POSITIVE_INFINITY;
  }

  /** The last timestamp given out or taken in. */
  get last(): HybridTimestamp {
    return { kind: 'timestamp', wallMs: this.#wallMs, logical: this.#logical };
  }

  /** How often the wall clock was seen to go back: for alarms. */
  get backwardJumps(): number {
    return this.#backwardJumps;
  }

  /** How far this clock is ahead of the wall clock: after a backward jump, or because of remote times. */
  aheadMs(physicalMs: number): number {
    return Math.max(0, this.#wallMs - Math.floor(physicalMs));
  }

  /** The timestamp of an event here, such as sending a message: above every earlier one. `physicalMs` is the wall clock's time. */
  tick(physicalMs: number): HybridTimestamp | HybridRefusal {
    const physical = this.#observe(physicalMs);
    if (physical > this.#wallMs) return this.#advance(physical, 0);
    return this.#advance(this.#wallMs, this.#logical + 1);
  }

  /**
   * The timestamp of receiving a message that was sent at `remote`: above that and every earlier one here. When refused, nothing changes.
   * Throws for a `remote` that is no timestamp: one part that is not a number would stay in this clock for ever.
   */
  receive(remote: HybridTimestamp, physicalMs: number): HybridTimestamp | HybridRefusal {
    expectHybrid(remote.wallMs, remote.logical);
    const physical = this.#observe(physicalMs);
    const aheadMs = remote.wallMs - physical;
    if (aheadMs > this.#maxOffsetMs) return { kind: 'refused', why: 'ahead', aheadMs };
    if (physical > this.#wallMs && physical > remote.wallMs) return this.#advance(physical, 0);
    if (remote.wallMs > this.#wallMs) return this.#advance(remote.wallMs, remote.logical + 1);
    const logical = remote.wallMs === this.#wallMs ? Math.max(this.#logical, remote.logical) : this.#logical;
    return this.#advance(this.#wallMs, logical + 1);
  }

  /** Whether `physicalMs` is so far beyond the last reading, `sinceMs` of monotonic time ago, that the wall clock must have jumped. */
  jumpedForward(physicalMs: number, sinceMs: number): boolean {
    return physicalMs - this.#lastPhysicalMs - sinceMs >= this.#maxOffsetMs / 2;
  }

  /** The bound to make durable now, then report by `persisted`; undefined while the one there is far enough ahead, or none is kept. */
  wantedBoundMs(physicalMs: number): number | undefined {
    const nowMs = Math.max(this.#wallMs + (this.#logical === LOGICAL_MAX ? 1 : 0), Math.floor(physicalMs));
    if (this.#boundMs - nowMs > this.#reserveMs / 2) return undefined;
    return Math.min(nowMs + this.#reserveMs, WALL_MS_MAX);
  }

  /** `boundMs` is durable. */
  persisted(boundMs: number): void {
    if (boundMs > this.#boundMs) this.#boundMs = boundMs;
  }

  #observe(physicalMs: number): number {
    const physical = Math.floor(physicalMs);
    assert(physical >= 0, 'the wall clock must give milliseconds since the epoch');
    if (physical < this.#lastPhysicalMs) this.#backwardJumps += 1;
    this.#lastPhysicalMs = physical;
    return physical;
  }

  #advance(wallMs: number, logical: number): HybridTimestamp | HybridRefusal {
    const full = logical > LOGICAL_MAX;
    const nextMs = full ? wallMs + 1 : wallMs;
    if (nextMs > WALL_MS_MAX) return EXHAUSTED;
    if (nextMs > this.#boundMs) return UNPERSISTED;
    this.#wallMs = nextMs;
    this.#logical = full ? 0 : logical;
    return { kind: 'timestamp', wallMs: this.#wallMs, logical: this.#logical };
  }
}

/** A hybrid timestamp and the node that gave it: unique, and so a total order. What a last-writer-wins register needs. */
export interface NodeTimestamp {
  readonly at: HybridTimestamp;
  readonly node: string;
}

/** Negative when `a` is earlier; node names break ties (UTF-16 units). */
export function compareNodeTimestamps(a: NodeTimestamp, b: NodeTimestamp): number {
  const order = compareHybrid(a.at, b.at);
  return order !== 0 ? order : a.node < b.node ? -1 : a.node > b.node ? 1 : 0;
}
