/**
 * The `max` values that were used last, by key. O(1). As a list beside a map: a map alone would have to take a key out and in again to
 * know that it was used, which costs several times as much.
 */
interface Node<V> {
  readonly key: string;
  readonly value: V;
  /** Towards less recently used. */
  older: Node<V> | undefined;
  newer: Node<V> | undefined;
}

export class LruMap<V> {
  readonly #max: number;
  readonly #nodes = new Map<string, Node<V>>();
  #oldest: Node<V> | undefined;
  #newest: Node<V> | undefined;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#nodes.size;
  }

  /** Counts as a use. */
  get(key: string): V | undefined {
    const node = this.#nodes.get(key);
    if (node === undefined) return undefined;
    if (node !== this.#newest) {
      this.#unlink(node);
      this.#link(node);
    }
    return node.value;
  }

  /** Counts as no use. */
  peek(key: string): V | undefined {
    return this.#nodes.get(key)?.value;
  }

  /** Counts as a use. The one that was used the longest ago leaves when there are too many. */
  set(key: string, value: V): void {
    this.delete(key);
    const node: Node<V> = { key, value, older: undefined, newer: undefined };
    this.#nodes.set(key, node);
    this.#link(node);
    if (this.#nodes.size > this.#max) this.delete(this.#oldest!.key);
  }

  delete(key: string): void {
    const node = this.#nodes.get(key);
    if (node === undefined) return;
    this.#nodes.delete(key);
    this.#unlink(node);
  }

  #link(node: Node<V>): void {
    node.older = this.#newest;
    node.newer = undefined;
    if (this.#newest === undefined) this.#oldest = node;
    else this.#newest.newer = node;
    this.#newest = node;
  }

  #unlink(node: Node<V>): void {
    if (node.older === undefined) this.#oldest = node.newer;
    else node.older.newer = node.newer;
    if (node.newer === undefined) this.#newest = node.older;
    else node.newer.older = node.older;
  }
}
