/**
 * An immutable map from text, or from integers, to values: setting a key copies one path, O(log₃₂ n), and shares all else with the map before it. What lets the
 * CRDTs here be immutable values and still take a million updates a second. Two maps merge node by node: what they share is not looked at.
 *
 * Bagwell, "Ideal Hash Trees", 2001 (hash array mapped trie). Keys of equal hash share a bucket, in which look-up is linear: the hash is not secret, so
 * whoever may choose keys can make a bucket long; bound the number of keys where strangers write.
 *
 * Iteration is by hash, in a bucket by key: the same for equal maps, however they came about.
 */
import { BITS, bitOf, build, compareLeaves, entriesOf, equalNodes, hashOf, type Key, type Leaf, leafOf, type Maybe, remove, sizeOf, slotAt, walk } from './hash-trie.ts'; // biome-ignore format: one import
import { type MergeRule, mergeNodes } from './hash-trie-merge.ts';

export type { MergeRule } from './hash-trie-merge.ts';

const REPLACING: MergeRule<never> = { both: (_mine, theirs) => theirs, theirs: (theirs) => theirs };

export class PersistentMap<V, K extends Key = string> {
  // Not by name: the compiler's emit puts an alias in its place here, which is not yet assigned.
  static readonly #EMPTY: PersistentMap<never, never> = new this<never, never>(undefined);

  readonly #root: Maybe<V>;

  private constructor(root: Maybe<V>) {
    this.#root = root;
  }

  static empty<V, K extends Key = string>(): PersistentMap<V, K> {
    return PersistentMap.#EMPTY;
  }

  /** A map of one key. */
  static ofOne<V>(key: string, value: V): PersistentMap<V>;
  static ofOne<V>(key: number, value: V): PersistentMap<V, number>;
  static ofOne<V>(key: Key, value: V): PersistentMap<V, Key> {
    return new PersistentMap<V, Key>(leafOf(key, value));
  }

  /** A map of these entries, built at once: see `PersistentMapBuilder`. */
  static of<V>(entries: Iterable<readonly [key: string, value: V]>): PersistentMap<V> {
    const builder = new PersistentMapBuilder<V>();
    for (const [key, value] of entries) builder.add(key, value);
    return builder.build();
  }

  /** For `PersistentMapBuilder`. */
  static ofLeaves<V, K extends Key>(leaves: readonly Leaf<V>[]): PersistentMap<V, K> {
    if (leaves.length === 0) return PersistentMap.empty();
    return new PersistentMap<V, K>(build(leaves, 0, leaves.length, 0));
  }

  get size(): number {
    return sizeOf(this.#root);
  }

  get(key: K): V | undefined {
    let node = this.#root;
    const hash = hashOf(key);
    for (let shift = 0; node !== undefined; shift += BITS) {
      if (node.kind === undefined) return node.key === key ? node.value : undefined;
      if (node.kind === 'bucket')
        return node.hash === hash ? node.leaves.find((leaf) => leaf.key === key)?.value : undefined;
      node = slotAt(node, bitOf(hash, shift));
    }
    return undefined;
  }

  has(key: K): boolean {
    return this.get(key) !== undefined;
  }

  /** The map with the key at this value, which must not be undefined; the same map when it was there already (by `===`). */
  set(key: K, value: V): PersistentMap<V, K> {
    return this.#with(mergeNodes(this.#root, leafOf(key, value), 0, REPLACING));
  }

  /** The map without the key; the same map when it was not there. */
  delete(key: K): PersistentMap<V, K> {
    return this.#with(remove(this.#root, 0, hashOf(key), key));
  }

  /** Both maps as one, by the rule; this map itself when that changes nothing. O(what they do not share), and without `mine` O(other log n). */
  merge(other: PersistentMap<V, K>, rule: MergeRule<V>): PersistentMap<V, K> {
    const root = mergeNodes(this.#root, other.#root, 0, rule);
    return root === other.#root && root !== this.#root ? other : this.#with(root);
  }

  forEach(visit: (value: V, key: K) => void): void {
    if (this.#root !== undefined) walk(this.#root, visit as (value: V, key: Key) => void);
  }

  *entries(): IterableIterator<[key: K, value: V]> {
    if (this.#root !== undefined) yield* entriesOf(this.#root) as IterableIterator<[K, V]>;
  }

  keys(): K[] {
    const keys: K[] = [];
    this.forEach((_value, key) => {
      keys.push(key);
    });
    return keys;
  }

  /** Whether both hold the same keys, with values that `same` accepts. Shared parts are not looked at. */
  equals(other: PersistentMap<V, K>, same: (a: V, b: V) => boolean): boolean {
    return equalNodes(this.#root, other.#root, same);
  }

  #with(root: Maybe<V>): PersistentMap<V, K> {
    if (root === this.#root) return this;
    return root === undefined ? PersistentMap.empty() : new PersistentMap<V, K>(root);
  }
}

/** Builds a map at once: several times faster than setting each key. O(n) where they come in the order of a map, else O(n log n). */
export class PersistentMapBuilder<V, K extends Key = string> {
  readonly #leaves: Leaf<V>[] = [];

  add(key: K, value: V): void {
    this.#leaves.push(leafOf(key, value));
  }

  /** Throws when a key came twice. */
  build(): PersistentMap<V, K> {
    return PersistentMap.ofLeaves(this.#leaves.sort(compareLeaves));
  }
}
