/**
 * What is compared: each kind of placement, built over N nodes and over one more, as a function from a key to a number. The table is about placement:
 * all of them hash keys with the same function (but Ketama, which has its own).
 */
import {
  BoundedLoads,
  Directory,
  HashRing,
  hashKey,
  jumpKey,
  Ketama,
  KeyRanges,
  Maglev,
  PartitionTable,
  type Placement,
  type PlacementNode,
  planPlacement,
  Rendezvous,
} from '@quorate/patterns/partitioning';

export interface Contender {
  readonly name: string;
  /** What it keeps in memory, in words. */
  readonly state: string;
  /** A lookup in a placement over `count` nodes. Nodes have the same names whatever their number. */
  build(count: number, keys: readonly string[]): (key: string) => string;
}

const nodesOf = (count: number): PlacementNode[] => Array.from({ length: count }, (_, i) => ({ id: `node-${i}` }));

const of = (name: string, state: string, build: (nodes: PlacementNode[]) => Placement): Contender => ({
  name,
  state,
  build: (count) => {
    const placement = build(nodesOf(count));
    return (key) => placement.ownerOf(key);
  },
});

const PARTITIONS = 4096;
/** Tables depend on the ones before them: one for each number of nodes that was asked for, grown from the last. */
const tables = new Map<number, PartitionTable>();

function tableOf(count: number): PartitionTable {
  const known = tables.get(count);
  if (known !== undefined) return known;
  const before = tables.get(count - 1) ?? PartitionTable.empty(PARTITIONS);
  const { changes } = planPlacement({ nodes: nodesOf(count), replicas: 1, current: before.replicas });
  const table = before.change(changes);
  tables.set(count, table);
  return table;
}

/** Cut at the quantiles of a sample, as splits by size would have done it, and given to the nodes in turn. */
function rangesOf(count: number, keys: readonly string[]): KeyRanges {
  const sample = keys.filter((_, i) => i % 10 === 0).sort();
  const perNode = 16;
  const cut = count * perNode;
  let ranges = KeyRanges.whole(['node-0']);
  for (let i = 1; i < cut; i++) {
    const at = sample[Math.floor((i * sample.length) / cut)]!;
    if (ranges.rangeOf(at).start !== at) ranges = ranges.split(at);
  }
  ranges.ranges.forEach(({ id }, i) => {
    ranges = ranges.move(id, [`node-${i % count}`]);
  });
  return ranges;
}

function grownRanges(before: KeyRanges, count: number): KeyRanges {
  const { changes } = planPlacement({
    nodes: nodesOf(count),
    replicas: 1,
    current: before.ranges.map(({ replicas }) => replicas),
  });
  return changes.reduce((ranges, [at, replicas]) => ranges.move(before.ranges[at]!.id, replicas), before);
}

const rangesBySize = new Map<number, KeyRanges>();
const directories = new Map<number, Directory>();

/** Every key where it was put; a new node is given its share of the keys, and nothing else moves. */
function directoryOf(count: number, keys: readonly string[]): Directory {
  const directory = new Directory({ keysMax: keys.length });
  const before = directories.get(count - 1);
  keys.forEach((key, i) => {
    const home = before?.lookup(key)?.home;
    directory.add(
      key,
      home === undefined || i % count === 0 ? `node-${home === undefined ? i % count : count - 1}` : home,
    );
  });
  directories.clear();
  directories.set(count, directory);
  return directory;
}

export const CONTENDERS: readonly Contender[] = [
  {
    name: 'modulo',
    state: 'none',
    build: (count) => {
      const ids = nodesOf(count).map(({ id }) => id);
      return (key) => ids[hashKey(key) % count]!;
    },
  },
  of('ring, 16 points', '16 points per node', (nodes) => HashRing.of(nodes, { pointsPerWeight: 16 })),
  of('ring, 256 points', '256 points per node', (nodes) => HashRing.of(nodes)),
  of('ring, 1024 points', '1024 points per node', (nodes) => HashRing.of(nodes, { pointsPerWeight: 1024 })),
  {
    name: 'ketama',
    state: '160 points per node',
    build: (count) => {
      const ketama = Ketama.of(nodesOf(count).map(({ id }) => ({ host: id })));
      return (key) => ketama.serverOf(key).host;
    },
  },
  {
    name: 'ring, loads bounded by 1.1',
    state: 'the ring and a count per node',
    build: (count, keys) => {
      // Each key is there once and stays: what a lookup gives is where it was placed.
      const loads = new BoundedLoads({ ring: HashRing.of(nodesOf(count)), epsilon: 0.1 });
      const placed = new Map(keys.map((key) => [key, loads.acquire(key)]));
      return (key) => placed.get(key)!;
    },
  },
  of('rendezvous', 'a seed per node', (nodes) => Rendezvous.of(nodes)),
  of('rendezvous, weighted', 'a seed per node', (nodes) =>
    // Weights that differ by nothing that shows, so that logarithms are taken.
    Rendezvous.of(nodes.map((node, i) => ({ ...node, weight: 1 + i * 1e-9 }))),
  ),
  {
    name: 'jump',
    state: 'none',
    build: (count) => {
      const ids = nodesOf(count).map(({ id }) => id);
      return (key) => ids[jumpKey(key, count)]!;
    },
  },
  of('maglev, 65537 places', '65,537 places', (nodes) => Maglev.of(nodes)),
  of('maglev, 655373 places', '655,373 places', (nodes) => Maglev.of(nodes, { tableSize: 655_373 })),
  {
    name: 'fixed partitions, planned',
    state: `${PARTITIONS} partitions`,
    build: (count) => {
      const table = tableOf(count);
      return (key) => table.ownerOf(key)!;
    },
  },
  {
    name: 'key ranges, planned',
    state: '16 ranges per node',
    build: (count, keys) => {
      const before = rangesBySize.get(count - 1);
      const ranges = before === undefined ? rangesOf(count, keys) : grownRanges(before, count);
      rangesBySize.set(count, ranges);
      return (key) => ranges.ownerOf(key)!;
    },
  },
  {
    name: 'directory',
    state: 'an entry per key',
    build: (count, keys) => {
      const directory = directoryOf(count, keys);
      return (key) => directory.lookup(key)!.home;
    },
  },
];
