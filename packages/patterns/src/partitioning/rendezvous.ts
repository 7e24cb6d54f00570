/**
 * Rendezvous hashing (highest random weight): every node scores every key, the highest score owns it, the next ones hold its replicas. No table,
 * no virtual nodes, the best balance that hashing can give; a lookup asks every node. Thaler and Ravishankar, "Using Name-Based Mappings to
 * Increase Hit Rates", IEEE/ACM Transactions on Networking 1998. Weights by −w / ln(u): Schindelhauer and Schomaker, "Weighted Distributed Hash
 * Tables", SPAA 2005: keys move only to or from the node whose weight changed.
 *
 * Up to some 64 nodes; for more, `HashRing` or `Maglev`. Immutable.
 */
import { hashKey, mix32 } from './key-hash.ts';
import { type Placement, type PlacementNode, sortedNodes, weightOf } from './nodes.ts';
import { spread } from './preference-list.ts';

export class Rendezvous implements Placement {
  /** Sorted by id. */
  readonly nodes: readonly PlacementNode[];
  readonly #seeds: Uint32Array;
  /** Empty when all weights are the same: then hashes are compared as they are. */
  readonly #weights: Float64Array;

  private constructor(nodes: readonly PlacementNode[]) {
    this.nodes = nodes;
    this.#seeds = Uint32Array.from(nodes, ({ id }) => hashKey(id));
    const equal = nodes.every((node) => weightOf(node) === weightOf(nodes[0]!));
    this.#weights = Float64Array.from(equal ? [] : nodes, weightOf);
  }

  /** `RangeError` for wrong nodes (see `sortedNodes`). */
  static of(nodes: readonly PlacementNode[]): Rendezvous {
    return new Rendezvous(sortedNodes(nodes));
  }

  /** With one more node, or with another weight or zone for one that is there. */
  with(node: PlacementNode): Rendezvous {
    return Rendezvous.of([...this.nodes.filter(({ id }) => id !== node.id), node]);
  }

  /** Without a node. `RangeError` when it is the last one; the same value when there is no such node. */
  without(id: string): Rendezvous {
    const rest = this.nodes.filter((node) => node.id !== id);
    return rest.length === this.nodes.length ? this : Rendezvous.of(rest);
  }

  ownerOf(key: string): string {
    return this.ownerOfHash(hashKey(key));
  }

  /** O(nodes); allocates nothing. The node whose id is first wins a tie. */
  ownerOfHash(hash: number): string {
    const seeds = this.#seeds;
    let best = 0;
    if (this.#weights.length > 0) {
      let score = -1;
      for (let i = 0; i < seeds.length; i++) {
        const own = weighted(scoreOf(hash, seeds[i]!), this.#weights[i]!);
        if (own > score) {
          score = own;
          best = i;
        }
      }
    } else {
      let score = -1;
      for (let i = 0; i < seeds.length; i++) {
        const own = scoreOf(hash, seeds[i]!);
        if (own > score) {
          score = own;
          best = i;
        }
      }
    }
    return this.nodes[best]!.id;
  }

  /** Where the replicas of a key go: `count` nodes, the owner first, spread over zones (see `spread`). O(nodes · log nodes). */
  preferenceList(key: string, count: number): string[] {
    const hash = hashKey(key);
    const scores = Float64Array.from(this.#seeds, (seed, i) =>
      this.#weights.length > 0 ? weighted(scoreOf(hash, seed), this.#weights[i]!) : scoreOf(hash, seed),
    );
    const order = this.nodes.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]! || a - b);
    return spread(order, count, (i) => this.nodes[i]!.zone).map((i) => this.nodes[i]!.id);
  }
}

/** An unsigned 32-bit integer. The key and the node are mixed together twice, so that two nodes' scores have nothing to do with each other. */
function scoreOf(hash: number, seed: number): number {
  return mix32(Math.imul(mix32(hash ^ seed), 0x9e3779b1) + seed);
}

function weighted(score: number, weight: number): number {
  return -weight / naturalLogarithm(score);
}

const SQRT_HALF = Math.SQRT1_2;
/** 1/3, 1/5, … of the series of the inverse hyperbolic tangent: at most 0.1716 to the power of 2 · 10 is left out. */
const TERMS = [1 / 19, 1 / 17, 1 / 15, 1 / 13, 1 / 11, 1 / 9, 1 / 7, 1 / 5, 1 / 3];

/**
 * ln((score + ½) / 2^32). `Math.log` may differ in its last bit from one engine to another, and two clients that differ would place a key
 * differently; this one is made of operations that IEEE 754 defines to the last bit.
 */
function naturalLogarithm(score: number): number {
  let exponent = Math.clz32(score) === 32 ? -32 : -Math.clz32(score);
  let mantissa = (score + 0.5) / 2 ** (32 + exponent);
  if (mantissa < SQRT_HALF) {
    mantissa *= 2;
    exponent -= 1;
  }
  const ratio = (mantissa - 1) / (mantissa + 1);
  const squared = ratio * ratio;
  let sum = 0;
  for (let i = 0; i < TERMS.length; i++) sum = (sum + TERMS[i]!) * squared;
  return exponent * Math.LN2 + 2 * ratio * (1 + sum);
}
