/**
 * What it means to lead, in types. A *safe* leadership carries a fencing token: a number that no other leadership has and that grows from one to the
 * next, so that what a deposed leader still sends can be refused. An *advisory* one carries none: two may believe in it at once, and nothing
 * that takes a token accepts it.
 *
 * Kleppmann, "How to do distributed locking", 2016 (fencing); Burrows, Chubby, OSDI 2006, section 2.4 (sequencers).
 */
import type { Brand, Instant } from '../base/index.ts';

/** Only kernels whose elections rest on a quorum or an atomic store make one. */
export type FencingToken = Brand<number, 'FencingToken'>;
export const FencingToken: {
  /** `RangeError` unless it is a safe integer: beyond 2^53 two tokens could be one number, and nothing is below what is not a number. */
  of(token: number): FencingToken;
} = {
  of: (token) => {
    if (!Number.isSafeInteger(token)) throw new RangeError(`a fencing token must be a safe integer, got ${token}`);
    return token as FencingToken;
  },
};

export interface SafeLeadership {
  readonly safety: 'safe';
  readonly leader: string;
  readonly token: FencingToken;
}

export interface AdvisoryLeadership {
  readonly safety: 'advisory';
  readonly leader: string;
}

export type Leadership = SafeLeadership | AdvisoryLeadership;

/** Every way to elect, seen from one member. */
export interface Election<Kind extends Leadership, Input, Effect> {
  /** Who leads, as far as is known here. May be of the past. */
  readonly known: Kind | undefined;
  /** This member's own leadership, if it may act on it now. Ask again before each act. */
  held(now: Instant): Kind | undefined;
  readonly deadline: Instant | undefined;
  step(input: Input, now: Instant, out: Effect[]): void;
}

/** The guard of a resource: refuses every token below the highest it has seen. Keep `highest` with the resource, as durable as it. */
export class FencedResource {
  #highest: number;

  constructor(highest: number = Number.NEGATIVE_INFINITY) {
    this.#highest = highest;
  }

  get highest(): number {
    return this.#highest;
  }

  admit(token: FencingToken): boolean {
    // Written so that what is not a number is refused, too.
    if (!(token >= this.#highest)) return false;
    this.#highest = token;
    return true;
  }
}
