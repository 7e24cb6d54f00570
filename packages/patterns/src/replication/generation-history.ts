/**
 * Which generation wrote which part of a log: the start of each run of records of one generation. With it two logs find where they part by exchanging two
 * numbers, instead of records.
 *
 * Kafka's leader epoch cache (KIP-101), with the answer of KIP-279: the largest generation that is not above the one asked for, and where it ends. Following one
 * leader after another, two logs that agree in (generation, index) of a record agree in all before it, as in Raft, section 5.3.
 *
 * Immutable. Bound: one entry for each generation that has records in the log, so at most as many as records.
 */
import { assert } from '../base/index.ts';

/** All records below `index`, of which the last one was written in `generation`. Generation 0: nothing was written. */
export interface LogPosition {
  readonly generation: number;
  readonly index: number;
}

/** The records from `start` on are of `generation`, up to the next start. */
export interface GenerationStart {
  readonly generation: number;
  readonly start: number;
}

/** A run of records of one generation: from somewhere to `end`, exclusive. Generation 0: none. */
export interface GenerationEnd {
  readonly generation: number;
  readonly end: number;
}

export class GenerationHistory {
  // Not by name: the compiler's emit puts an alias in its place here, which is not yet assigned.
  static readonly empty: GenerationHistory = new this([]);

  /** Generations and starts both ascend. */
  readonly starts: readonly GenerationStart[];

  private constructor(starts: readonly GenerationStart[]) {
    this.starts = starts;
  }

  /** As read from disk. Throws unless generations and starts ascend. */
  static of(starts: Iterable<GenerationStart>): GenerationHistory {
    let history = GenerationHistory.empty;
    for (const { generation, start } of starts) {
      assert(history.latest !== generation, `generation ${generation} must start once`);
      history = history.appended(generation, start);
    }
    return history;
  }

  /** The generation of the last record, 0 when there is none. */
  get latest(): number {
    return this.starts[this.starts.length - 1]?.generation ?? 0;
  }

  /** With records of `generation` appended at `index`. O(1) while the generation stays the same. */
  appended(generation: number, index: number): GenerationHistory {
    const last = this.starts[this.starts.length - 1];
    if (last?.generation === generation) return this;
    assert(
      generation > this.latest,
      `generation ${generation} must be above ${this.latest}, which is in the log already`,
    );
    assert(last === undefined || index > last.start, 'a generation in the log must have at least one record');
    return new GenerationHistory([...this.starts, { generation, start: index }]);
  }

  /** With all records from `end` on removed. */
  truncated(end: number): GenerationHistory {
    const kept = this.starts.filter(({ start }) => start < end);
    return kept.length === this.starts.length ? this : new GenerationHistory(kept);
  }

  /** With all records below `start` removed. The last generation stays known, though it may have no record left. */
  trimmed(start: number): GenerationHistory {
    const next = this.starts.findIndex((run) => run.start > start);
    const first = (next < 0 ? this.starts.length : next) - 1;
    if (first < 0 || (first === 0 && this.starts[0]!.start === start)) return this;
    return new GenerationHistory([
      { generation: this.starts[first]!.generation, start },
      ...this.starts.slice(first + 1),
    ]);
  }

  /**
   * The largest generation in a log that ends at `logEnd` which is not above `generation`, and where it ends. When there is none: generation 0, which ends where the
   * log begins. O(generations).
   */
  endOf(generation: number, logEnd: number): GenerationEnd {
    let found: GenerationEnd = { generation: 0, end: this.starts[0]?.start ?? logEnd };
    for (let at = 0; at < this.starts.length; at++) {
      const run = this.starts[at]!;
      if (run.generation > generation) break;
      found = { generation: run.generation, end: this.starts[at + 1]?.start ?? logEnd };
    }
    return found;
  }

  /** The run that holds the record at `index` of a log that ends at `logEnd`; undefined when no record is there. O(generations). */
  runAt(index: number, logEnd: number): GenerationEnd | undefined {
    if (index >= logEnd) return undefined;
    for (let at = this.starts.length - 1; at >= 0; at--) {
      const { generation, start } = this.starts[at]!;
      if (start <= index) return { generation, end: this.starts[at + 1]?.start ?? logEnd };
    }
    return undefined;
  }

  /**
   * The position behind the record at `index` − 1. Of what is below the log's start the first generation that is known is said: a later one, so that nobody takes
   * less for it. O(generations).
   */
  positionAt(index: number, logEnd: number): LogPosition {
    assert(index <= logEnd, 'a position must be within the log');
    return { generation: this.runAt(index - 1, logEnd)?.generation ?? this.starts[0]?.generation ?? 0, index };
  }

  /**
   * How a log with this history that ends at `logEnd` lies to a position in another one: it has all of that (`has`), may get it yet (`behind`), or has gone on
   * without it, so that it is lost here (`lost`). What is below the log's start counts as had. O(generations).
   */
  relationTo({ generation, index }: LogPosition, logEnd: number): 'has' | 'behind' | 'lost' {
    const found = this.endOf(generation, logEnd);
    if (index <= (this.starts[0]?.start ?? logEnd)) return 'has';
    if (found.generation === generation && index <= found.end) return 'has';
    // Behind the end of that generation stand records of a later one, whose leader did not have the position.
    return found.end < logEnd ? 'lost' : 'behind';
  }
}
