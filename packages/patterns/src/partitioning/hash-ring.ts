/**
 * The hash ring with virtual nodes: each node stands at many points of a circle of 32-bit integers, a key belongs to the first point at or after
 * its hash. A node that comes takes its share from all others, a node that goes leaves its share to all others; nothing else moves. Karger et al.,
 * "Consistent Hashing and Random Trees", STOC 1997; virtual nodes: Stoica et al., "Chord", SIGCOMM 2001, section 6.1, and Dynamo, SOSP 2007, 4.2.
 *
 * With v points per node the loads of nodes differ by about 1/√v of the mean: v = 256 gives ±6 %. Immutable.
 */
import { hashKey, mix32 } from './key-hash.ts';
import { type Placement, type PlacementNode, sortedNodes, weightOf } from './nodes.ts';
import { type CandidateWalk, ZoneSpread } from './preference-list.ts';

export interface HashRingOptions {
  /** Points of a node of weight 1; a node of weight w has about w times as many, at least one. 256 when absent. */
  readonly pointsPerWeight?: number;
}

export const RING_POINTS_MAX = 0x100_0000;

export class HashRing implements Placement {
  /** Sorted by id. */
  readonly nodes: readonly PlacementNode[];
  readonly pointsPerWeight: number;
  /** Where the points are, ascending, and the node (its place in `nodes`) of each. */
  readonly #points: Uint32Array;
  readonly #owners: Uint16Array;
  /** The first point of each of 2^k equal arcs, so that a lookup begins where it ends, nearly: O(1) instead of O(log points). */
  readonly #firstOfArc: Uint32Array;
  readonly #arcShift: number;
  readonly #spread: ZoneSpread;

  private constructor(nodes: readonly PlacementNode[], pointsPerWeight: number) {
    this.nodes = nodes;
    this.pointsPerWeight = pointsPerWeight;
    [this.#points, this.#owners] = pointsOf(nodes, pointsPerWeight);
    const bits = Math.min(24, Math.max(1, Math.ceil(Math.log2(this.#points.length)) + 1));
    this.#arcShift = 32 - bits;
    this.#firstOfArc = arcsOf(this.#points, bits);
    this.#spread = new ZoneSpread(nodes.map(({ zone }) => zone));
  }

  /** O(points · log points). `RangeError` for wrong nodes (see `sortedNodes`), a wrong `pointsPerWeight`, and more than 2^24 points. */
  static of(nodes: readonly PlacementNode[], options: HashRingOptions = {}): HashRing {
    const { pointsPerWeight = 256 } = options;
    if (!Number.isInteger(pointsPerWeight) || pointsPerWeight < 1)
      throw new RangeError(`pointsPerWeight must be a whole number from 1 on, got ${pointsPerWeight}`);
    return new HashRing(sortedNodes(nodes), pointsPerWeight);
  }

  /** The ring with one more node, or with another weight or zone for one that it has. */
  with(node: PlacementNode): HashRing {
    return HashRing.of([...this.nodes.filter(({ id }) => id !== node.id), node], this);
  }

  /** The ring without a node. `RangeError` when it is the last one; the same ring when it has no such node. */
  without(id: string): HashRing {
    const rest = this.nodes.filter((node) => node.id !== id);
    return rest.length === this.nodes.length ? this : HashRing.of(rest, this);
  }

  get pointCount(): number {
    return this.#points.length;
  }

  ownerOf(key: string): string {
    return this.ownerOfHash(hashKey(key));
  }

  /** Expected O(1); allocates nothing. */
  ownerOfHash(hash: number): string {
    return this.nodes[this.#owners[this.#pointAt(hash)]!]!.id;
  }

  /**
   * Where the replicas of a key go: `count` distinct nodes, the owner first, spread over zones (see `ZoneSpread`). Fewer when there are fewer nodes.
   * When a node goes, those that stay in the list keep their order.
   */
  preferenceList(key: string, count: number): string[] {
    const walk = new RingWalk(this.#owners, this.#pointAt(hashKey(key)), this.nodes.length);
    return this.#spread.pick(walk, count).map((place) => this.nodes[place]!.id);
  }

  /** All nodes, in the order in which a walk from `hash` around the ring meets them. */
  *walk(hash: number): Generator<string, void, undefined> {
    const walk = new RingWalk(this.#owners, this.#pointAt(hash), this.nodes.length);
    for (let place = walk.next(); place >= 0; place = walk.next()) yield this.nodes[place]!.id;
  }

  /** The part of the circle that each node owns, by id. They sum to 1. O(points). */
  shares(): Map<string, number> {
    const owned = new Float64Array(this.nodes.length);
    for (let i = 0; i < this.#points.length; i++) {
      const before = i === 0 ? this.#points[this.#points.length - 1]! - 2 ** 32 : this.#points[i - 1]!;
      owned[this.#owners[i]!]! += this.#points[i]! - before;
    }
    return new Map(this.nodes.map(({ id }, i) => [id, owned[i]! / 2 ** 32]));
  }

  #pointAt(hash: number): number {
    // As unsigned, whichever way it came: else a point would be found that is not the first one.
    const from = hash >>> 0;
    let at = this.#firstOfArc[from >>> this.#arcShift]!;
    while (at < this.#points.length && this.#points[at]! < from) at += 1;
    return at === this.#points.length ? 0 : at;
  }
}

/** The distinct owners of the points from one on, once around. */
class RingWalk implements CandidateWalk {
  readonly #owners: Uint16Array;
  readonly #seen: Uint8Array;
  #at: number;
  #left: number;

  constructor(owners: Uint16Array, start: number, nodes: number) {
    this.#owners = owners;
    this.#seen = new Uint8Array(nodes);
    this.#at = start;
    this.#left = nodes;
  }

  next(): number {
    if (this.#left === 0) return -1;
    for (;;) {
      const owner = this.#owners[this.#at]!;
      this.#at = this.#at + 1 === this.#owners.length ? 0 : this.#at + 1;
      if (this.#seen[owner] === 1) continue;
      this.#seen[owner] = 1;
      this.#left -= 1;
      return owner;
    }
  }
}

/** The points of all nodes in ascending order; where two fall together, the node whose id is first stands first and owns the keys. */
function pointsOf(
  nodes: readonly PlacementNode[],
  pointsPerWeight: number,
): [points: Uint32Array, owners: Uint16Array] {
  const counts = nodes.map((node) => Math.max(1, Math.round(weightOf(node) * pointsPerWeight)));
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total > RING_POINTS_MAX)
    throw new RangeError(`a ring has at most ${RING_POINTS_MAX} points, got ${total}: use smaller weights`);
  // A point and its owner in one number, so that a typed array can sort them: 32 + 16 bits.
  const packed = new Float64Array(total);
  let at = 0;
  nodes.forEach(({ id }, owner) => {
    const start = hashKey(id);
    const stride = hashKey(id, 1);
    // A node's points depend on its id alone, and more weight only adds to them: that is what keeps everything else in place.
    for (let i = 0; i < counts[owner]!; i++)
      packed[at++] = mix32(mix32(start + Math.imul(i, 0x9e3779b9)) ^ stride) * 65_536 + owner;
  });
  packed.sort();
  const points = new Uint32Array(total);
  const owners = new Uint16Array(total);
  for (let i = 0; i < total; i++) {
    points[i] = Math.floor(packed[i]! / 65_536);
    owners[i] = packed[i]! % 65_536;
  }
  return [points, owners];
}

/** Per arc (the hashes with the same first `bits` bits) the first point at or after its start; `points.length` when there is none. */
function arcsOf(points: Uint32Array, bits: number): Uint32Array {
  const first = new Uint32Array(2 ** bits);
  const width = 2 ** (32 - bits);
  let at = 0;
  for (let arc = 0; arc < first.length; arc++) {
    while (at < points.length && points[at]! < arc * width) at += 1;
    first[arc] = at;
  }
  return first;
}
