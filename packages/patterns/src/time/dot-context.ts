/**
 * Which dots have been seen: a version vector that may have holes (Almeida, Shoker, Baquero, "Delta State Replicated Data Types", JPDC 2018,
 * section 7.2, "causal context"). Per actor, ascending runs of consecutive counters; a whole history is a single run from 1.
 *
 * Because holes are kept exactly, a delta that arrives before its predecessors hides nothing: no causal delivery is needed.
 *
 * Immutable. Bound: as many runs as there are gaps; gaps close when the missing deltas (or a full state) arrive.
 */
import { assert, type ByteReader, type ByteWriter, expectWellFormed } from '../base/index.ts';
import type { Dot } from './dot.ts';
import { placeOf, withInserted, withReplaced } from './sorted-names.ts';
import { VectorClock } from './vector-clock.ts';

/** `[first, last, first, last, …]`: ascending, inclusive, with a gap before each first. */
type Runs = readonly number[];

const NO_RUNS: Runs = [];
const COUNTER_EXPECTED = 'the counter of a dot must be a safe integer above 0';

export class DotContext {
  // Not by name: the compiler's emit puts an alias in its place here, which is not yet assigned.
  static readonly empty: DotContext = new this([], []);

  /** Sorted as strings, none twice. */
  readonly actors: readonly string[];
  readonly #runs: readonly Runs[];

  private constructor(actors: readonly string[], runs: readonly Runs[]) {
    this.actors = actors;
    this.#runs = runs;
  }

  /** The context of these dots, in any order, also twice. O(n log n). */
  static of(dots: Iterable<Dot>): DotContext {
    const counters = new Map<string, number[]>();
    for (const { actor, counter } of dots) {
      assert(Number.isSafeInteger(counter) && counter > 0, COUNTER_EXPECTED);
      const known = counters.get(actor);
      if (known === undefined) counters.set(actor, [counter]);
      else known.push(counter);
    }
    if (counters.size === 0) return DotContext.empty;
    const actors = [...counters.keys()].sort();
    return new DotContext(
      actors,
      actors.map((actor) => runsOfSorted(counters.get(actor)!.sort((a, b) => a - b))),
    );
  }

  /** The context of one dot. O(1). */
  static ofOne(actor: string, counter: number): DotContext {
    assert(Number.isSafeInteger(counter) && counter > 0, COUNTER_EXPECTED);
    return new DotContext([actor], [[counter, counter]]);
  }

  static fromClock(clock: VectorClock): DotContext {
    return clock.size === 0
      ? DotContext.empty
      : new DotContext(
          clock.actors,
          clock.counters.map((counter) => [1, counter]),
        );
  }

  /** Everything seen without a hole, as a version vector. */
  toClock(): VectorClock {
    return VectorClock.of(this.actors.map((actor, at) => [actor, this.#runs[at]![0] === 1 ? this.#runs[at]![1]! : 0]));
  }

  /** How many runs there are, in all: the size of the context, and `actors.length` when nothing is missing. */
  get runCount(): number {
    return this.#runs.reduce((sum, runs) => sum + runs.length / 2, 0);
  }

  has(actor: string, counter: number): boolean {
    return runsHave(this.runsOf(actor), counter);
  }

  /** The actor's last counter seen, 0 when none. */
  last(actor: string): number {
    const runs = this.runsOf(actor);
    return runs.length === 0 ? 0 : runs[runs.length - 1]!;
  }

  /** The dot for the actor's next write. Only the actor itself may ask, and must add it before it asks again. */
  next(actor: string): Dot {
    return { actor, counter: this.last(actor) + 1 };
  }

  /** This and one dot more; `this` when it was there already. O(actors). */
  add(actor: string, counter: number): DotContext {
    assert(Number.isSafeInteger(counter) && counter > 0, COUNTER_EXPECTED);
    return this.#mergeOne(actor, [counter, counter]);
  }

  /** What either has seen; `this` when `other` adds nothing. O(runs). */
  merge(other: DotContext): DotContext {
    if (other === this || other.actors.length === 0) return this;
    if (this.actors.length === 0) return other;
    if (other.actors.length === 1) return this.#mergeOne(other.actors[0]!, other.#runs[0]!);
    const actors: string[] = [];
    const runs: Runs[] = [];
    let i = 0;
    let j = 0;
    let changed = false;
    while (i < this.actors.length || j < other.actors.length) {
      const a = this.actors[i];
      const b = other.actors[j];
      const mine = b === undefined || (a !== undefined && a <= b);
      const theirs = a === undefined || (b !== undefined && b <= a);
      const before = mine ? this.#runs[i]! : NO_RUNS;
      const after = theirs ? runsMerge(before, other.#runs[j]!) : before;
      changed ||= after !== before;
      actors.push(mine ? a! : b!);
      runs.push(after);
      if (mine) i += 1;
      if (theirs) j += 1;
    }
    return changed ? new DotContext(actors, runs) : this;
  }

  /** Whether every dot of `other` is in this one. */
  includes(other: DotContext): boolean {
    return this.merge(other) === this;
  }

  equals(other: DotContext): boolean {
    return this.includes(other) && other.includes(this);
  }

  /** The runs of one actor, empty when nothing of it was seen. */
  runsOf(actor: string): readonly number[] {
    const at = placeOf(this.actors, actor);
    return at < 0 ? NO_RUNS : this.#runs[at]!;
  }

  /** Appends: per actor, its name (as text, unless there is another way), the number of runs, then gaps and lengths, which are small. */
  write(writer: ByteWriter, writeActor: (actor: string) => void = (actor) => writeText(writer, actor)): void {
    writer.uint(this.actors.length);
    for (let i = 0; i < this.actors.length; i++) {
      const runs = this.#runs[i]!;
      writeActor(this.actors[i]!);
      writer.uint(runs.length / 2);
      let previous = 0;
      for (let r = 0; r < runs.length; r += 2) {
        writer.uint(runs[r]! - previous - 1);
        writer.uint(runs[r + 1]! - runs[r]!);
        previous = runs[r + 1]!;
      }
    }
  }

  /** Reads what `write` wrote, in that form only. Throws `BytesError` or `InvariantError`. */
  static read(reader: ByteReader, readActor: () => string = () => reader.text()): DotContext {
    // A name of no length, and a run.
    const count = reader.count(4);
    const actors: string[] = [];
    const all: Runs[] = [];
    for (let i = 0; i < count; i++) {
      const actor = readActor();
      assert(i === 0 || actors[i - 1]! < actor, 'the actors of a context must be in ascending order');
      const runs: number[] = [];
      const runCount = reader.count(2);
      assert(runCount > 0, 'an actor of a context must have a run');
      for (let r = 0, previous = 0; r < runCount; r++) {
        const gap = reader.uint();
        assert(r === 0 || gap > 0, 'the runs of a context must have a gap between them');
        const first = previous + gap + 1;
        previous = first + reader.uint();
        assert(Number.isSafeInteger(previous), 'the counter of a dot must be a safe integer');
        runs.push(first, previous);
      }
      actors.push(actor);
      all.push(runs);
    }
    return count === 0 ? DotContext.empty : new DotContext(actors, all);
  }

  toString(): string {
    const shown = this.actors.map((actor, at) => {
      const runs = this.#runs[at]!;
      const parts: string[] = [];
      for (let r = 0; r < runs.length; r += 2)
        parts.push(runs[r] === runs[r + 1] ? `${runs[r]}` : `${runs[r]}-${runs[r + 1]}`);
      return `${actor}:${parts.join('+')}`;
    });
    return `{${shown.join(', ')}}`;
  }

  #mergeOne(actor: string, theirs: Runs): DotContext {
    const at = placeOf(this.actors, actor);
    if (at < 0) return new DotContext(withInserted(this.actors, ~at, actor), withInserted(this.#runs, ~at, theirs));
    const before = this.#runs[at]!;
    const after = runsMerge(before, theirs);
    return after === before ? this : new DotContext(this.actors, withReplaced(this.#runs, at, after));
  }
}

function writeText(writer: ByteWriter, actor: string): void {
  expectWellFormed(actor, 'an actor');
  writer.text(actor);
}

function runsOfSorted(counters: readonly number[]): Runs {
  const runs: number[] = [];
  for (const counter of counters) append(runs, counter, counter);
  return runs;
}

/** Adds a run that begins with the last one or after it; one that touches it makes it longer. */
function append(runs: number[], first: number, last: number): void {
  const end = runs.length - 1;
  if (runs.length === 0 || first > runs[end]! + 1) runs.push(first, last);
  else runs[end] = Math.max(runs[end]!, last);
}

function runsHave(runs: Runs, counter: number): boolean {
  for (let r = runs.length - 2; r >= 0; r -= 2) if (counter >= runs[r]!) return counter <= runs[r + 1]!;
  return false;
}

/** The union, in one pass; `a` itself when `b` adds nothing. */
function runsMerge(a: Runs, b: Runs): Runs {
  if (a === b) return a;
  const end = a.length - 1;
  // By far the commonest: a run that comes next in order, and one that is at the end already.
  if (b.length === 2 && b[0] === a[end]! + 1) return withReplaced(a, end, b[1]!);
  if (b[0]! >= a[end - 1]! && b[b.length - 1]! <= a[end]!) return a;
  const merged: number[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (j >= b.length || (i < a.length && a[i]! <= b[j]!)) {
      append(merged, a[i]!, a[i + 1]!);
      i += 2;
    } else {
      append(merged, b[j]!, b[j + 1]!);
      j += 2;
    }
  }
  // It ends where `a` does or later, so it is `a` when the two agree as far as it goes.
  for (let at = 0; at < merged.length; at++) if (merged[at] !== a[at]) return merged;
  return a;
}
