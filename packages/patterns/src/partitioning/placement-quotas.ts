/**
 * How many replicas each node should hold: its weight's share of all, but never more than one of each partition, and never more of a zone than the
 * rule for zones allows. What a node cannot take is shared out among the rest by weight again (water filling).
 */
import { type PlacementNode, weightOf } from './nodes.ts';

export interface Quotas {
  /** The zone of each node, as a number. */
  readonly zoneOf: Int32Array;
  /** How many replicas of one partition each zone may hold. */
  readonly zoneMax: Int32Array;
  /** The fewest and the most replicas of each node: its share rounded down and up. */
  readonly least: Int32Array;
  readonly most: Int32Array;
  /** The shares themselves. */
  readonly shares: Float64Array;
}

/** Rounding errors of the shares stay far below this, and differences between shares that matter far above. */
const EPSILON = 1e-6;

/** Expects at least `replicas` nodes. O(nodes²) at worst. */
export function quotasOf(nodes: readonly PlacementNode[], partitions: number, replicas: number): Quotas {
  const zones = [...new Set(nodes.map(({ zone }) => zone))];
  const zoneOf = Int32Array.from(nodes, ({ zone }) => zones.indexOf(zone));
  const zoneMax = zoneLimits(zoneOf, zones.length, replicas);
  const shares = fill(nodes.map(weightOf), zoneOf, zoneMax, partitions, replicas);
  return {
    zoneOf,
    zoneMax,
    least: Int32Array.from(shares, (share) => Math.floor(share + EPSILON)),
    most: Int32Array.from(shares, (share) => Math.ceil(share - EPSILON)),
    shares,
  };
}

/** As few replicas of a partition in one zone as is possible at all, but no zone more than it has nodes. */
function zoneLimits(zoneOf: Int32Array, zones: number, replicas: number): Int32Array {
  const sizes = new Int32Array(zones);
  for (const zone of zoneOf) sizes[zone]! += 1;
  for (let limit = Math.ceil(replicas / zones); ; limit++) {
    const limits = sizes.map((size) => Math.min(size, limit));
    if (limits.reduce((sum, of) => sum + of, 0) >= replicas) return limits;
  }
}

/** Freezes what is over its limit at that limit and shares out the rest, until nothing is over. */
function fill(
  weights: readonly number[],
  zoneOf: Int32Array,
  zoneMax: Int32Array,
  partitions: number,
  replicas: number,
): Float64Array {
  const shares = new Float64Array(weights.length);
  const nodesOf = Array.from(zoneMax, (_, zone) => weights.flatMap((_weight, i) => (zoneOf[i] === zone ? [i] : [])));
  const zoneWeights = nodesOf.map((members) => members.reduce((sum, i) => sum + weights[i]!, 0));
  // Two levels: zones within all replicas, then nodes within their zone. A zone takes no more than its own nodes can.
  const zoneShares = waterFill(
    zoneWeights,
    Array.from(zoneMax, (limit) => limit * partitions),
    partitions * replicas,
  );
  nodesOf.forEach((members, zone) => {
    const within = waterFill(
      members.map((i) => weights[i]!),
      members.map(() => partitions),
      zoneShares[zone]!,
    );
    members.forEach((i, at) => {
      shares[i] = within[at]!;
    });
  });
  return shares;
}

/** `amount` by weight, none above its limit. Expects that the limits together are enough. */
function waterFill(weights: readonly number[], limits: readonly number[], amount: number): number[] {
  const shares: number[] = weights.map(() => 0);
  let open = weights.map((_, i) => i);
  let left = amount;
  for (;;) {
    const total = open.reduce((sum, i) => sum + weights[i]!, 0);
    const over = open.filter((i) => (left * weights[i]!) / total > limits[i]! + EPSILON);
    if (over.length === 0) {
      for (const i of open) shares[i] = (left * weights[i]!) / total;
      return shares;
    }
    for (const i of over) {
      shares[i] = limits[i]!;
      left -= limits[i]!;
    }
    open = open.filter((i) => !over.includes(i));
  }
}
