/** A map whose keys have an order: what a versioned store keeps its keys in. Bring a tree; `SortedArrayMap` does for a few thousand keys. */
export interface OrderedMap<K, T> {
  readonly size: number;
  get(key: K): T | undefined;
  set(key: K, value: T): void;
  delete(key: K): void;
  /** Visits values in key order, from `low` to before `high` (undefined: to the end), until `visit` returns false. `visit` must not change the map. */
  scan(low: K, high: K | undefined, visit: (value: T) => boolean): void;
  /** The values as they are now, in key order, whatever happens to the map while they are read. Should cost little before the first is read. */
  frozen(): Iterable<T>;
}

/** A sorted array: O(log n) to find, O(n) to insert or delete. Keys are compared with `<`. */
export class SortedArrayMap<K extends string | number, T> implements OrderedMap<K, T> {
  readonly #keys: K[] = [];
  readonly #values: T[] = [];

  get size(): number {
    return this.#keys.length;
  }

  get(key: K): T | undefined {
    const at = this.#lowerBound(key);
    return this.#keys[at] === key ? this.#values[at] : undefined;
  }

  set(key: K, value: T): void {
    const at = this.#lowerBound(key);
    if (this.#keys[at] === key) this.#values[at] = value;
    else {
      this.#keys.splice(at, 0, key);
      this.#values.splice(at, 0, value);
    }
  }

  delete(key: K): void {
    const at = this.#lowerBound(key);
    if (this.#keys[at] !== key) return;
    this.#keys.splice(at, 1);
    this.#values.splice(at, 1);
  }

  scan(low: K, high: K | undefined, visit: (value: T) => boolean): void {
    for (let at = this.#lowerBound(low); at < this.#keys.length; at++) {
      if (high !== undefined && this.#keys[at]! >= high) return;
      if (!visit(this.#values[at]!)) return;
    }
  }

  frozen(): Iterable<T> {
    return this.#values.slice();
  }

  #lowerBound(key: K): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#keys[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
