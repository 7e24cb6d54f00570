import { assert } from '../base/index.ts';

/**
 * Orders who may write: by generation, of one generation by activation. A store that keeps one fence for a whole partition leaves the activation
 * out; then no activation may begin while a write of an earlier one may still arrive.
 */
export interface FenceToken {
  readonly generation: number;
  readonly activation?: number;
}

export interface FenceTableOptions {
  /** Keys with a fence. They are never forgotten, so this is how many there will ever be. */
  readonly keysMax: number;
}

/**
 * The guard of what actors store: by key (an actor, or a partition) the highest fence that was ever shown, so that what an earlier activation still
 * sends is refused. Kleppmann, "How to do distributed locking", 2016, fencing. It belongs to the store, and must be as durable as that: a column of the
 * actor's row will do.
 *
 * An activation shows its fence when it *reads*, too, before its first write: otherwise a write of an earlier one may still come between its read and
 * its write, and is lost.
 */
export class FenceTable<K> {
  readonly #keysMax: number;
  readonly #highest = new Map<K, FenceToken>();

  constructor(options: FenceTableOptions) {
    assert(options.keysMax >= 1, `keysMax must be >= 1, not ${options.keysMax}`);
    this.#keysMax = options.keysMax;
  }

  /** Whether none has been here that comes after this one. If so, none that comes before it is admitted any more. O(1). */
  admit(key: K, token: FenceToken): boolean {
    const highest = this.#highest.get(key);
    if (highest !== undefined && isBefore(token, highest)) return false;
    assert(
      highest !== undefined || this.#highest.size < this.#keysMax,
      `there must be at most ${this.#keysMax} fences`,
    );
    const { generation, activation = 0 } = token;
    this.#highest.set(key, { generation, activation });
    return true;
  }

  highest(key: K): FenceToken | undefined {
    return this.#highest.get(key);
  }
}

function isBefore(one: FenceToken, other: FenceToken): boolean {
  if (one.generation !== other.generation) return one.generation < other.generation;
  return (one.activation ?? 0) < (other.activation ?? 0);
}
