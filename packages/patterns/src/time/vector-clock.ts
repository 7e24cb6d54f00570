/**
 * Vector clock (and version vector: the same value, advanced by writes instead of by all events). One counter per actor; exact about causality:
 * a happened before b if and only if a < b, and neither if they were concurrent.
 *
 * Fidge, "Timestamps in Message-Passing Systems That Preserve the Partial Ordering", 1988; Mattern, "Virtual Time and Global States of
 * Distributed Systems", 1989. Parker et al., "Detection of Mutual Inconsistency in Distributed Systems", 1983 (version vectors).
 * Pruning: DeCandia et al., "Dynamo", SOSP 2007, section 4.4, in the form of Riak's four limits.
 *
 * Immutable. Actors are kept sorted, so that merge and compare are one pass over two arrays, without a hash table. A counter
 * of 0 is never stored: an absent actor is an actor at 0.
 */
import { assert, type ByteReader, type ByteWriter, expectWellFormed } from '../base/index.ts';
import { placeOf, withInserted, withReplaced } from './sorted-names.ts';

export type CausalOrder = 'before' | 'after' | 'equal' | 'concurrent';

/** Riak's limits and defaults. */
export interface PruneLimits {
  /** Never prune at or below this many actors. Default 50. */
  readonly smallCount?: number;
  /** Above this many, prune actors that are not young. Default 50. */
  readonly bigCount?: number;
  /** An actor that advanced less than this ago is kept. Default 20,000. */
  readonly youngMs?: number;
  /** One that advanced longer ago than this goes, as soon as there are more than `smallCount`. Default 86,400,000. */
  readonly oldMs?: number;
}

const NONE: readonly never[] = [];

export class VectorClock {
  static readonly empty: VectorClock = new VectorClock(NONE, NONE, undefined);

  /** Sorted as strings (UTF-16 units), none twice. */
  readonly actors: readonly string[];
  /** The counter of the actor at the same place. Safe integers > 0. */
  readonly counters: readonly number[];
  /** When the actor at the same place last advanced, milliseconds since the epoch; undefined when nobody said. No part of the clock's meaning. */
  readonly #touchedMs: readonly number[] | undefined;

  private constructor(
    actors: readonly string[],
    counters: readonly number[],
    touchedMs: readonly number[] | undefined,
  ) {
    this.actors = actors;
    this.counters = counters;
    this.#touchedMs = touchedMs;
  }

  /** A clock of these counters; zeros are left out. Throws on an actor named twice or on a counter that is not a safe integer ≥ 0. */
  static of(entries: Iterable<readonly [actor: string, counter: number]>): VectorClock {
    let clock = VectorClock.empty;
    for (const [actor, counter] of entries) {
      assert(clock.get(actor) === 0, `actor ${actor} must be named once`);
      if (counter !== 0) clock = clock.advance(actor, counter);
    }
    return clock;
  }

  /** How many actors have a counter above 0. */
  get size(): number {
    return this.actors.length;
  }

  /** The actor's counter, 0 when it has none. O(log n). */
  get(actor: string): number {
    const at = placeOf(this.actors, actor);
    return at < 0 ? 0 : this.counters[at]!;
  }

  *entries(): IterableIterator<[actor: string, counter: number]> {
    for (let i = 0; i < this.actors.length; i++) yield [this.actors[i]!, this.counters[i]!];
  }

  /** The clock after `by` more events of `actor`; `atMs`, milliseconds since the epoch, is needed only where clocks are pruned. O(n). */
  advance(actor: string, by: number = 1, atMs?: number): VectorClock {
    assert(Number.isSafeInteger(by) && by > 0, 'a vector clock advances by a safe integer above 0');
    const at = placeOf(this.actors, actor);
    if (at < 0)
      return new VectorClock(
        withInserted(this.actors, ~at, actor),
        withInserted(this.counters, ~at, by),
        this.#timed(atMs, (timesMs) => withInserted(timesMs, ~at, atMs ?? 0)),
      );
    const counter = this.counters[at]! + by;
    assert(Number.isSafeInteger(counter), `the counter of ${actor} must stay a safe integer`);
    return new VectorClock(
      this.actors,
      withReplaced(this.counters, at, counter),
      this.#timed(atMs, (timesMs) => withReplaced(timesMs, at, Math.max(timesMs[at]!, atMs ?? 0))),
    );
  }

  /** The least clock that is at or after both: the larger counter of each actor. Returns `this` when `other` adds nothing. O(n + m). */
  merge(other: VectorClock): VectorClock {
    if (other === this || other.actors.length === 0) return this;
    if (this.actors.length === 0) return other;
    // The times matter only to pruning; without them, what adds nothing is found without allocating.
    const timeless = this.#touchedMs === undefined && other.#touchedMs === undefined;
    if (timeless && this.descends(other)) return this;
    const actors: string[] = [];
    const counters: number[] = [];
    const touched: number[] | undefined = timeless ? undefined : [];
    let isMore = false;
    let i = 0;
    let j = 0;
    while (i < this.actors.length || j < other.actors.length) {
      const a = this.actors[i];
      const b = other.actors[j];
      const mine = b === undefined || (a !== undefined && a <= b);
      const theirs = a === undefined || (b !== undefined && b <= a);
      const x = mine ? this.counters[i]! : 0;
      const y = theirs ? other.counters[j]! : 0;
      actors.push(mine ? a! : b!);
      counters.push(Math.max(x, y));
      if (y > x) isMore = true;
      if (touched !== undefined) {
        const s = x >= y ? (this.#touchedMs?.[i] ?? 0) : 0;
        const t = y >= x ? (other.#touchedMs?.[j] ?? 0) : 0;
        if (t > s) isMore = true;
        touched.push(Math.max(s, t));
      }
      if (mine) i += 1;
      if (theirs) j += 1;
    }
    return isMore ? new VectorClock(actors, counters, touched) : this;
  }

  /** Whether everything in `other` is in this clock: this is equal to it or after it. O(n + m), no allocation. */
  descends(other: VectorClock): boolean {
    if (other.actors.length > this.actors.length) return false;
    let i = 0;
    for (let j = 0; j < other.actors.length; j++) {
      const actor = other.actors[j]!;
      while (i < this.actors.length && this.actors[i]! < actor) i += 1;
      if (this.actors[i] !== actor || this.counters[i]! < other.counters[j]!) return false;
      i += 1;
    }
    return true;
  }

  /** How this clock lies to `other`. O(n + m), no allocation. */
  compare(other: VectorClock): CausalOrder {
    if (this === other) return 'equal';
    let less = false;
    let more = false;
    let i = 0;
    let j = 0;
    while (i < this.actors.length || j < other.actors.length) {
      const a = this.actors[i];
      const b = other.actors[j];
      if (b === undefined || (a !== undefined && a < b)) {
        more = true;
        i += 1;
      } else if (a === undefined || b < a) {
        less = true;
        j += 1;
      } else {
        if (this.counters[i]! < other.counters[j]!) less = true;
        else if (this.counters[i]! > other.counters[j]!) more = true;
        i += 1;
        j += 1;
      }
      if (less && more) return 'concurrent';
    }
    return less ? 'before' : more ? 'after' : 'equal';
  }

  equals(other: VectorClock): boolean {
    return this.descends(other) && other.descends(this);
  }

  /**
   * This clock without the actors that advanced longest ago, while there are too many. Costs exactness: against a pruned clock, what is an
   * ancestor may look concurrent (a false sibling, never a lost write). Deterministic (by time, then by actor), so that replicas prune alike.
   * O(n log n).
   */
  prune(nowMs: number, limits: PruneLimits = {}): VectorClock {
    const { smallCount = 50, bigCount = 50, youngMs = 20_000, oldMs = 86_400_000 } = limits;
    const touched = (at: number): number => this.#touchedMs?.[at] ?? 0;
    if (this.size <= smallCount) return this;
    // The sort is stable: those that advanced at the same time stay in the order of their names.
    const oldestFirst = [...this.actors.keys()].sort((a, b) => touched(a) - touched(b));
    const gone = new Set<number>();
    for (const at of oldestFirst) {
      const left = this.size - gone.size;
      const ageMs = nowMs - touched(at);
      if (left <= smallCount || ageMs < youngMs) break;
      if (left <= bigCount && ageMs <= oldMs) break;
      gone.add(at);
    }
    if (gone.size === 0) return this;
    const kept = <T>(items: readonly T[]): T[] => items.filter((_, at) => !gone.has(at));
    return new VectorClock(kept(this.actors), kept(this.counters), this.#touchedMs && kept(this.#touchedMs));
  }

  /** Appends the clock: a count, then actor and counter of each. Times are not written. Throws for an actor that is no well-formed text. */
  write(writer: ByteWriter): void {
    writer.uint(this.actors.length);
    for (let i = 0; i < this.actors.length; i++) {
      expectWellFormed(this.actors[i]!, 'an actor');
      writer.text(this.actors[i]!);
      writer.uint(this.counters[i]!);
    }
  }

  /** Reads what `write` wrote. Throws `BytesError` when truncated, `InvariantError` when actors are out of order or a counter is 0. */
  static read(reader: ByteReader): VectorClock {
    const count = reader.count(2);
    const actors: string[] = [];
    const counters: number[] = [];
    for (let i = 0; i < count; i++) {
      const actor = reader.text();
      const counter = reader.uint();
      assert(i === 0 || actors[i - 1]! < actor, 'the actors of a clock must be in ascending order');
      assert(counter > 0, 'a clock must not hold a counter of 0');
      actors.push(actor);
      counters.push(counter);
    }
    return count === 0 ? VectorClock.empty : new VectorClock(actors, counters, undefined);
  }

  /** `{a:1, b:2}`, for people. */
  toString(): string {
    return `{${this.actors.map((actor, at) => `${actor}:${this.counters[at]}`).join(', ')}}`;
  }

  /** The times after a change, or none when neither this clock nor `atMs` has one. */
  #timed(
    atMs: number | undefined,
    change: (timesMs: readonly number[]) => readonly number[],
  ): readonly number[] | undefined {
    if (atMs === undefined && this.#touchedMs === undefined) return undefined;
    return change(this.#touchedMs ?? this.actors.map(() => 0));
  }
}
