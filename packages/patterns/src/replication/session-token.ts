/**
 * What a client carries from one replica to the next, so that it sees its own writes and never sees time go back: how far it has written and read. Terry, Demers, Petersen,
 * Spreitzer, Theimer, Welch, "Session Guarantees for Weakly Consistent Replicated Data", PDIS 1994.
 *
 *   read-your-writes      a read is served where all the session has written is shown
 *   monotonic-reads       … where all it has read is shown
 *   writes-follow-reads   a write goes where all the session has read is there
 *   monotonic-writes      … where all it has written is there
 *
 * A position says how much of a history is meant: (generation, index) of a replicated log, or a version vector. An index alone is not a position: after a failover
 * it may be that of another record (KAFKA-20507; PostgreSQL's LSN on another timeline).
 *
 * Immutable. Two positions of memory; one token for each log that a session uses.
 */
import { compareHybrid, type HybridTimestamp, hybridTimestamp, VectorClock } from '../time/index.ts';
import type { LogPosition } from './generation-history.ts';

/** The positions of one kind of history. */
export interface Positions<P> {
  /** Nothing written, nothing read. */
  readonly start: P;
  /** The least position that is at or behind both. */
  merge(a: P, b: P): P;
}

export const logPositions: Positions<LogPosition> = {
  start: { generation: 0, index: 0 },
  merge: (a, b) => {
    if (a.generation !== b.generation) return a.generation > b.generation ? a : b;
    return a.index >= b.index ? a : b;
  },
};

/** For leaderless and multi-leader stores. */
export const clockPositions: Positions<VectorClock> = {
  start: VectorClock.empty,
  merge: (a, b) => a.merge(b),
};

/** For stores whose replicas say up to what time they are complete. */
export const timePositions: Positions<HybridTimestamp> = {
  start: hybridTimestamp(0),
  merge: (a, b) => (compareHybrid(a, b) >= 0 ? a : b),
};

export type ReadGuarantee = 'read-your-writes' | 'monotonic-reads';
export type WriteGuarantee = 'writes-follow-reads' | 'monotonic-writes';

export class SessionToken<P> {
  readonly #positions: Positions<P>;
  readonly written: P;
  readonly read: P;

  private constructor(positions: Positions<P>, written: P, read: P) {
    this.#positions = positions;
    this.written = written;
    this.read = read;
  }

  static start<P>(positions: Positions<P>): SessionToken<P> {
    return new SessionToken(positions, positions.start, positions.start);
  }

  /** As it came from the client; its word is all there is. */
  static of<P>(positions: Positions<P>, { written, read }: { readonly written: P; readonly read: P }): SessionToken<P> {
    return new SessionToken(positions, written, read);
  }

  /** A write was acknowledged at `position`. */
  wrote(position: P): SessionToken<P> {
    return new SessionToken(this.#positions, this.#positions.merge(this.written, position), this.read);
  }

  /** A read was answered from a replica that showed `position`. */
  saw(position: P): SessionToken<P> {
    return new SessionToken(this.#positions, this.written, this.#positions.merge(this.read, position));
  }

  /** What a replica must show to serve this session's read. */
  needsToRead(...guarantees: readonly ReadGuarantee[]): P {
    return this.#needs(guarantees.includes('read-your-writes'), guarantees.includes('monotonic-reads'));
  }

  /** What must be there before this session's write. A single leader meets it unless records were lost. */
  needsToWrite(...guarantees: readonly WriteGuarantee[]): P {
    return this.#needs(guarantees.includes('monotonic-writes'), guarantees.includes('writes-follow-reads'));
  }

  #needs(written: boolean, read: boolean): P {
    const { start } = this.#positions;
    return this.#positions.merge(written ? this.written : start, read ? this.read : start);
  }
}
