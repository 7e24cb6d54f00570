import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { GrpcClient, STATUS } from '@quorate/gateways/etcd/client';

/** Where `name` is installed, or undefined. */
export function program(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port));
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A real etcd of one member, with a directory of its own, on ports of 127.0.0.1 that were free. */
export class EtcdProcess {
  readonly address: { readonly host: string; readonly port: number };
  readonly #process: ChildProcess;
  readonly #directory: string;

  private constructor(process: ChildProcess, port: number, directory: string) {
    this.#process = process;
    this.address = { host: '127.0.0.1', port };
    this.#directory = directory;
  }

  static async start(path: string): Promise<EtcdProcess> {
    const [client, peer] = (await freePorts(2)) as [number, number];
    const directory = await mkdtemp(join(tmpdir(), 'quorate-etcd-'));
    const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
    const flags = [
      ...['--data-dir', directory, '--name', 'peer', '--initial-cluster', `peer=${peerUrl}`, '--log-level', 'error'],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ];
    const child = spawn(path, flags, { stdio: 'ignore' });
    const etcd = new EtcdProcess(child, client, directory);
    await etcd.#answering();
    return etcd;
  }

  async #answering(): Promise<void> {
    for (let attempt = 0; attempt < 200; attempt++) {
      try {
        const client = await GrpcClient.connect(this.address);
        const { leader } = await client.unary(STATUS, STATUS.request.create(), { timeoutMs: 1000 });
        client.close();
        if (leader !== 0) return;
      } catch {
        // Not yet.
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await this.stop();
    throw new Error('etcd did not answer within 10 s');
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      this.#process.kill('SIGKILL');
      await gone;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}
