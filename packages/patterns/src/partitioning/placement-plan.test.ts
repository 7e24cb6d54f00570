import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { describePlan, PartitionTable, type PlacementNode, type PlacementPlan, planPlacement } from './index.ts';

const named = (count: number): PlacementNode[] => Array.from({ length: count }, (_, i) => ({ id: `n${i}` }));
const nothing = (partitions: number): string[][] => Array.from({ length: partitions }, () => []);

/** What a plan must keep to: distinct nodes, each node's share rounded, and as many zones as there are. */
function check(plan: PlacementPlan, nodes: readonly PlacementNode[], replicas: number): void {
  const zoneOf = new Map(nodes.map(({ id, zone }) => [id, zone]));
  const sizes = new Map<string | undefined, number>();
  for (const { zone } of nodes) sizes.set(zone, (sizes.get(zone) ?? 0) + 1);
  let limit = Math.ceil(replicas / sizes.size);
  while ([...sizes.values()].reduce((sum, size) => sum + Math.min(size, limit), 0) < replicas) limit += 1;
  for (const held of plan.replicas) {
    expect(new Set(held).size).toBe(replicas);
    for (const zone of sizes.keys())
      expect(held.filter((id) => zoneOf.get(id) === zone).length).toBeLessThanOrEqual(limit);
  }
  for (const { id, after, share } of plan.loads) {
    expect(plan.replicas.filter((held) => held.includes(id))).toHaveLength(after);
    expect(Math.abs(after - share)).toBeLessThan(1);
  }
}

describe('a plan', () => {
  test('places new partitions evenly, also their leaders', () => {
    const plan = planPlacement({ nodes: named(5), replicas: 3, current: nothing(64) });
    check(plan, named(5), 3);
    expect(plan.copies).toBe(192);
    expect(plan.loads.map(({ after }) => after).sort()).toEqual([38, 38, 38, 39, 39]);
    const leads = named(5).map(({ id }) => plan.replicas.filter(([leader]) => leader === id).length);
    expect(Math.max(...leads) - Math.min(...leads)).toBeLessThanOrEqual(2);
  });

  test('changes nothing where all is well', () => {
    const first = planPlacement({ nodes: named(5), replicas: 3, current: nothing(64) });
    const again = planPlacement({ nodes: named(5), replicas: 3, current: first.replicas });
    expect([again.moves, again.changes, again.copies]).toEqual([[], [], 0]);
    expect(again.replicas).toEqual(first.replicas);
  });

  test('gives a new node its share and moves nothing else', () => {
    const { replicas } = planPlacement({ nodes: named(9), replicas: 2, current: nothing(100) });
    const plan = planPlacement({ nodes: named(10), replicas: 2, current: replicas });
    check(plan, named(10), 2);
    expect(plan.copies).toBe(20);
    expect(plan.moves.every(({ to }) => to === 'n9')).toBe(true);
  });

  test('empties a node that goes and copies only what it held', () => {
    const { replicas } = planPlacement({ nodes: named(6), replicas: 3, current: nothing(60) });
    const rest = named(6).filter(({ id }) => id !== 'n2');
    const plan = planPlacement({ nodes: rest, replicas: 3, current: replicas });
    check(plan, rest, 3);
    expect(plan.copies).toBe(30);
    expect(plan.moves.every(({ from }) => from === 'n2')).toBe(true);
  });

  test('mixes its nodes and zones, so that the loss of a zone costs only what the zone held', () => {
    const nodes = named(20).map((node, i) => ({ ...node, zone: `z${i % 5}` }));
    const { replicas, loads } = planPlacement({ nodes, replicas: 3, current: nothing(200) });
    const rest = nodes.filter(({ zone }) => zone !== 'z3');
    const lost = loads.filter(({ zone }) => zone === 'z3').reduce((sum, { after }) => sum + after, 0);
    const plan = planPlacement({ nodes: rest, replicas: 3, current: replicas });
    check(plan, rest, 3);
    expect(plan.copies).toBe(lost);
  });

  test('follows weights, but never puts two replicas on one node', () => {
    const nodes = [{ id: 'big', weight: 10 }, { id: 'a' }, { id: 'b' }, { id: 'c' }];
    const plan = planPlacement({ nodes, replicas: 2, current: nothing(30) });
    check(plan, nodes, 2);
    expect(Object.fromEntries(plan.loads.map(({ id, after }) => [id, after]))).toEqual({
      big: 30,
      a: 10,
      b: 10,
      c: 10,
    });
  });

  test('spreads the replicas over zones of different sizes', () => {
    const nodes = ['x', 'x', 'x', 'y', 'y', 'z'].map((zone, i) => ({ id: `n${i}`, zone }));
    const plan = planPlacement({ nodes, replicas: 3, current: nothing(30) });
    check(plan, nodes, 3);
    expect(plan.loads.map(({ after }) => after)).toEqual([10, 10, 10, 15, 15, 30]);
  });

  test('mends what breaks the rules: too few, too many, in one zone, on unknown nodes', () => {
    const nodes = ['x', 'x', 'y', 'y'].map((zone, i) => ({ id: `n${i}`, zone }));
    const current = [['n0'], ['n0', 'n1', 'n2'], ['n0', 'n1'], ['gone', 'n3']];
    const plan = planPlacement({ nodes, replicas: 2, current });
    check(plan, nodes, 2);
    expect(plan.copies).toBe(3);
    expect(plan.moves).toContainEqual(expect.objectContaining({ partition: 3, from: 'gone' }));
    expect(plan.replicas[3]![0]).toBe('n3');
  });

  test('copies as little as any placement that keeps to the quotas', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 1, max: 2 }),
        fc.array(fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.constantFrom('x', 'y'), { minLength: 4, maxLength: 4 }),
        fc.array(fc.constantFrom(1, 1, 2, 5), { minLength: 4, maxLength: 4 }),
        (count, replicas, held, zones, weights) => {
          const nodes = named(count).map((node, i) => ({ ...node, zone: zones[i]!, weight: weights[i]! }));
          const current = held.map((places) => places.map((place) => `n${place}`));
          const plan = planPlacement({ nodes, replicas, current });
          check(plan, nodes, replicas);
          const shares = new Map(plan.loads.map(({ id, share }) => [id, share]));
          expect(plan.copies).toBe(fewestCopies(nodes, replicas, current, shares));
        },
      ),
      { numRuns: 400, seed: 42 },
    );
  });

  test('stays within the quotas through many changes of the nodes', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ node: fc.nat(9), weight: fc.constantFrom(1, 2, 3) }), { minLength: 1, maxLength: 6 }),
        (script) => {
          let nodes: PlacementNode[] = named(4).map((node, i) => ({ ...node, zone: `z${i % 3}` }));
          let { replicas } = planPlacement({ nodes, replicas: 3, current: nothing(40) });
          for (const { node, weight } of script) {
            const id = `n${node}`;
            const rest = nodes.filter((other) => other.id !== id);
            nodes =
              rest.length < nodes.length && rest.length >= 3 ? rest : [...rest, { id, zone: `z${node % 3}`, weight }];
            const plan = planPlacement({ nodes, replicas: 3, current: replicas });
            check(plan, nodes, 3);
            replicas = plan.replicas;
          }
        },
      ),
      { numRuns: 60, seed: 42 },
    );
  });

  test('is shown before anything is done, and then done by a change of the table', () => {
    const table = PartitionTable.of(7, [
      ['a', 'b'],
      ['a', 'b'],
      ['b', 'a'],
    ]);
    const nodes = [
      { id: 'a', zone: 'x' },
      { id: 'b', zone: 'y' },
      { id: 'c', zone: 'y' },
    ];
    const plan = planPlacement({ nodes, replicas: 2, current: table.replicas });
    expect(describePlan(plan)).toMatch(
      /^1 of 6 replicas are copied, 1 are dropped\n {2}partition \d: b -> c\n {2}a {2}3 -> 3 \(share 3.0\) in x\n/,
    );
    const next = table.change(plan.changes);
    expect([next.epoch, next.heldBy('c')]).toEqual([8, plan.moves.map(({ partition }) => partition)]);
  });

  test('is refused for fewer nodes than replicas', () => {
    expect(() => planPlacement({ nodes: named(2), replicas: 3, current: [[]] })).toThrow(
      /from 1 to the number of nodes \(2\), got 3/,
    );
    expect(() => planPlacement({ nodes: named(2), replicas: 1, current: [] })).toThrow(/1 to 65536 partitions/);
  });
});

/** By trying all placements. */
function fewestCopies(
  nodes: readonly PlacementNode[],
  replicas: number,
  current: readonly (readonly string[])[],
  shares: ReadonlyMap<string, number>,
): number {
  const ids = nodes.map(({ id }) => id);
  const zones = new Map(nodes.map(({ id, zone }) => [id, zone]));
  const zoneNames = [...new Set(nodes.map(({ zone }) => zone))];
  const sets = ids.flatMap((a, i) => (replicas === 1 ? [[a]] : ids.slice(i + 1).map((b) => [a, b])));
  const spreadBest = Math.min(
    ...sets.map((set) => Math.max(...zoneNames.map((zone) => set.filter((id) => zones.get(id) === zone).length))),
  );
  const allowed = sets.filter((set) =>
    zoneNames.every((zone) => set.filter((id) => zones.get(id) === zone).length <= spreadBest),
  );
  let best = Number.POSITIVE_INFINITY;
  const loads = new Map<string, number>();
  const place = (partition: number, copies: number): void => {
    if (copies >= best) return;
    if (partition === current.length) {
      if (ids.every((id) => Math.abs((loads.get(id) ?? 0) - shares.get(id)!) < 1 - 1e-9)) best = copies;
      return;
    }
    for (const set of allowed) {
      for (const id of set) loads.set(id, (loads.get(id) ?? 0) + 1);
      place(partition + 1, copies + set.filter((id) => !current[partition]!.includes(id)).length);
      for (const id of set) loads.set(id, loads.get(id)! - 1);
    }
  };
  place(0, 0);
  return best;
}
