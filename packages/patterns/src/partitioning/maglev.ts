/**
 * Maglev hashing: a table of M places that the nodes fill in turn, each in an order of its own. A lookup is one division; every node of the same
 * weight has the same number of places, within one; when nodes change, nearly only their places change. Eisenbud et al., "Maglev: A Fast and
 * Reliable Software Network Load Balancer", NSDI 2016, section 3.4. Orders (xxHash64 of the id with the seeds 0 and 1) and weights (a node takes a
 * turn in w of w_max rounds) as in Envoy, so that both build the same table from the same names in the same order.
 *
 * Some keys of nodes that stay do move: about 0.6 % of them with M = 65,537 and a hundred nodes. For connections and caches, not for data. Immutable.
 */
import type { Hash64 } from '../integrity/hash64.ts';
import { xxHash64Plain } from '../integrity/xxhash64-plain.ts';
import { hashKey } from './key-hash.ts';
import { type Placement, type PlacementNode, sortedNodes, weightOf } from './nodes.ts';

export interface MaglevOptions {
  /** M: a prime, at most 5,000,011, at least the number of nodes; a hundred times their number for loads within one percent. 65,537 when absent. */
  readonly tableSize?: number;
}

const TABLE_SIZE_DEFAULT = 65_537;
const TABLE_SIZE_MAX = 5_000_011;
const EMPTY = 0xffff;

export class Maglev implements Placement {
  /** Sorted by id. */
  readonly nodes: readonly PlacementNode[];
  readonly tableSize: number;
  /** The node (its place in `nodes`) of each place. */
  readonly #table: Uint16Array;

  private constructor(nodes: readonly PlacementNode[], tableSize: number) {
    this.nodes = nodes;
    this.tableSize = tableSize;
    this.#table = fill(nodes, tableSize);
  }

  /** Expected O(M · log M). `RangeError` for wrong nodes (see `sortedNodes`) and for a table size that is not a prime of the right size. */
  static of(nodes: readonly PlacementNode[], options: MaglevOptions = {}): Maglev {
    const { tableSize = TABLE_SIZE_DEFAULT } = options;
    if (!isPrime(tableSize) || tableSize > TABLE_SIZE_MAX || tableSize < nodes.length)
      throw new RangeError(
        `tableSize must be a prime from the number of nodes (${nodes.length}) to ${TABLE_SIZE_MAX}, got ${tableSize}`,
      );
    return new Maglev(sortedNodes(nodes), tableSize);
  }

  /** With one more node, or with another weight for one that is there. */
  with(node: PlacementNode): Maglev {
    return Maglev.of([...this.nodes.filter(({ id }) => id !== node.id), node], this);
  }

  /** Without a node. `RangeError` when it is the last one; the same value when there is no such node. */
  without(id: string): Maglev {
    const rest = this.nodes.filter((node) => node.id !== id);
    return rest.length === this.nodes.length ? this : Maglev.of(rest, this);
  }

  ownerOf(key: string): string {
    return this.ownerOfHash(hashKey(key));
  }

  /** O(1); allocates nothing. */
  ownerOfHash(hash: number): string {
    return this.nodes[this.#table[(hash >>> 0) % this.tableSize]!]!.id;
  }

  /** The share of the table that each node has, by id. They sum to 1. */
  shares(): Map<string, number> {
    const counts = new Float64Array(this.nodes.length);
    for (const owner of this.#table) counts[owner]! += 1;
    return new Map(this.nodes.map(({ id }, i) => [id, counts[i]! / this.tableSize]));
  }
}

function fill(nodes: readonly PlacementNode[], tableSize: number): Uint16Array {
  const next = new Float64Array(nodes.length);
  const skips = new Float64Array(nodes.length);
  const hash: Hash64 = { high: 0, low: 0 };
  nodes.forEach(({ id }, i) => {
    const name = new TextEncoder().encode(id);
    xxHash64Plain(name, hash, 0);
    next[i] = remainder(hash, tableSize);
    xxHash64Plain(name, hash, 1);
    skips[i] = remainder(hash, Math.max(1, tableSize - 1)) + 1;
  });
  const heaviest = Math.max(...nodes.map(weightOf));
  const weights = Float64Array.from(nodes, weightOf);
  const due = new Float64Array(nodes.length);
  const table = new Uint16Array(tableSize).fill(EMPTY);
  let filled = 0;
  for (let round = 1; filled < tableSize; round++) {
    for (let i = 0; i < nodes.length && filled < tableSize; i++) {
      if (round * weights[i]! < due[i]!) continue;
      due[i]! += heaviest;
      let place = next[i]!;
      while (table[place] !== EMPTY) place = (place + skips[i]!) % tableSize;
      table[place] = i;
      next[i] = (place + skips[i]!) % tableSize;
      filled += 1;
    }
  }
  return table;
}

function remainder({ high, low }: Hash64, divisor: number): number {
  return ((high % divisor) * (2 ** 32 % divisor) + (low % divisor)) % divisor;
}

function isPrime(n: number): boolean {
  if (!Number.isInteger(n) || n < 2) return false;
  for (let divisor = 2; divisor * divisor <= n; divisor++) if (n % divisor === 0) return false;
  return true;
}
