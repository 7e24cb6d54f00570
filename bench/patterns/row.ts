/** What is compared. In every row the first side is ours, the others are peers, and all do the same work. */

/** What a peer is made of, where it is not JavaScript: its speed is then that of another machine than ours. */
export type PeerKind = 'WebAssembly' | 'native';

export interface PeerName {
  readonly name: string;
  readonly kind?: PeerKind;
}

/** Time: the CPU that so many operations take. */
export interface TimedRow {
  readonly measures: 'time';
  readonly what: string;
  /** Operations in one `run`. */
  readonly ops: number;
  /** The least ratio that is aimed at. Default 2. */
  readonly aim?: number;
  readonly sides: readonly TimedSide[];
  /**
   * Called once before anything is timed. Without it, every side's first `run` must have the same result as ours; with it, results may differ (ids are
   * random, other rings place keys elsewhere), and it throws unless each side's is right.
   */
  readonly verify?: () => void | Promise<void>;
}

export interface TimedSide extends PeerName {
  /** Does the operations, all of them, and returns something that depends on each, so that none can be left out. */
  readonly run: () => unknown;
}

/** Memory: what is held after `hold`, in a process of its own. */
export interface MemoryRow {
  readonly measures: 'memory';
  readonly what: string;
  readonly aim?: number;
  readonly sides: readonly HeldSide[];
}

export interface HeldSide extends PeerName {
  /** Builds something; its memory is what it keeps alive. */
  readonly hold: () => unknown;
  /** How many of what is asked for it builds: more than one where one is little beside what else moves in a heap. Default 1. */
  readonly copies?: number;
}

/** Bytes on the wire or on disk. */
export interface BytesRow {
  readonly measures: 'bytes';
  readonly what: string;
  readonly aim?: number;
  readonly sides: readonly EncodedSide[];
}

export interface EncodedSide extends PeerName {
  readonly bytes: () => number | Promise<number>;
}

export type Row = TimedRow | MemoryRow | BytesRow;

/** Rows of one pattern, each made when its turn comes, so that only one row's data is in memory. */
export type Rows = readonly (() => Row | Promise<Row>)[];

export const AIM = 2;

/** Of one side of a row. For time, nanoseconds per operation, one sample per round; else bytes, one sample. */
export interface Result extends PeerName {
  readonly samples: readonly number[];
}

export interface RowResult {
  readonly what: string;
  readonly measures: Row['measures'];
  readonly aim: number;
  readonly results: readonly Result[];
}

/** How long it may take: see `measure.ts`. */
export interface Effort {
  readonly warmUpMs: number;
  readonly rounds: number;
  readonly roundMs: number;
}
