/**
 * What a run is like, drawn from its seed before it begins: swarm testing (Groce et al., ISSTA 2012). A seed has only some
 * of the operations, with weights of its own, because a run with all of them hides what a run with few of them shows.
 */
import type { GroupOptions } from '@quorate/cluster/raft';
import { parseSeed, SeededStream } from '@quorate/sim/random';

export const OPERATIONS = [
  'put',
  'get',
  'range',
  'delete',
  'compare-and-set',
  'several-keys',
  'increment',
  'old-read',
  'compact',
] as const;
export type OperationKind = (typeof OPERATIONS)[number];

export interface Shape {
  readonly nodes: number;
  readonly clients: number;
  /** Callers per client, each with one call at a time. */
  readonly callers: number;
  readonly keys: number;
  readonly meanPauseMs: number;
  readonly weights: Readonly<Record<OperationKind, number>>;
  /** Of the writes: so many get a large value, ... */
  readonly largeValueShare: number;
  /** ... up to so many bytes in all. */
  readonly largeValueBytesMax: number;
  readonly watchers: number;
  readonly lessees: number;
  readonly lockers: number;
  /** Somebody transfers leadership and replaces members. */
  readonly changesMembers: boolean;
  readonly transfersLead: boolean;
  /** Between two acts of whoever does. */
  readonly meanOperationMs: number;
  readonly raft: GroupOptions;
  readonly segmentBytes: number;
}

export function drawShape(seed: string, nodes: number): Shape {
  const random = new SeededStream(parseSeed(seed), 'shape');
  const weights = Object.fromEntries(
    OPERATIONS.map((kind, i) => [kind, i > 1 && random.chance(0.3) ? 0 : random.pick([1, 2, 4])]),
  ) as Record<OperationKind, number>;
  // From a stream of its own: which values are large says nothing about the rest.
  const sizes = new SeededStream(parseSeed(seed), 'shape of values');
  const snapshotEntries = random.pick([20, 60, 200, 1000]);
  return {
    nodes,
    clients: random.between(2, 4),
    callers: random.between(1, 4),
    keys: random.between(2, 5),
    meanPauseMs: random.pick([5, 15, 40]),
    weights,
    // Seldom many: they cost a third of such a run's events per second.
    largeValueShare: sizes.chance(1 / 16) ? 0.15 : sizes.chance(1 / 8) ? 0.03 : 0,
    largeValueBytesMax: 640 * 1024,
    watchers: random.pick([0, 1, 2]),
    lessees: random.pick([0, 1, 2]),
    lockers: random.pick([0, 2, 3]),
    changesMembers: random.chance(0.4),
    transfersLead: random.chance(0.5),
    meanOperationMs: random.pick([100, 300, 1000]),
    raft: {
      electionTimeoutMs: random.pick([150, 300]),
      heartbeatIntervalMs: 40,
      snapshotEntries,
      trailingEntries: random.pick([0, 5, Math.floor(snapshotEntries / 2)]),
      reads: random.pick(['index', 'lease']),
      preVote: !random.chance(0.3),
      inflightMessagesMax: random.pick([2, 256]),
      appendBytesMax: random.pick([200, 1024 * 1024]),
    },
    segmentBytes: random.pick([8 * 1024, 32 * 1024, 1024 * 1024]),
  };
}

export function describeShape(shape: Shape): string {
  const { raft, weights } = shape;
  const operations = OPERATIONS.filter((kind) => weights[kind] > 0).map((kind) => `${kind} ${weights[kind]}`);
  const parts = [
    `${shape.clients} clients of ${shape.callers} callers, ${shape.keys} keys, a call every ${shape.meanPauseMs} ms`,
    `operations ${operations.join(', ')}; ${shape.watchers} watchers, ${shape.lessees} lessees, ${shape.lockers} lockers; of the writes ${100 * shape.largeValueShare} % with large values`,
    `members ${shape.changesMembers ? 'change' : 'stay'}, the lead is ${shape.transfersLead ? '' : 'not '}handed over, every ${shape.meanOperationMs} ms`,
    `election ${raft.electionTimeoutMs} ms, reads by ${raft.reads}, pre-vote ${raft.preVote}, a snapshot every ${raft.snapshotEntries} entries with ${raft.trailingEntries} kept, ${raft.appendBytesMax} bytes per append, ${raft.inflightMessagesMax} in flight, segments of ${shape.segmentBytes} bytes`,
  ];
  return parts.map((part) => `workload    ${part}`).join('\n');
}
