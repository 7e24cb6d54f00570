/** Where keys go: routing to caches, placing partitions, and what to do about a hot one. */
import { Instant } from '@quorate/patterns/base';
import {
  describePlan,
  HashRing,
  HotPartitions,
  Ketama,
  KeyRanges,
  PartitionTable,
  planPlacement,
  saltedKeys,
} from '@quorate/patterns/partitioning';

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

// Which cache has a key, and who takes over?
const ring = HashRing.of([
  { id: 'cache-1', zone: 'east' },
  { id: 'cache-2', zone: 'east' },
  { id: 'cache-3', zone: 'west', weight: 2 },
]);
const keys = Array.from({ length: 10_000 }, (_, i) => `user:${i}`);
const grown = ring.with({ id: 'cache-4', zone: 'west' });
const moved = keys.filter((key) => ring.ownerOf(key) !== grown.ownerOf(key)).length;
say(`user:7 is kept by ${ring.preferenceList('user:7', 2).join(' and ')}, in two zones`);
say(`a fourth cache takes ${((moved / keys.length) * 100).toFixed(1)} % of the keys, and the others exchange none`);

// Which memcached server do all other clients ask?
const ketama = Ketama.of([
  { host: '10.0.1.1', weight: 600 },
  { host: '10.0.1.2', weight: 300 },
]);
say(`libmemcached keeps user:7 on ${ketama.serverOf('user:7').host}`);

// Who should hold which partitions, and what must be copied for that?
const nodes = [
  { id: 'a', zone: 'east' },
  { id: 'b', zone: 'east' },
  { id: 'c', zone: 'west' },
];
const first = planPlacement({ nodes, replicas: 2, current: PartitionTable.empty(12).replicas });
const table = PartitionTable.empty(12).change(first.changes);
const plan = planPlacement({ nodes: [...nodes, { id: 'd', zone: 'west' }], replicas: 2, current: table.replicas });
say(`\nbefore anybody acts, the plan for a fourth node:\n${describePlan(plan)}`);
say(`then the table has epoch ${table.change(plan.changes).epoch}`);

// Where does a scan go?
const ranges = KeyRanges.whole(['a']).split('m').move(3, ['b']);
say(
  `\na scan from k to p asks ${ranges
    .overlapping('k', 'p')
    .map(({ replicas }) => replicas[0])
    .join(' and ')}`,
);

// Why is a partition hot, and what helps?
const detector = new HotPartitions({ partitions: 12, partitionOf: (key) => table.partitionOf(key) }, Instant.of(0));
for (let ms = 0; ms < 30_000; ms += 10) {
  for (const key of keys.slice(0, 5)) detector.record('read', key, Instant.of(ms));
  detector.record('write', 'likes:famous', Instant.of(ms), 40);
}
for (const advice of detector.advise(Instant.of(30_000))) {
  if (advice.kind !== 'salt') continue;
  say(
    `${advice.kind} ${advice.key}: ${Math.round(advice.perSecond)} writes per second belong on ${advice.ways} sub-keys`,
  );
  say(`readers of likes:famous then add up ${saltedKeys(advice.key, advice.ways).length} counters`);
}
