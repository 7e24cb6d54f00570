/** A cluster of real processes on loopback, for tests that kill them. Everything is stopped by process id and removed at the end. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { NodeStatus } from '@quorate/gateways/http';

const script = fileURLToPath(new URL('../../packages/quorate/bin/quorate.js', import.meta.url));

export interface ProcessNode {
  readonly name: string;
  readonly dataDir: string;
  readonly port: number;
  readonly httpPort: number;
  readonly etcdPort: number;
  readonly configFile: string;
  child: ChildProcess | undefined;
  /** What the process has written to its standard error and output so far. */
  output: string;
}

export class ProcessCluster implements AsyncDisposable {
  readonly directory: string;
  readonly nodes: readonly ProcessNode[];

  private constructor(directory: string, nodes: readonly ProcessNode[]) {
    this.directory = directory;
    this.nodes = nodes;
  }

  static async start(size: number, extra: Record<string, unknown> = {}): Promise<ProcessCluster> {
    const cluster = await ProcessCluster.prepare(size, extra);
    for (const node of cluster.nodes) cluster.spawn(node);
    await cluster.untilLeader();
    return cluster;
  }

  /** Ports and configuration files, but no process yet. */
  static async prepare(size: number, extra: Record<string, unknown> = {}): Promise<ProcessCluster> {
    const directory = mkdtempSync(join(tmpdir(), 'quorate-chaos-'));
    const ports = await freePorts(size * 3);
    const shapes = Array.from({ length: size }, (_, at) => ({
      name: `n${at + 1}`,
      dataDir: join(directory, `n${at + 1}`),
      port: ports[at * 3]!,
      httpPort: ports[at * 3 + 1]!,
      etcdPort: ports[at * 3 + 2]!,
    }));
    const initialCluster = Object.fromEntries(shapes.map(({ name, port }) => [name, `127.0.0.1:${port}`]));
    const nodes = shapes.map((shape) => {
      const configFile = join(directory, `${shape.name}.json`);
      writeFileSync(configFile, JSON.stringify({ ...shape, initialCluster, ...extra }));
      return { ...shape, configFile, child: undefined, output: '' };
    });
    return new ProcessCluster(directory, nodes);
  }

  get endpoints(): readonly string[] {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`);
  }

  spawn(node: ProcessNode): void {
    const child = fork(script, ['serve', '--config', node.configFile], {
      execArgv: [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const keep = (chunk: Buffer): void => {
      node.output += chunk.toString();
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    node.child = child;
  }

  /** SIGKILL, and waits for the end of the process. */
  async kill(node: ProcessNode): Promise<void> {
    const { child } = node;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async exitOf(node: ProcessNode): Promise<number | null> {
    const { child } = node;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    return new Promise((resolve) => child.once('exit', (status) => resolve(status)));
  }

  async status(node: ProcessNode): Promise<NodeStatus | undefined> {
    try {
      const response = await fetch(`http://127.0.0.1:${node.httpPort}/status`, { signal: AbortSignal.timeout(1_000) });
      return response.ok ? ((await response.json()) as NodeStatus) : undefined;
    } catch {
      return undefined;
    }
  }

  /** The node that leads and is known to lead by so many of the nodes, itself included: a majority unless said otherwise. */
  async untilLeader(knownBy: number = Math.floor(this.nodes.length / 2) + 1): Promise<ProcessNode> {
    const patienceMs = 15_000;
    const until = performance.now() + patienceMs;
    for (;;) {
      const statuses = await Promise.all(this.nodes.map((node) => this.status(node)));
      const at = statuses.findIndex((status) => status?.role === 'leader');
      const followers = statuses.filter((status) => status?.leaderId === statuses[at]?.memberId && at >= 0).length;
      if (followers >= knownBy) return this.nodes[at]!;
      if (performance.now() > until) {
        const said = this.nodes.map(({ name, output }) => `${name}: ${output.slice(-2_000)}`).join('\n');
        throw new Error(`no leader within ${patienceMs} ms; the nodes said:\n${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.nodes.map((node) => this.kill(node)));
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
