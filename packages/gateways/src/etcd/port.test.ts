import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { GrpcClient, PUT } from './client/index.ts';
import { type EtcdGateway, startEtcdGateway } from './index.ts';
import { PutRequest } from './messages/kv.ts';
import { recognise } from './port.ts';
import { trivialCore } from './testing/trivial-core.fixture.ts';

const warnings: { message: string; fields: unknown }[] = [];
const log = {
  debug() {},
  info() {},
  warn: (message: string, fields?: unknown) => warnings.push({ message, fields }),
  error() {},
};
let gateway: EtcdGateway | undefined;

async function start(): Promise<void> {
  warnings.length = 0;
  gateway = await startEtcdGateway(trivialCore(), { host: '127.0.0.1', port: 0, log });
}
afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

/** Sends the pieces in turn; resolves with what came back once the server has closed the connection. */
function say(...pieces: (string | Buffer)[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let heard = '';
    const socket: Socket = connect(gateway!.address, () => next(0));
    const next = (i: number): void => {
      if (i < pieces.length) socket.write(pieces[i]!, () => setImmediate(next, i + 1));
    };
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1');
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'ECONNRESET' ? resolve(heard) : reject(error),
    );
  });
}

test('the first bytes say who speaks, as soon as they can', () => {
  const of = (text: string) => recognise(Buffer.from(text, 'latin1'));
  expect(['P', 'PR', 'PRI * HTT', 'PU', 'GE', 'D'].map(of)).toEqual(Array(6).fill('unclear'));
  expect(['PRI * HTTP/2.0\r\n', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0'].map(of)).toEqual(['http2', 'http2']);
  expect(['GET /', 'POST /v3/kv/put', 'PUT /x'].map(of)).toEqual(['http1', 'http1', 'http1']);
  expect(['X', 'PING\r\n', '*1\r\n', '\x16\x03\x01', 'GETX'].map(of)).toEqual(Array(5).fill('foreign'));
});

const strangers: [string, string | Buffer, RegExp][] = [
  ['garbage', Buffer.from([0, 1, 2, 3]), /neither HTTP\/2 nor HTTP\/1\.1/],
  ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex'), /TLS handshake/],
  ['a Redis client', '*1\r\n$4\r\nPING\r\n', /Redis/],
];
for (const [name, bytes, said] of strangers) {
  test(`${name} is cut off with a line in the log, and others do not notice`, async () => {
    await start();
    const client = await GrpcClient.connect(gateway!.address);
    expect(await say(bytes)).toBe('');
    expect(warnings).toEqual([
      {
        message: expect.stringContaining('does not speak'),
        fields: { peer: expect.any(String), received: expect.stringMatching(said) },
      },
    ]);
    await client.unary(PUT, { ...PutRequest.create(), key: Buffer.from('a') });
    client.close();
  });
}

test('HTTP/1.1 and HTTP/2 share the port, even when the first bytes come one by one', async () => {
  await start();
  const request = 'GET /version HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n';
  expect(await say(request)).toMatch(/"etcdcluster":"3\.4\.0"/);
  expect(await say(...request)).toMatch(/^HTTP\/1\.1 200 OK/);
  const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
  expect(await say(...preface, Buffer.from('000000070000000000', 'hex'))).toContain('before the first SETTINGS');
});

test('a broken HTTP/2 preface is cut off with its reason in the log', async () => {
  await start();
  await say('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n');
  expect(warnings).toEqual([
    { message: 'etcd connection ended', fields: expect.objectContaining({ reason: expect.stringMatching(/preface/) }) },
  ]);
});

test('a port in use is refused', async () => {
  await start();
  const again = startEtcdGateway(trivialCore(), { ...gateway!.address, log });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('closing does not wait for clients that never said anything', async () => {
  await start();
  const socket = connect(gateway!.address);
  await new Promise((resolve) => socket.once('connect', resolve));
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', () => {});
  await gateway!.close();
  await closed;
});
