/**
 * The owners of the last keys, kept: for placements whose lookup costs more than one in a map, such as `Ketama` (an MD5) or `Rendezvous` (all nodes).
 * A `HashRing` or `Maglev` gains only where the very same strings come again, since a map, too, has to hash a string that it has not met.
 *
 * Of one placement, which never changes: who gets another placement makes another cache, and no old answer is left.
 */
export interface OwnerCacheOptions {
  /** Keys that are kept at most: the last half of them in any case. At least 2; 5,000 when absent. */
  readonly keysMax?: number;
}

/**
 * In two generations of half the size each. A key that is met enters the young one; when that is full it becomes the old one, and what the old one still
 * had is forgotten. A hit in the young one changes nothing, so that it costs one lookup.
 */
export class OwnerCache<Owner extends object | string | number> {
  readonly #ownerOf: (key: string) => Owner;
  readonly #youngMax: number;
  #young: Map<string, Owner> = new Map();
  #old: ReadonlyMap<string, Owner> = new Map();

  /** `ownerOf` always gives the same for the same key: `(key) => ketama.serverOf(key)`. `RangeError` for a wrong `keysMax`. */
  constructor(ownerOf: (key: string) => Owner, options: OwnerCacheOptions = {}) {
    const { keysMax = 5_000 } = options;
    if (!Number.isInteger(keysMax) || keysMax < 2)
      throw new RangeError(`keysMax must be a whole number from 2 on, got ${keysMax}`);
    this.#ownerOf = ownerOf;
    this.#youngMax = Math.floor(keysMax / 2);
  }

  /** Owners that are kept; a key that is in both generations counts twice. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }

  /** O(1) and what the placement takes for a key that is not kept. */
  ownerOf(key: string): Owner {
    return this.#young.get(key) ?? this.#enter(key);
  }

  #enter(key: string): Owner {
    const owner = this.#old.get(key) ?? this.#ownerOf(key);
    if (this.#young.size === this.#youngMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, owner);
    return owner;
  }
}
