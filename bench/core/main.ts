/**
 * The consistent core beside a real etcd, in one run: three processes each on loopback, both with fsync before every
 * acknowledgement, loaded in turn, several times, by the same program.
 */
import { type CheckPerf, checkPerf } from './check-perf.ts';
import type { Cluster, Contender } from './contender.ts';
import { EtcdCluster } from './etcd-cluster.ts';
import { EtcdContender } from './etcd-contender.ts';
import { fill, getOf, leaderGap, putOf, type Throughput, throughput, watchFanOut } from './loads.ts';
import { NativeContender } from './native-contender.ts';
import { findProgram, residentBytes } from './processes.ts';
import { QuorateCluster } from './quorate-cluster.ts';
import { type Figure, table } from './report.ts';

export interface CoreBenchOptions {
  readonly runs: number;
  readonly seconds: number;
  readonly gapRounds: number;
  readonly watchers: number;
  readonly fillKeys: number;
  /** Whether `etcdctl check perf` is run, once on each side: it takes a minute each. */
  readonly checkPerf: boolean;
}

const ETCD = 'etcd';
const GATEWAY = 'quorate, etcd protocol';
const NATIVE = 'quorate, native';

interface Side {
  readonly name: string;
  readonly cluster: Cluster;
  readonly contender: Contender;
}

/** Resolves with the exit status: 2 when there is no etcd to compare with. */
export async function benchCore(options: CoreBenchOptions, say: (text: string) => void): Promise<number> {
  const program = findProgram('etcd');
  if (program === undefined) {
    say(
      'bench core: no etcd found on this machine (Debian: apt-get install etcd-server), so there is nothing to compare with',
    );
    return 2;
  }
  const etcd = await EtcdCluster.start(program);
  const quorate = await QuorateCluster.start();
  try {
    const figures = await measure(etcd, quorate, options, say);
    say(
      `\nThree processes each on this machine; fsync before every acknowledgement on both sides; values of 256 bytes; ${options.runs} runs in turn.\n`,
    );
    say(table(figures));
    return 0;
  } finally {
    await Promise.all([etcd.stop(), quorate.stop()]);
  }
}

async function measure(
  etcd: EtcdCluster,
  quorate: QuorateCluster,
  options: CoreBenchOptions,
  say: (text: string) => void,
): Promise<Figure[]> {
  const sides: Side[] = [
    { name: ETCD, cluster: etcd, contender: await EtcdContender.connect(ETCD, etcd.addresses[await etcd.leader()]!) },
    {
      name: GATEWAY,
      cluster: quorate,
      contender: await EtcdContender.connect(GATEWAY, quorate.etcd[await quorate.leader()]!),
    },
    { name: NATIVE, cluster: quorate, contender: await NativeContender.connect(quorate.native) },
  ];
  // Memory first, while nothing but these keys is there.
  const memory = await memoryAfterFill(sides, options, say);
  for (const { cluster, contender } of sides) await throughput(cluster, putOf(contender), 100, 1);
  const figures = [
    ...(await rates('writes, one client, one at a time', sides, putOf, 1, options, say, { [NATIVE]: 1.2 })),
    ...(await rates('writes, 100 in flight', sides, putOf, 100, options, say)),
    ...(await rates('writes, 1,000 in flight', sides, putOf, 1000, options, say, { [GATEWAY]: 0.7, [NATIVE]: 5 })),
    ...(await rates('linearizable reads, 100 in flight', sides, getOf, 100, options, say)),
    ...(await rates('linearizable reads, 1,000 in flight', sides, getOf, 1000, options, say)),
    await fanOut(sides, options, say),
  ];
  for (const { contender } of sides) await contender.close();
  const perf = options.checkPerf ? await etcdctlLoad(etcd, quorate, say) : [];
  return [...figures, ...perf, memory, await gaps(etcd, quorate, options, say)];
}

async function etcdctlLoad(etcd: EtcdCluster, quorate: QuorateCluster, say: (text: string) => void): Promise<Figure[]> {
  const results = new Map<string, CheckPerf>();
  for (const [name, addresses] of [
    [ETCD, etcd.addresses],
    [GATEWAY, quorate.etcd],
  ] as const) {
    let result: CheckPerf | undefined;
    try {
      result = await checkPerf(addresses);
    } catch (error) {
      say(`etcdctl check perf: ${name}: left out: ${(error as Error).message}`);
      return [];
    }
    if (result === undefined) {
      say('etcdctl check perf: no etcdctl found on this machine (Debian: apt-get install etcd-client), left out');
      return [];
    }
    results.set(name, result);
    say(`etcdctl check perf: ${name}: ${result.writesPerSecond} writes/s, slowest ${result.slowestMs.toFixed(0)} ms`);
  }
  const pick = (read: (one: CheckPerf) => number): Map<string, number[]> =>
    new Map([...results].map(([name, one]) => [name, [read(one)]]));
  const writes = pick(({ writesPerSecond }) => writesPerSecond);
  return [
    { what: 'etcdctl check perf, 1,000 clients paced at 15,000/s', unit: '/s', better: 'higher', samples: writes },
    { what: '… slowest request', unit: 'ms', better: 'lower', samples: pick(({ slowestMs }) => slowestMs) },
  ];
}

async function rates(
  what: string,
  sides: readonly Side[],
  operationOf: (contender: Contender) => (i: number) => Promise<unknown>,
  inFlight: number,
  options: CoreBenchOptions,
  say: (text: string) => void,
  aims?: Readonly<Record<string, number>>,
): Promise<Figure[]> {
  const results = new Map<string, Throughput[]>(sides.map(({ name }) => [name, []]));
  for (let run = 0; run < options.runs; run++) {
    for (const { name, cluster, contender } of sides) {
      const result = await throughput(cluster, operationOf(contender), inFlight, options.seconds);
      results.get(name)!.push(result);
      say(
        `${what}: ${name}: ${Math.round(result.perSecond)}/s, p50 ${result.p50Ms.toFixed(2)} ms, p99 ${result.p99Ms.toFixed(2)} ms${result.failed > 0 ? `, ${result.failed} failed` : ''}`,
      );
    }
  }
  const pick = (read: (one: Throughput) => number): Map<string, number[]> =>
    new Map([...results].map(([name, all]) => [name, all.map(read)]));
  const rate: Figure = { what, unit: '/s', better: 'higher', samples: pick(({ perSecond }) => perSecond) };
  return [
    aims === undefined ? rate : { ...rate, aims },
    { what: '… p99 latency', unit: 'ms', better: 'lower', samples: pick(({ p99Ms }) => p99Ms) },
    { what: '… servers’ CPU per 10,000', unit: 's', better: 'lower', samples: pick(({ serverCpu }) => serverCpu) },
  ];
}

async function fanOut(sides: readonly Side[], options: CoreBenchOptions, say: (text: string) => void): Promise<Figure> {
  const samples = new Map<string, number[]>(sides.map(({ name }) => [name, []]));
  for (let run = 0; run < options.runs; run++) {
    for (const { name, contender } of sides) {
      const ms = await watchFanOut(contender, options.watchers, 60);
      samples.get(name)!.push(ms);
      say(`watch fan-out to ${options.watchers}: ${name}: ${ms.toFixed(1)} ms`);
    }
  }
  return { what: `a change reaches ${options.watchers} watchers`, unit: 'ms', better: 'lower', samples };
}

async function memoryAfterFill(
  sides: readonly Side[],
  options: CoreBenchOptions,
  say: (text: string) => void,
): Promise<Figure> {
  const samples = new Map<string, number[]>();
  for (const { name, cluster, contender } of sides) {
    if (name === GATEWAY) continue;
    await fill(contender, options.fillKeys);
    const mebibytes = residentBytes(cluster.pids) / 1024 ** 2;
    samples.set(name, [mebibytes]);
    say(`resident memory after ${options.fillKeys} keys: ${name}: ${mebibytes.toFixed(0)} MiB`);
  }
  return {
    what: `memory of the largest process after ${options.fillKeys} keys`,
    unit: 'MiB',
    better: 'lower',
    samples,
  };
}

async function gaps(
  etcd: EtcdCluster,
  quorate: QuorateCluster,
  options: CoreBenchOptions,
  say: (text: string) => void,
): Promise<Figure> {
  const samples = new Map<string, number[]>([
    [ETCD, []],
    [GATEWAY, []],
  ]);
  for (let round = 0; round < options.gapRounds; round++) {
    for (const [name, cluster, addresses] of [
      [ETCD, etcd, etcd.addresses],
      [GATEWAY, quorate, quorate.etcd],
    ] as const) {
      const ms = await leaderGap(cluster, (survivor) => EtcdContender.connect(name, addresses[survivor]!));
      samples.get(name)!.push(ms);
      say(`leader killed: ${name}: ${ms.toFixed(0)} ms without an acknowledged write`);
    }
  }
  return { what: 'leader killed: time without writes', unit: 'ms', better: 'lower', samples };
}
