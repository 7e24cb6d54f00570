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
import { type CandidateWalk, ZoneSpread } from './preference-list.ts';

export class Rendezvous implements Placement {
  /** Sorted by id. */
  readonly nodes: readonly PlacementNode[];
  readonly #seeds: Uint32Array;
  /** Empty when all weights are the same: then hashes are compared as they are. */
  readonly #weights: Float64Array;
  readonly #spread: ZoneSpread;

  private constructor(nodes: readonly PlacementNode[]) {
    this.nodes = nodes;
    this.#seeds = Uint32Array.from(nodes, ({ id }) => hashKey(id));
    const equal = nodes.every((node) => weightOf(node) === weightOf(nodes[0]!));
    this.#weights = Float64Array.from(equal ? [] : nodes, weightOf);
    this.#spread = new ZoneSpread(nodes.map(({ zone }) => zone));
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
    return this.nodes[this.#weights.length > 0 ? this.#cheapest(hash) : this.#highest(hash)]!.id;
  }

  #highest(hash: number): number {
    const seeds = this.#seeds;
    let best = 0;
    let highest = -1;
    for (let i = 0; i < seeds.length; i++) {
      const score = scoreOf(hash, seeds[i]!);
      if (score > highest) {
        highest = score;
        best = i;
      }
    }
    return best;
  }

  #cheapest(hash: number): number {
    const seeds = this.#seeds;
    let best = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < seeds.length; i++) {
      const score = scoreOf(hash, seeds[i]!);
      const weight = this.#weights[i]!;
      // −ln(u) ≥ 1 − u, so that nearly all nodes are ruled out without a logarithm. The margin is for rounding.
      if (0xffff_ffff - score > lowest * weight * MARGIN) continue;
      const cost = costOf(score, weight);
      if (cost < lowest) {
        lowest = cost;
        best = i;
      }
    }
    return best;
  }

  /** Where the replicas of a key go: `count` nodes, the owner first, spread over zones (see `ZoneSpread`). O(nodes) for each that is looked at. */
  preferenceList(key: string, count: number): string[] {
    const hash = hashKey(key);
    const seeds = this.#seeds;
    const costs = new Float64Array(seeds.length);
    for (let i = 0; i < seeds.length; i++) {
      const score = scoreOf(hash, seeds[i]!);
      costs[i] = this.#weights.length > 0 ? costOf(score, this.#weights[i]!) : -score;
    }
    return this.#spread.pick(new CheapestFirst(costs), count).map((place) => this.nodes[place]!.id);
  }
}

/** Places by their costs, the lowest first. */
class CheapestFirst implements CandidateWalk {
  readonly #costs: Float64Array;

  /** Takes the costs over. */
  constructor(costs: Float64Array) {
    this.#costs = costs;
  }

  next(): number {
    const costs = this.#costs;
    let best = -1;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < costs.length; i++) {
      if (costs[i]! < lowest) {
        lowest = costs[i]!;
        best = i;
      }
    }
    if (best >= 0) costs[best] = Number.POSITIVE_INFINITY;
    return best;
  }
}

/** An unsigned 32-bit integer. The key and the node are mixed together twice, so that two nodes' scores have nothing to do with each other. */
function scoreOf(hash: number, seed: number): number {
  return mix32(Math.imul(mix32(hash ^ seed), 0x9e3779b1) + seed);
}

/** What is lowest for the owner: the inverse of −w / ln(u), which is highest for it. */
function costOf(score: number, weight: number): number {
  return -naturalLogarithm(score) / weight;
}

const MARGIN = 2 ** 32 * (1 + 1e-9);
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
