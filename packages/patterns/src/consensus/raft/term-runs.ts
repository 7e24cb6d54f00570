/**
 * Which term each index of a log has, as runs of equal terms: terms never fall along a log, so a log of millions of
 * entries has as many runs as it saw leaders. Lookup O(log runs).
 */
export class TermRuns {
  /** Invariant: both ascend, and `#terms` strictly. The last run ends where the log ends. */
  #starts: number[];
  #terms: number[];

  constructor(index: number, term: number) {
    this.#starts = [index];
    this.#terms = [term];
  }

  get lastTerm(): number {
    return this.#terms[this.#terms.length - 1]!;
  }

  append(index: number, term: number): void {
    if (term === this.lastTerm) return;
    this.#starts.push(index);
    this.#terms.push(term);
  }

  /** The caller knows that `index` lies within the log. */
  termAt(index: number): number {
    return this.#terms[this.#runOf(index)]!;
  }

  /** The caller knows that `index` lies behind the first. */
  truncateFrom(index: number): void {
    while (this.#starts[this.#starts.length - 1]! >= index) {
      this.#starts.pop();
      this.#terms.pop();
    }
  }

  /** Forgets the runs that end before `index`, which becomes the first. */
  compactTo(index: number): void {
    const run = this.#runOf(index);
    this.#starts = this.#starts.slice(run);
    this.#terms = this.#terms.slice(run);
  }

  /** The last index at or below `index` whose term is at most `term`; below the first known when there is none. */
  lastIndexAtMost(index: number, term: number): number {
    let run = this.#runOf(index);
    if (this.#terms[run]! <= term) return index;
    while (run >= 0 && this.#terms[run]! > term) run -= 1;
    return Math.min(index, this.#starts[run + 1]! - 1);
  }

  #runOf(index: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.#starts[middle]! <= index) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
