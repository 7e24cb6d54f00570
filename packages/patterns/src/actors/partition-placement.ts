/** Where the partitions of an actor directory should be, given where they are. Pure functions, the same for whoever has the same nodes. */
import { mix32 } from '../partitioning/key-hash.ts';
import type { Placement, PlacementNode } from '../partitioning/nodes.ts';
import { planPlacement } from '../partitioning/placement-plan.ts';
import { Rendezvous } from '../partitioning/rendezvous.ts';

/** `owners[p]`: who has partition p now. The result: who should. `nodes` is not empty. */
export type PartitionPlacement = (
  owners: readonly (string | undefined)[],
  nodes: readonly PlacementNode[],
) => readonly string[];

/** By a placement of keys, rendezvous hashing unless told otherwise: as even as chance, and a node that comes or goes moves only its own share. */
export function placeByHash(
  placementOf: (nodes: readonly PlacementNode[]) => Placement = (nodes) => Rendezvous.of(nodes),
): PartitionPlacement {
  return (owners, nodes) => {
    const placement = placementOf(nodes);
    return owners.map((_, partition) => placement.ownerOfHash(mix32(partition + 1)));
  };
}

/** As evenly as weights allow, to within one partition, and of all such placements one that moves the fewest (`planPlacement`). */
export const placeEvenly: PartitionPlacement = (owners, nodes) => {
  const current = owners.map((owner) => (owner === undefined ? [] : [owner]));
  return planPlacement({ nodes, replicas: 1, current }).replicas.map(([owner]) => owner!);
};
