/** One small change of a program. */
export interface Mutant {
  readonly path: string;
  /** `Class.method`; empty outside of functions. */
  readonly function: string;
  readonly line: number;
  /** The line or lines that change, as one. */
  readonly original: string;
  readonly mutated: string;
  /** From 1: of those that read the same in the same function. */
  readonly nth: number;
  /** The text from here … */
  readonly start: number;
  /** … to here … */
  readonly end: number;
  /** … becomes this. Empty: the statement is left out. */
  readonly replacement: string;
}

/** What the pool asks of a worker; `at` comes back with the answer. */
export type Request =
  | { readonly kind: 'record'; readonly at: number; readonly file: string; readonly mutants: number }
  | {
      readonly kind: 'try';
      readonly at: number;
      readonly id: number;
      /** How often the mutant's place may be passed in one test. */
      readonly hitsMax: number;
      /** Bundles, and which of their tests. */
      readonly steps: readonly { readonly file: string; readonly tests: readonly number[] }[];
    };

/** What a worker says before each test, so that one that runs on is known. */
export interface Started {
  readonly at: number;
  readonly file: string;
  /** The test's place in its file. */
  readonly starts: number;
}

/** One test, run without a mutant. */
export interface RecordedTest {
  readonly name: string;
  readonly cpuMs: number;
  /** Numbers of the mutants whose places it passes, and how often. */
  readonly passed: ReadonlyMap<number, number>;
  /** Empty if it passed. */
  readonly error: string;
  /** It passes without the tests before it. */
  readonly isAlone: boolean;
}

export interface RecordedFile {
  readonly whileLoading: ReadonlyMap<number, number>;
  readonly tests: readonly RecordedTest[];
}

/**
 * `killed`: a test failed. `ran-on`: the program did not end in time. `survived`: nothing noticed. `not-covered`: no test comes by.
 */
export type Outcome = 'killed' | 'ran-on' | 'survived' | 'not-covered';

export interface Result {
  readonly outcome: Outcome;
  /** The test that failed. */
  readonly by: string;
  readonly error: string;
}
