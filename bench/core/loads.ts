/** The loads of the core's benchmark. Each is bounded in time and in what it keeps in flight. */
import type { Cluster, Contender } from './contender.ts';
import { cpuSeconds, pause } from './processes.ts';

export interface Throughput {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU seconds of the servers' processes per 10,000 operations. */
  readonly serverCpu: number;
  /** Operations that failed, as those under way do when the leader changes. They count for nothing else. */
  readonly failed: number;
}

/** With more failures than this share of all, there is nothing to measure. */
const FAILED_SHARE_MAX = 0.05;

const KEYS = 10_000;
const VALUE: Uint8Array = new Uint8Array(256).fill(0x78);

export const putOf =
  (contender: Contender) =>
  (i: number): Promise<unknown> =>
    contender.put(`bench/${i % KEYS}`, VALUE);
export const getOf =
  (contender: Contender) =>
  (i: number): Promise<unknown> =>
    contender.get(`bench/${i % KEYS}`);

/** Keeps `inFlight` operations going for `seconds`. */
export async function throughput(
  cluster: Cluster,
  operation: (i: number) => Promise<unknown>,
  inFlight: number,
  seconds: number,
): Promise<Throughput> {
  const latencies: number[] = [];
  let count = 0;
  let failed = 0;
  let failure: unknown;
  const cpuBefore = cpuSeconds(cluster.pids);
  const startedAt = performance.now();
  const endAt = startedAt + seconds * 1000;
  const worker = async (): Promise<void> => {
    for (let now = performance.now(); now < endAt; ) {
      count += 1;
      const isDone = await operation(count).then(
        () => true,
        (error: unknown) => {
          failed += 1;
          failure = error;
          return false;
        },
      );
      const then = performance.now();
      if (isDone) latencies.push(then - now);
      now = then;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  const elapsed = (performance.now() - startedAt) / 1000;
  if (failed > count * FAILED_SHARE_MAX) throw new Error(`${failed} of ${count} operations failed`, { cause: failure });
  const serverCpu = ((cpuSeconds(cluster.pids) - cpuBefore) / (count - failed)) * 10_000;
  latencies.sort((a, b) => a - b);
  const at = (share: number): number => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return { perSecond: (count - failed) / elapsed, p50Ms: at(0.5), p99Ms: at(0.99), serverCpu, failed };
}

/** Milliseconds from a put until the last of `watchers` has heard of it; the median of `rounds`. */
export async function watchFanOut(contender: Contender, watchers: number, rounds: number): Promise<number> {
  let heard = 0;
  let all: () => void = () => {};
  const stop = await contender.watch('bench/watched', watchers, () => {
    heard += 1;
    if (heard === watchers) all();
  });
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    heard = 0;
    const done = new Promise<void>((resolve) => {
      all = resolve;
    });
    const startedAt = performance.now();
    await contender.put('bench/watched', VALUE);
    await done;
    times.push(performance.now() - startedAt);
  }
  await stop();
  times.sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)]!;
}

/** Milliseconds from the leader's death to the first write acknowledged by the others, asked of them every few milliseconds. */
export async function leaderGap(cluster: Cluster, connect: (survivor: number) => Promise<Contender>): Promise<number> {
  const leader = await cluster.leader();
  const survivors = await Promise.all([1, 2].map((step) => connect((leader + step) % 3)));
  const killedAt = performance.now();
  await cluster.kill(leader);
  let acknowledgedAt = 0;
  const attempt = async (contender: Contender): Promise<void> => {
    while (acknowledgedAt === 0 && performance.now() - killedAt < 20_000) {
      try {
        await Promise.race([
          contender.put('bench/gap', VALUE),
          pause(1000).then(() => Promise.reject(new Error('no answer'))),
        ]);
        acknowledgedAt ||= performance.now();
      } catch {
        await pause(2);
      }
    }
  };
  await Promise.all(survivors.map(attempt));
  await Promise.all(survivors.map((contender) => contender.close()));
  await cluster.restart(leader);
  await cluster.leader();
  await pause(500);
  return acknowledgedAt === 0 ? Number.POSITIVE_INFINITY : acknowledgedAt - killedAt;
}

/** Writes `count` different keys, and returns when all are acknowledged. */
export async function fill(contender: Contender, count: number): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) {
      const i = next++;
      await contender.put(`fill/${String(i).padStart(8, '0')}`, VALUE);
    }
  };
  await Promise.all(Array.from({ length: 200 }, worker));
}
