import { join } from 'node:path';
import type { Address } from '@quorate/env';
import { GrpcClient, STATUS } from '@quorate/gateways/etcd/client';
import { removeDirectory, temporaryDirectory } from '../leftovers.ts';
import type { Cluster } from './contender.ts';
import { freePorts, Process, pause } from './processes.ts';

/** A real etcd of three members with its default settings, as packaged. */
export class EtcdCluster implements Cluster {
  readonly name = 'etcd';
  readonly addresses: readonly Address[];
  readonly #directory: string;
  readonly #processes: readonly Process[];

  private constructor(directory: string, addresses: readonly Address[], processes: readonly Process[]) {
    this.#directory = directory;
    this.addresses = addresses;
    this.#processes = processes;
  }

  static async start(program: string): Promise<EtcdCluster> {
    const directory = temporaryDirectory('quorate-bench-etcd-');
    const ports = await freePorts(6);
    const peers = [0, 1, 2].map((at) => `http://127.0.0.1:${ports[at * 2 + 1]}`);
    const members = peers.map((url, at) => `m${at}=${url}`).join(',');
    const addresses = [0, 1, 2].map((at) => ({ host: '127.0.0.1', port: ports[at * 2]! }));
    const processes = addresses.map(({ port }, at) => {
      const client = `http://127.0.0.1:${port}`;
      return new Process(program, [
        ...[
          '--name',
          `m${at}`,
          '--data-dir',
          join(directory, `m${at}`),
          '--log-level',
          'error',
          '--initial-cluster',
          members,
        ],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peers[at]!, '--initial-advertise-peer-urls', peers[at]!],
        ...['--quota-backend-bytes', String(4 * 1024 ** 3)],
      ]);
    });
    const cluster = new EtcdCluster(directory, addresses, processes);
    for (const process of processes) process.start();
    await cluster.leader();
    return cluster;
  }

  get pids(): readonly number[] {
    return this.#processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
  }

  leader(): Promise<number> {
    return leaderByStatus(this.addresses);
  }

  kill(index: number): Promise<void> {
    return this.#processes[index]!.end('SIGKILL');
  }

  async restart(index: number): Promise<void> {
    this.#processes[index]!.start();
    await answers(this.addresses[index]!);
  }

  async stop(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.end('SIGTERM')));
    removeDirectory(this.#directory);
  }
}

/** Asks all members through etcd's protocol, which both sides speak, until one says that it leads. */
export async function leaderByStatus(addresses: readonly Address[]): Promise<number> {
  for (let attempt = 0; attempt < 600; attempt++) {
    for (const [index, address] of addresses.entries()) if ((await roleOf(address)) === 'leader') return index;
    await pause(50);
  }
  throw new Error('no member leads after 30 seconds');
}

/** Resolves when the member there answers. */
export async function answers(address: Address): Promise<void> {
  for (let attempt = 0; attempt < 1200; attempt++) {
    if ((await roleOf(address)) !== undefined) return;
    await pause(50);
  }
  throw new Error(`the member at ${address.host}:${address.port} does not answer after a minute`);
}

/** Undefined when nothing answers there. */
async function roleOf(address: Address): Promise<'leader' | 'other' | undefined> {
  let client: GrpcClient | undefined;
  try {
    client = await GrpcClient.connect(address);
    const { leader, header } = await client.unary(STATUS, STATUS.request.create(), { timeoutMs: 1000 });
    return leader !== 0 && String(leader) === String(header?.memberId) ? 'leader' : 'other';
  } catch {
    return undefined;
  } finally {
    client?.close();
  }
}
