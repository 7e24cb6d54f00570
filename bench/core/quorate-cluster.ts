import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Address } from '@quorate/env';
import { removeDirectory, temporaryDirectory } from '../leftovers.ts';
import type { Cluster } from './contender.ts';
import { answers, leaderByStatus } from './etcd-cluster.ts';
import { freePorts, Process } from './processes.ts';

const script = fileURLToPath(new URL('../../../packages/quorate/bin/quorate.js', import.meta.url));

/** Three processes of `quorate serve` with default settings. */
export class QuorateCluster implements Cluster {
  readonly name = 'quorate';
  readonly native: readonly Address[];
  readonly etcd: readonly Address[];
  readonly #directory: string;
  readonly #processes: readonly Process[];

  private constructor(
    directory: string,
    native: readonly Address[],
    etcd: readonly Address[],
    processes: readonly Process[],
  ) {
    this.#directory = directory;
    this.native = native;
    this.etcd = etcd;
    this.#processes = processes;
  }

  static async start(): Promise<QuorateCluster> {
    const directory = temporaryDirectory('quorate-bench-');
    const ports = await freePorts(9);
    const at = (index: number): Address => ({ host: '127.0.0.1', port: ports[index]! });
    const initialCluster = Object.fromEntries([0, 1, 2].map((i) => [`n${i}`, `127.0.0.1:${ports[i]}`]));
    const processes = [0, 1, 2].map((i) => {
      const config = join(directory, `n${i}.json`);
      const settings = {
        ...{
          name: `n${i}`,
          dataDir: join(directory, `n${i}`),
          initialCluster,
          quotaBytes: 4 * 1024 ** 3,
          logLevel: 'error',
        },
        ...{ port: ports[i], etcdPort: ports[3 + i], httpPort: ports[6 + i] },
      };
      writeFileSync(config, JSON.stringify(settings));
      return new Process(process.execPath, [script, 'serve', '--config', config]);
    });
    const cluster = new QuorateCluster(directory, [at(0), at(1), at(2)], [at(3), at(4), at(5)], processes);
    for (const each of processes) each.start();
    await cluster.leader();
    return cluster;
  }

  get pids(): readonly number[] {
    return this.#processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  leader(): Promise<number> {
    return leaderByStatus(this.etcd);
  }

  kill(index: number): Promise<void> {
    return this.#processes[index]!.end('SIGKILL');
  }

  /** Resolves once the member answers again: what it has to load takes its time. */
  async restart(index: number): Promise<void> {
    this.#processes[index]!.start();
    await answers(this.etcd[index]!);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((each) => each.end('SIGTERM')));
    removeDirectory(this.#directory);
  }
}
