/** Which buckets should move, so that each cell has its share and none more than it can take: a plan, not yet a move. */
import { planPlacement } from '../partitioning/placement-plan.ts';
import { bucketUnit, type CellTable, type Unit } from './cell-table.ts';

export interface CellCapacity {
  readonly id: string;
  /** Its share of the buckets, against the others. Greater than 0, 1 when absent. */
  readonly weight?: number;
  /** Buckets at most. A cell has a fixed greatest size: what does not fit needs another cell, not a larger one. Default none. */
  readonly bucketsMax?: number;
}

export interface BucketMove {
  readonly unit: Unit;
  readonly from: string;
  readonly to: string;
}

export type CellPlan =
  | { readonly kind: 'moves'; readonly moves: readonly BucketMove[] }
  /** These cells would get more than they can take: add cells. */
  | { readonly kind: 'too-few-cells'; readonly cells: readonly string[] };

/**
 * The fewest moves after which each cell has its share of the buckets, rounded up or down. Cells that are not listed are emptied. Pinned keys stay where
 * they are. As `planPlacement`.
 */
export function planBuckets(table: CellTable, cells: readonly CellCapacity[]): CellPlan {
  const homes = Array.from({ length: table.bucketCount }, (_, bucket) => table.homeOfUnit(bucketUnit(bucket)).cell);
  const nodes = cells.map(({ id, weight = 1 }) => ({ id, weight }));
  const plan = planPlacement({ nodes, replicas: 1, current: homes.map((cell) => [cell]) });
  const maxOf = new Map(cells.map(({ id, bucketsMax = Number.POSITIVE_INFINITY }) => [id, bucketsMax]));
  const overfull = plan.loads.filter(({ id, after }) => after > (maxOf.get(id) ?? 0) && after > 0).map(({ id }) => id);
  if (overfull.length > 0) return { kind: 'too-few-cells', cells: overfull };
  const moves = plan.replicas.flatMap(([to], bucket) => {
    const from = homes[bucket]!;
    return to === from ? [] : [{ unit: bucketUnit(bucket), from, to: to! }];
  });
  return { kind: 'moves', moves };
}
