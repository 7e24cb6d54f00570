import { assert } from '../base/index.ts';

export type Verdict = 'pending' | 'met' | 'impossible';

/** When a request has been answered enough. One object for each request. */
export interface WaitCondition<N> {
  /** `from` has answered, well or not; each node counts once. */
  answered(from: N, isGood: boolean): Verdict;
}

/**
 * `needed` of `nodes` must answer well: a majority, R of N, W of N, one, all. Impossible as soon as too many have failed to. Answers of others, and
 * second ones, are ignored. O(1) per answer.
 */
export class QuorumOf<N> implements WaitCondition<N> {
  readonly #missing: Set<N>;
  #needed: number;

  constructor(nodes: Iterable<N>, needed: number) {
    this.#missing = new Set(nodes);
    this.#needed = needed;
    assert(
      Number.isInteger(needed) && needed >= 1 && needed <= this.#missing.size,
      `needed must be from 1 to the number of nodes (${this.#missing.size}), not ${needed}`,
    );
  }

  /** More than half of `nodes`. */
  static majority<N>(nodes: Iterable<N>): QuorumOf<N> {
    const all = new Set(nodes);
    return new QuorumOf(all, Math.floor(all.size / 2) + 1);
  }

  answered(from: N, isGood: boolean): Verdict {
    if (this.#missing.delete(from) && isGood) this.#needed -= 1;
    if (this.#needed <= 0) return 'met';
    return this.#missing.size < this.#needed ? 'impossible' : 'pending';
  }
}

/** All conditions must be met: both majorities of a joint configuration, a quorum in each of several zones. */
export class AllOf<N> implements WaitCondition<N> {
  readonly #conditions: readonly WaitCondition<N>[];
  readonly #met: boolean[];

  constructor(conditions: readonly WaitCondition<N>[]) {
    assert(conditions.length > 0, 'there must be a condition to wait for');
    this.#conditions = conditions;
    this.#met = conditions.map(() => false);
  }

  answered(from: N, isGood: boolean): Verdict {
    let verdict: Verdict = 'met';
    for (let i = 0; i < this.#conditions.length; i++) {
      if (this.#met[i]) continue;
      const one = this.#conditions[i]!.answered(from, isGood);
      if (one === 'met') this.#met[i] = true;
      else if (one === 'impossible') verdict = 'impossible';
      else if (verdict === 'met') verdict = 'pending';
    }
    return verdict;
  }
}
