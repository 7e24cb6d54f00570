/**
 * What many Raft groups on the same three nodes cost against one: frames and CPU when nobody asks anything, and entries per second under load. One log,
 * one socket per peer and one timer carry all of them, so both should go with the nodes and not with the groups.
 */
import { pause } from '../core/processes.ts';
import { type Figure, median, table } from '../core/report.ts';
import { Hosts } from './hosts.ts';

export interface GroupsBenchOptions {
  readonly runs: number;
  readonly seconds: number;
}

const NODES = 3;
const GROUPS = 100;
const IN_FLIGHT = 1000;
const ENTRY: Uint8Array = new Uint8Array(256).fill(0x78);
/** After the elections, and for groups that may fall silent to do so. */
const SETTLE_MS = 2500;
const WARM_UP_SECONDS = 0.5;
const QUIET = { quiesceAfterMs: 500 };

interface Side {
  readonly name: string;
  readonly groups: number;
  readonly options: { readonly quiesceAfterMs?: number };
}

const SIDES: readonly Side[] = [
  { name: '1 group', groups: 1, options: {} },
  { name: `${GROUPS} groups`, groups: GROUPS, options: {} },
  { name: `${GROUPS} groups, silent when idle`, groups: GROUPS, options: QUIET },
];

const MEASURES = [
  { what: 'idle: frames per second and node', unit: '/s', better: 'lower' },
  { what: 'idle: CPU of all three nodes', unit: '% of a core', better: 'lower' },
  { what: `${IN_FLIGHT} entries of ${ENTRY.length} bytes in flight`, unit: 'entries/s', better: 'higher' },
  { what: '… p99 latency', unit: 'ms', better: 'lower' },
  { what: '… entries per write to the disk', unit: '', better: 'higher' },
  { what: '… CPU of all three nodes per 10,000', unit: 's', better: 'lower' },
] as const satisfies readonly Omit<Figure, 'samples'>[];

export async function benchGroups(options: GroupsBenchOptions, say: (text: string) => void): Promise<number> {
  const samples = MEASURES.map(() => new Map<string, number[]>(SIDES.map(({ name }) => [name, []])));
  for (let run = 0; run < options.runs; run++) {
    for (const side of SIDES) {
      await using hosts = await Hosts.start(side.groups, side.options);
      await load(hosts, WARM_UP_SECONDS);
      await pause(SETTLE_MS);
      const figures = [...(await idle(hosts, options.seconds)), ...(await load(hosts, options.seconds))];
      for (const [i, value] of figures.entries()) samples[i]!.get(side.name)!.push(value);
      say(`${side.name}: idle ${figures[0]!.toFixed(1)} frames/s per node; ${Math.round(figures[2]!)} entries/s`);
    }
  }
  say('\nThree nodes in one process, over real sockets and files, with fsync before every acknowledgement.\n');
  say(table(MEASURES.map((measure, i) => ({ ...measure, samples: samples[i]! }))));
  const [frames] = samples as [Map<string, number[]>];
  const [one, many] = SIDES.map(({ name }) => median(frames.get(name)!)) as [number, number];
  // One group's leader talks to two peers; of a hundred groups every node leads some, and answers the other two: three times as much, however many.
  say(
    `idle frames of ${GROUPS} groups: ${(many / one).toFixed(1)}× those of one group (3× when leaders are on all nodes)`,
  );
  return 0;
}

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function idle(hosts: Hosts, seconds: number): Promise<[number, number]> {
  const [frames, cpu, began] = [hosts.counts.frames, cpuSeconds(), performance.now()];
  await pause(seconds * 1000);
  const elapsed = (performance.now() - began) / 1000;
  return [(hosts.counts.frames - frames) / elapsed / NODES, ((cpuSeconds() - cpu) / elapsed) * 100];
}

async function load(hosts: Hosts, seconds: number): Promise<[number, number, number, number]> {
  const latencies: number[] = [];
  const [persists, cpu, began] = [hosts.counts.persists, cpuSeconds(), performance.now()];
  const end = began + seconds * 1000;
  const work = async (group: number): Promise<void> => {
    for (let now = performance.now(); now < end; ) {
      await hosts.propose(group, ENTRY);
      const then = performance.now();
      latencies.push(then - now);
      now = then;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => work(i % hosts.groupCount)));
  const elapsed = (performance.now() - began) / 1000;
  const count = latencies.length;
  latencies.sort((a, b) => a - b);
  // Every node writes every entry.
  const perWrite = (count * NODES) / (hosts.counts.persists - persists);
  return [
    count / elapsed,
    latencies[Math.floor((count - 1) * 0.99)]!,
    perWrite,
    ((cpuSeconds() - cpu) / count) * 10_000,
  ];
}
