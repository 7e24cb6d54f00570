import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Client, connect } from '@quorate/cluster/client';
import { createNodeEnv } from '@quorate/env/node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freePorts, ProcessCluster, type ProcessNode } from './process-cluster.ts';

const script = fileURLToPath(new URL('../../packages/quorate/bin/quorate.js', import.meta.url));
const env = createNodeEnv({ log: { level: 'error' } });
let cluster: ProcessCluster;
let client: Client;
let stopWriting: () => Promise<number>;

beforeAll(async () => {
  cluster = await ProcessCluster.start(3);
  client = await connect({ env, endpoints: cluster.endpoints });
  // Somebody who must not be disturbed by anything below.
  let writing = true;
  let written = 0;
  const done = (async () => {
    while (writing) {
      await client.put('undisturbed', String(written++));
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  stopWriting = async () => {
    writing = false;
    await done;
    return written;
  };
});
afterAll(async () => {
  await client.close();
  await cluster[Symbol.asyncDispose]();
  env[Symbol.dispose]();
});

/** Sends bytes, and resolves with what came back until the other side closed. */
function exchange(port: number, bytes: Uint8Array | string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connectSocket({ host: '127.0.0.1', port }, () => socket.write(bytes));
    socket.setTimeout(10_000, () => reject(new Error('not closed within ten seconds')));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => resolve(Buffer.concat(chunks)));
    socket.on('close', () => {
      socket.destroy();
      resolve(Buffer.concat(chunks));
    });
  });
}

interface Ended {
  readonly status: number;
  readonly said: string;
}

/** Starts a node that is expected not to come up. */
function serve(settings: Record<string, unknown>, timeout = 20_000): Promise<Ended> {
  const file = join(cluster.directory, `bad-${Math.floor(Math.random() * 1e9)}.json`);
  writeFileSync(file, JSON.stringify(settings));
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [script, 'serve', '--config', file],
      { timeout },
      (_error, stdout, stderr) => {
        resolve({ status: child.exitCode ?? -1, said: stdout + stderr });
      },
    );
  });
}

/** Of the running node, without the lock that it holds. */
function copyOfData(name: string): string {
  const copy = join(cluster.directory, name);
  cpSync(node().dataDir, copy, { recursive: true, filter: (path) => !path.endsWith('/lock') });
  return copy;
}

const node = (): ProcessNode => cluster.nodes[0]!;
const settingsOf = (target: ProcessNode): Record<string, unknown> =>
  JSON.parse(readFileSync(target.configFile, 'utf8')) as Record<string, unknown>;

describe('what does not belong on a port is refused, said so in the log, and disturbs nobody', () => {
  const hello = 'GET / HTTP/1.1\r\nhost: x\r\n\r\n';
  const clientHello = Buffer.from('16030100c8010000c40303', 'hex');
  test.each<[string, 'port' | 'etcdPort', Uint8Array | string]>([
    ['HTTP on the native port', 'port', hello],
    ['TLS on the native port', 'port', clientHello],
    ['noise on the native port', 'port', Buffer.alloc(64, 0xa5)],
    ['a frame of four gigabytes on the native port', 'port', Buffer.from('ffffffff00', 'hex')],
    ['TLS on the etcd port', 'etcdPort', clientHello],
    ['noise on the etcd port', 'etcdPort', Buffer.alloc(64, 0xa5)],
  ])('%s', async (_what, service, bytes) => {
    const before = node().output.length;
    await exchange(node()[service], bytes);
    for (let i = 0; i < 100 && node().output.length === before; i++)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(node().output.slice(before)).toMatch(/warn|refus/i);
  });
  test('HTTP: an unknown path, a wrong method and a malformed request', async () => {
    const url = `http://127.0.0.1:${node().httpPort}`;
    expect((await fetch(`${url}/nowhere`)).status).toBe(404);
    expect((await fetch(`${url}/status`, { method: 'DELETE' })).status).toBe(405);
    expect((await exchange(node().httpPort, 'nonsense\r\n\r\n')).toString()).toMatch(/^HTTP\/1.1 400/);
  });
  test('a request over the limit gets an error that says so', async () => {
    await expect(client.put('large', new Uint8Array(2 * 1024 * 1024))).rejects.toMatchObject({
      code: 'request-too-large',
      outcome: 'not-applied',
    });
  });
});

describe('a node that must not start says what is wrong and ends with status 2', () => {
  test('a second process on one data directory', async () => {
    const [port] = await freePorts(1);
    const { status, said } = await serve({
      ...settingsOf(node()),
      port,
      httpPort: 0,
      etcdPort: 0,
      initialCluster: settingsOf(node())['initialCluster'],
    });
    expect(said).toMatch(/in use|another process|locked/i);
    expect(status).toBe(2);
  });
  test('a port in use', async () => {
    const [port] = await freePorts(1);
    const dataDir = join(cluster.directory, 'port-in-use');
    const { status, said } = await serve({
      name: 'x',
      dataDir,
      port,
      httpPort: node().httpPort,
      etcdPort: 0,
      initialCluster: { x: `127.0.0.1:${port}` },
    });
    expect(said).toContain(String(node().httpPort));
    expect(said).toMatch(/in use/);
    expect(status).toBe(2);
  });
  test('the data directory of another cluster', async () => {
    const copy = copyOfData('foreign');
    const [port] = await freePorts(1);
    const { status, said } = await serve({
      name: 'n1',
      dataDir: copy,
      port,
      httpPort: 0,
      etcdPort: 0,
      initialCluster: { n1: `127.0.0.1:${port}` },
    });
    expect(said).toMatch(/another cluster|cluster \d+/i);
    expect(status).toBe(2);
  });
});

test('a peer of another cluster is refused by name, and is told why', async () => {
  const [port] = await freePorts(1);
  const initialCluster = {
    ...(settingsOf(node())['initialCluster'] as Record<string, string>),
    n1: `127.0.0.1:${port}`,
  };
  const stranger = serve(
    {
      name: 'n1',
      dataDir: join(cluster.directory, 'stranger'),
      port,
      httpPort: 0,
      etcdPort: 0,
      initialCluster,
      clusterToken: 'other',
    },
    10_000,
  );
  for (let i = 0; i < 200 && !cluster.nodes.some(({ output }) => /cluster.*refus|refus.*cluster/i.test(output)); i++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(cluster.nodes.map(({ output }) => output).join('\n')).toMatch(/cluster.*refus|refus.*cluster/i);
  const { said } = await stranger;
  expect(said).toMatch(/cluster/i);
}, 40_000);

test('through all of this the others wrote on', async () => {
  expect(await stopWriting()).toBeGreaterThan(50);
});
