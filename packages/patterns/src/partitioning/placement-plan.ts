/**
 * The placement planner: which nodes should hold which partitions, and what has to be copied to get there. It decides nothing: it gives a plan that
 * can be shown (`describePlan`), refused, or carried out step by step.
 *
 * The plan keeps to the quotas and among all that do it copies the least (see `assignment-flow.ts`; tested against all placements of small cases):
 *
 *   - each partition has its replicas, on different nodes;
 *   - its replicas are spread over zones as evenly as there are zones and nodes in them;
 *   - each node holds its weight's share, rounded up or down, as far as zones leave it a choice.
 *
 * Whoever carries it out copies first (`to`) and drops afterwards (`from`), so that no partition has fewer replicas in between.
 */
import { AssignmentFlow } from './assignment-flow.ts';
import { PARTITIONS_MAX } from './fixed-partitions.ts';
import { type PlacementNode, sortedNodes } from './nodes.ts';
import { type Quotas, quotasOf } from './placement-quotas.ts';

export interface PlacementRequest {
  /** Who may hold something. A node that holds something but is not among them gets rid of all. */
  readonly nodes: readonly PlacementNode[];
  /** How many nodes hold each partition. */
  readonly replicas: number;
  /** Who holds each partition now, the leader first. Nobody, for one that is new. */
  readonly current: readonly (readonly string[])[];
}

export interface PlacementMove {
  readonly partition: number;
  /** Who drops it. Absent when a replica is added to those that there are. */
  readonly from?: string;
  /** Who copies it. Absent when there were too many replicas. */
  readonly to?: string;
}

export interface NodeLoad {
  readonly id: string;
  readonly zone: string | undefined;
  /** Replicas held. */
  readonly before: number;
  readonly after: number;
  /** What it should hold, before rounding. 0 for a node that goes. */
  readonly share: number;
}

export interface PlacementPlan {
  /** Who holds each partition in the end, the leader first. */
  readonly replicas: readonly (readonly string[])[];
  /** By partition. Empty when all is well. */
  readonly moves: readonly PlacementMove[];
  /** How many replicas are copied: the moves that have a `to`. */
  readonly copies: number;
  /** By id. */
  readonly loads: readonly NodeLoad[];
  /** What to give to `PartitionTable.change`. */
  readonly changes: readonly (readonly [partition: number, nodes: readonly string[]])[];
}

/** Partitions times nodes: what the planner keeps one byte for. */
export const PLACEMENT_CELLS_MAX = 0x800_0000;

/**
 * The cheapest plan. `RangeError` when there are fewer nodes than replicas, no partitions, or more than 2^27 partitions times nodes. Deterministic.
 * Adding a node to 100 that hold 1,024 partitions three times takes about a tenth of a second.
 */
export function planPlacement(request: PlacementRequest): PlacementPlan {
  const { replicas, current } = request;
  const nodes = sortedNodes(request.nodes);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas > nodes.length)
    throw new RangeError(
      `replicas must be a whole number from 1 to the number of nodes (${nodes.length}), got ${replicas}`,
    );
  if (current.length < 1 || current.length > PARTITIONS_MAX || current.length * nodes.length > PLACEMENT_CELLS_MAX)
    throw new RangeError(
      `there must be 1 to ${PARTITIONS_MAX} partitions, at most ${PLACEMENT_CELLS_MAX} times nodes, got ${current.length} of ${nodes.length} nodes`,
    );
  const places = new Map(nodes.map(({ id }, place) => [id, place]));
  const held = current.map((ids) => [...new Set(ids)].flatMap((id) => places.get(id) ?? []));
  const quotas = quotasOf(nodes, current.length, replicas);
  const flow = new AssignmentFlow(held, nodes.length, replicas, quotas);
  flow.solve();
  const target = orderReplicas(nodes, held, flow);
  return { replicas: target, ...differences(nodes, current, target), loads: loadsOf(nodes, current, flow, quotas) };
}

/** Those that stay, in their order; then the new ones, those that lead the least so far first, so that new leaders are spread. */
function orderReplicas(
  nodes: readonly PlacementNode[],
  held: readonly (readonly number[])[],
  flow: AssignmentFlow,
): string[][] {
  const leads = new Int32Array(nodes.length);
  const staying = held.map((places, partition) => places.filter((place) => flow.holds(partition, place)));
  for (const [leader] of staying) if (leader !== undefined) leads[leader]! += 1;
  return staying.map((kept, partition) => {
    const added: number[] = [];
    for (let place = 0; place < nodes.length; place++)
      if (flow.holds(partition, place) && !kept.includes(place)) added.push(place);
    const lead = (place: number): number => leads[place]! / Math.max(1, flow.loadOf(place));
    added.sort((a, b) => lead(a) - lead(b) || a - b);
    if (kept.length === 0) leads[added[0]!]! += 1;
    return [...kept, ...added].map((place) => nodes[place]!.id);
  });
}

function differences(
  nodes: readonly PlacementNode[],
  current: readonly (readonly string[])[],
  target: readonly (readonly string[])[],
): Pick<PlacementPlan, 'moves' | 'copies' | 'changes'> {
  const zones = new Map(nodes.map(({ id, zone }) => [id, zone]));
  const moves: PlacementMove[] = [];
  const changes: (readonly [number, readonly string[]])[] = [];
  target.forEach((after, partition) => {
    const before = current[partition]!;
    if (before.length === after.length && before.every((id, i) => id === after[i])) return;
    changes.push([partition, after]);
    const dropped = before.filter((id) => !after.includes(id));
    for (const to of after.filter((id) => !before.includes(id))) {
      // Who drops a replica in the same zone is the nearest to copy from.
      const near = dropped.findIndex((id) => zones.get(id) === zones.get(to));
      const [from] = dropped.splice(Math.max(0, near), 1);
      moves.push(from === undefined ? { partition, to } : { partition, from, to });
    }
    for (const from of dropped) moves.push({ partition, from });
  });
  return { moves, copies: moves.filter(({ to }) => to !== undefined).length, changes };
}

function loadsOf(
  nodes: readonly PlacementNode[],
  current: readonly (readonly string[])[],
  flow: AssignmentFlow,
  { shares }: Quotas,
): NodeLoad[] {
  const before = new Map<string, number>();
  for (const ids of current) for (const id of ids) before.set(id, (before.get(id) ?? 0) + 1);
  const staying = nodes.map(
    ({ id, zone }, place): NodeLoad => ({
      id,
      zone,
      before: before.get(id) ?? 0,
      after: flow.loadOf(place),
      share: shares[place]!,
    }),
  );
  const known = new Set(nodes.map(({ id }) => id));
  const leaving = [...before]
    .filter(([id]) => !known.has(id))
    .map(([id, held]): NodeLoad => ({ id, zone: undefined, before: held, after: 0, share: 0 }));
  return [...staying, ...leaving].sort((a, b) => (a.id < b.id ? -1 : 1));
}

const MOVES_SHOWN = 50;

/** The plan for people: what is copied, then what each node holds before and after. At most fifty moves are listed. */
export function describePlan(plan: PlacementPlan): string {
  const { moves, copies, loads } = plan;
  const total = plan.replicas.reduce((sum, { length }) => sum + length, 0);
  const lines = [
    `${copies} of ${total} replicas are copied, ${moves.filter(({ from }) => from !== undefined).length} are dropped`,
  ];
  for (const { partition, from, to } of moves.slice(0, MOVES_SHOWN)) {
    if (to === undefined) lines.push(`  partition ${partition}: drop from ${from}`);
    else if (from === undefined) lines.push(`  partition ${partition}: copy to ${to}`);
    else lines.push(`  partition ${partition}: ${from} -> ${to}`);
  }
  if (moves.length > MOVES_SHOWN) lines.push(`  and ${moves.length - MOVES_SHOWN} more`);
  const width = Math.max(...loads.map(({ id }) => id.length));
  for (const { id, zone, before, after, share } of loads) {
    const where = zone === undefined ? '' : ` in ${zone}`;
    lines.push(`  ${id.padEnd(width)}  ${before} -> ${after} (share ${share.toFixed(1)})${where}`);
  }
  return lines.join('\n');
}
