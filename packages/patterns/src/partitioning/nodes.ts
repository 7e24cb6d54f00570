/** What all placements know of a node, and how they check it. */

export interface PlacementNode {
  /** Unique among the nodes. Decides where the node stands: a node that is renamed is another node. */
  readonly id: string;
  /** Its share of the keys, against the weights of the others. Greater than 0 (from 1e-100 to 1e100), 1 when absent. */
  readonly weight?: number;
  /** What fails together: a rack, an availability zone. Nodes without one share one. */
  readonly zone?: string;
}

/** Where keys go. Immutable: who adds or removes a node gets another placement. */
export interface Placement {
  readonly nodes: readonly PlacementNode[];
  /** The id of the node that owns a key. */
  ownerOf(key: string): string;
  /** The same for a key that was hashed elsewhere, to an unsigned 32-bit integer. */
  ownerOfHash(hash: number): string;
}

/** Beyond these, sums of weights overflow, and what is divided by them vanishes. */
const WEIGHT_MIN = 1e-100;
const WEIGHT_MAX = 1e100;

export const NODES_MAX = 65_535;

/**
 * The nodes, sorted by id, so that everybody who knows the same nodes agrees on everything, in whatever order they were learned. `RangeError`
 * when there are none or too many, when two have the same id, or when a weight is not a number greater than 0 (from 1e-100 to
 * 1e100).
 */
export function sortedNodes(nodes: readonly PlacementNode[]): readonly PlacementNode[] {
  if (nodes.length === 0 || nodes.length > NODES_MAX)
    throw new RangeError(`a placement has 1 to ${NODES_MAX} nodes, got ${nodes.length}`);
  const sorted = [...nodes].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  sorted.forEach((node, i) => {
    if (node.id === sorted[i + 1]?.id)
      throw new RangeError(`node ids must differ, got ${JSON.stringify(node.id)} twice`);
    if (!(weightOf(node) >= WEIGHT_MIN && weightOf(node) <= WEIGHT_MAX))
      throw new RangeError(
        `the weight of ${JSON.stringify(node.id)} must be greater than 0, from ${WEIGHT_MIN} to ${WEIGHT_MAX}, got ${node.weight}`,
      );
  });
  return sorted;
}

export function weightOf(node: PlacementNode): number {
  return node.weight ?? 1;
}
