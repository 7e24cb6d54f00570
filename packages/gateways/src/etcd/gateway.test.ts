import http2 from 'node:http2';
import { CoreError } from '@quorate/cluster/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as client from './client/index.ts';
import { GrpcClient } from './client/index.ts';
import { GrpcCode } from './grpc/status.ts';
import { type EtcdGateway, startEtcdGateway } from './index.ts';
import { FakeCore } from './testing/fake-core.fixture.ts';

const logged: { message: string; fields: unknown }[] = [];
const keep = (message: string, fields?: unknown): void => void logged.push({ message, fields });
const log = { debug() {}, info() {}, warn: keep, error: keep };

let fake: FakeCore;
let gateway: EtcdGateway;
let grpc: GrpcClient;
beforeEach(async () => {
  logged.length = 0;
  fake = new FakeCore();
  gateway = await startEtcdGateway(fake.core, { host: '127.0.0.1', port: 0, log, leaderLossToleranceMs: 60 });
  grpc = await GrpcClient.connect(gateway.address);
});
afterEach(async () => {
  grpc.close();
  await gateway.close();
});

const put = (key = 'a', value = '') => ({
  ...client.PUT.request.create(),
  key: Buffer.from(key),
  value: Buffer.from(value),
});
const range = () => ({ ...client.RANGE.request.create(), key: Buffer.from('a') });
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error) => [error.code, error.message],
  );

describe('unary calls', () => {
  test('carry the request to the core and the answer back, with the header of this member', async () => {
    const answer = await grpc.unary(client.PUT, { ...put('k', 'v'), lease: 5, prevKv: true });
    expect(fake.writes[0]!.request).toMatchObject({ kind: 'put', lease: 5, prevKv: true, ignoreValue: false });
    expect(Buffer.from((fake.writes[0]!.request as { value: Uint8Array }).value).toString()).toBe('v');
    expect(answer).toEqual({ header: { clusterId: 1001, memberId: 7, revision: 2, raftTerm: 2 }, prevKv: undefined });
  });

  test('answer in the order in which the core does', async () => {
    const resolvers: (() => void)[] = [];
    fake.onWrite = () => new Promise((resolve) => resolvers.push(() => resolve({ kind: 'put', revision: 2 })));
    const done: string[] = [];
    const calls = ['a', 'b', 'c'].map((key) => grpc.unary(client.PUT, put(key)).then(() => done.push(key)));
    while (resolvers.length < 3) await new Promise((resolve) => setImmediate(resolve));
    for (const resolve of resolvers.reverse()) resolve();
    await Promise.all(calls);
    expect(done).toEqual(['c', 'b', 'a']);
  });

  test('ten thousand at once all get their answers', async () => {
    fake.onWrite = async (request) => {
      const { key } = request as { key: Uint8Array };
      return { kind: 'put', revision: Number(Buffer.from(key).toString()) };
    };
    const answers = await Promise.all(
      Array.from({ length: 12_000 }, (_, i) => grpc.unary(client.PUT, put(`${i + 2}`))),
    );
    expect(answers.every((answer, i) => answer.header!.revision === i + 2)).toBe(true);
  });

  test('a large value goes in and out whole', async () => {
    const value = Buffer.alloc(1_400_000, 'x');
    fake.onRange = async () => {
      const { key, value: stored } = fake.writes[0]!.request as { key: Uint8Array; value: Uint8Array };
      const kv = { key, value: stored, createRevision: 2, modRevision: 2, version: 1, lease: 0 };
      return { kind: 'range', revision: 2, kvs: [kv, kv, kv], more: false, count: 3 };
    };
    await grpc.unary(client.PUT, { ...put(), value });
    const answer = await grpc.unary(client.RANGE, range());
    expect(answer.kvs.map((kv) => Buffer.compare(kv.value, value))).toEqual([0, 0, 0]);
  });
});

describe('errors', () => {
  const cases: [string, CoreError['code'], number, string][] = [
    ['an empty key', 'key-empty', GrpcCode.invalidArgument, 'etcdserver: key is not provided'],
    ['a lost leader', 'leader-changed', GrpcCode.unavailable, 'etcdserver: leader changed'],
    ['compaction', 'compacted', GrpcCode.outOfRange, 'etcdserver: mvcc: required revision has been compacted'],
    ['no space', 'no-space', GrpcCode.resourceExhausted, 'etcdserver: mvcc: database space exceeded'],
    ['corruption', 'corrupt', GrpcCode.dataLoss, 'etcdserver: corrupt cluster'],
    ['what etcd has no words for', 'wrong-cluster', GrpcCode.failedPrecondition, 'etcdserver: detail'],
  ];
  for (const [name, code, status, message] of cases) {
    test(`${name}: etcd's code and words`, async () => {
      fake.onWrite = () => Promise.reject(new CoreError(code, 'detail'));
      expect(await failure(grpc.unary(client.PUT, put()))).toEqual([status, message]);
    });
  }

  test('an answer that was too large for the way back is not called a request that is too large', async () => {
    fake.onWrite = () =>
      Promise.reject(new CoreError('request-too-large', 'carried out, but …', { outcome: 'applied' }));
    expect(await failure(grpc.unary(client.PUT, put()))).toEqual([8, 'carried out, but …']);
  });

  test('an unexpected one tells the client nothing and the log everything', async () => {
    fake.onWrite = () => Promise.reject(new TypeError('secret'));
    const [code, message] = (await failure(grpc.unary(client.PUT, put()))) as [number, string];
    expect([code, message]).toEqual([GrpcCode.unknown, "etcdserver: internal error, see the server's log"]);
    expect(logged).toEqual([expect.objectContaining({ fields: { error: expect.stringContaining('secret') } })]);
  });

  test('unknown services and methods', async () => {
    const at = (path: string) => failure(grpc.unary({ ...client.PUT, path }, put()));
    expect(await at('/etcdserverpb.KV/Nope')).toEqual([12, 'unknown method Nope for service etcdserverpb.KV']);
    expect(await at('/etcdserverpb.Auth/AuthEnable')).toEqual([12, 'unknown service etcdserverpb.Auth']);
    for (const path of ['nonsense', '/', '/etcdserverpb.KV']) {
      expect(await at(path)).toEqual([12, `malformed method name: "${path}"`]);
    }
  });

  test('a message that is none', async () => {
    const broken = { ...client.PUT.request, write: (w: { raw(b: Buffer): void }) => w.raw(Buffer.from([0x08, 0x01])) };
    const [code, message] = (await failure(
      grpc.unary({ ...client.PUT, request: broken as typeof client.PUT.request }, put()),
    )) as [number, string];
    expect(code).toBe(GrpcCode.internal);
    expect(message).toMatch(/error unmarshalling request: PutRequest: field key \(1\) has wire type 0/);
  });

  test('a request above the size limit, in the words of grpc-go', async () => {
    const message = await failure(grpc.unary(client.PUT, { ...put(), value: Buffer.alloc(2_100_000) }));
    expect(message).toEqual([8, 'grpc: received message larger than max (2100008 vs. 2097152)']);
  });

  test('a write above the limit of one, in those of etcd', async () => {
    const value = Buffer.alloc(1_572_900);
    expect(await failure(grpc.unary(client.PUT, { ...put(), value }))).toEqual([3, 'etcdserver: request is too large']);
    await grpc.unary(client.PUT, { ...put(), value: value.subarray(0, 1_572_850) });
  });

  test('leases that cannot exist here', async () => {
    const lease = 7_587_864_000_000_000_000;
    expect(await failure(grpc.unary(client.PUT, { ...put(), lease }))).toEqual([
      5,
      'etcdserver: requested lease not found',
    ]);
    const [code, message] = (await failure(grpc.unary(client.LEASE_GRANT, { id: lease, ttl: 5 }))) as [number, string];
    expect([code, message]).toEqual([3, expect.stringMatching(/choose one from 1 to 2\^53 - 1/)]);
    expect(await grpc.unary(client.LEASE_TIME_TO_LIVE, { id: lease, keys: false })).toMatchObject({
      id: lease,
      ttl: -1,
    });
  });

  test('revisions beyond the safe integers are asked for as the largest safe one', async () => {
    await grpc.unary(client.RANGE, { ...range(), revision: 2 ** 62, maxModRevision: -(2 ** 62) });
    expect(fake.ranges[0]!.request).toMatchObject({
      revision: Number.MAX_SAFE_INTEGER,
      maxModRevision: Number.MIN_SAFE_INTEGER,
    });
  });
});

describe('deadlines and cancellation', () => {
  test('the core hears the client’s deadline, and its time-out is the client’s', async () => {
    fake.onWrite = () => Promise.reject(new CoreError('timed-out', 'too late'));
    const slow = { timeoutMs: 60_000 };
    expect(await failure(grpc.unary(client.PUT, put(), slow))).toEqual([14, 'etcdserver: request timed out']);
    expect(await failure(grpc.unary(client.PUT, put(), { timeoutMs: 1234 }))).toEqual([4, 'context deadline exceeded']);
    expect(fake.writes.map(({ options }) => options?.timeoutMs)).toEqual([60_000, 1234]);
  });

  test('a client that gives up stops waiting; the answer that comes later disturbs nobody', async () => {
    let answer: (value: unknown) => void = () => {};
    fake.onWrite = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    expect(await failure(grpc.unary(client.PUT, put(), { timeoutMs: 20 }))).toEqual([4, 'context deadline exceeded']);
    answer({ kind: 'put', revision: 2 });
    fake.onWrite = async () => ({ kind: 'put', revision: 3 });
    expect((await grpc.unary(client.PUT, put())).header!.revision).toBe(3);
  });

  test('a call whose request does not come in time ends with its deadline', async () => {
    const ended = new Promise((resolve) =>
      grpc.stream(client.PUT, { message() {}, ended: resolve }, { metadata: ['grpc-timeout', '20m'] }),
    );
    expect(await ended).toMatchObject({ code: GrpcCode.deadlineExceeded, message: 'context deadline exceeded' });
  });

  test('a deadline that cannot be read is refused, not taken for none', async () => {
    const metadata = ['grpc-timeout', '20x'];
    expect(await failure(grpc.unary(client.PUT, put(), { metadata }))).toEqual([13, 'malformed grpc-timeout: "20x"']);
    expect(fake.writes).toEqual([]);
  });

  test('a stream ends with its deadline', async () => {
    const ended = new Promise((resolve) =>
      grpc.stream(client.WATCH, { message() {}, ended: resolve }, { metadata: ['grpc-timeout', '20m'] }),
    );
    expect(await ended).toMatchObject({ code: GrpcCode.deadlineExceeded });
  });
});

describe('hasleader', () => {
  const metadata = ['hasleader', 'true'];

  test('calls that require a leader fail at once without one; others do not', async () => {
    fake.leader = undefined;
    expect(await failure(grpc.unary(client.PUT, put(), { metadata }))).toEqual([14, 'etcdserver: no leader']);
    await grpc.unary(client.PUT, put());
  });

  test('streams that require one end once none has been known for the tolerated time; others stay', async () => {
    const open = (options?: client.ClientCallOptions) =>
      new Promise<unknown>((resolve) => grpc.stream(client.WATCH, { message() {}, ended: resolve }, options));
    const [requiring, other] = [open({ metadata }), open()];
    await grpc.unary(client.PUT, put());
    fake.leader = undefined;
    expect(await requiring).toMatchObject({ code: GrpcCode.unavailable, message: 'etcdserver: no leader' });
    expect(await Promise.race([other, grpc.unary(client.PUT, put()).then(() => 'open')])).toBe('open');
  });
});

describe("Node's own HTTP/2 client", () => {
  interface Answer {
    headers: http2.IncomingHttpHeaders;
    trailers: http2.IncomingHttpHeaders;
    body: Buffer;
  }
  function call(headers: http2.OutgoingHttpHeaders, body: Buffer, settings: http2.Settings = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const session = http2.connect(`http://127.0.0.1:${gateway.address.port}`, { settings });
      session.on('error', reject);
      const stream = session.request({
        ':method': 'POST',
        ':path': '/etcdserverpb.KV/Range',
        'content-type': 'application/grpc',
        te: 'trailers',
        ...headers,
      });
      const answer: Answer = { headers: {}, trailers: {}, body: Buffer.alloc(0) };
      stream.on('response', (got) => {
        answer.headers = got;
      });
      stream.on('trailers', (got) => {
        answer.trailers = got;
      });
      stream.on('data', (chunk: Buffer) => {
        answer.body = Buffer.concat([answer.body, chunk]);
      });
      stream.on('error', reject);
      stream.on('close', () => {
        session.close();
        resolve(answer);
      });
      stream.end(body);
    });
  }
  const request = Buffer.from('00000000030a0161', 'hex');

  test('gets headers, message and trailers', async () => {
    const { headers, trailers, body } = await call({}, request);
    expect([headers[':status'], headers['content-type']]).toEqual([200, 'application/grpc']);
    expect(trailers['grpc-status']).toBe('0');
    expect(client.RANGE.response.decode(body.subarray(5)).header!.revision).toBe(2);
  });

  test('gets all of a large answer through a tiny window', async () => {
    const value = Buffer.alloc(300_000, 'y');
    fake.onRange = async () => {
      const kv = { key: Buffer.from('a'), value, createRevision: 2, modRevision: 2, version: 1, lease: 0 };
      return { kind: 'range', revision: 2, kvs: [kv], more: false, count: 1 };
    };
    const { trailers, body } = await call({}, request, { initialWindowSize: 1000, headerTableSize: 0 });
    expect(trailers['grpc-status']).toBe('0');
    expect(Buffer.compare(client.RANGE.response.decode(body.subarray(5)).kvs[0]!.value, value)).toBe(0);
  });

  test('gets errors as trailers alone', async () => {
    const { headers, body } = await call({ ':path': '/x/y' }, request);
    expect([headers[':status'], headers['grpc-status'], headers['grpc-message']]).toEqual([
      200,
      '12',
      'unknown service x',
    ]);
    expect(body.length).toBe(0);
  });

  test('is told which compression is understood', async () => {
    const { headers } = await call({ 'grpc-encoding': 'gzip' }, request);
    expect([headers['grpc-status'], headers['grpc-accept-encoding']]).toEqual(['12', 'identity']);
    expect(headers['grpc-message']).toMatch(/grpc-encoding "gzip"/);
    const compressed = await call({}, Buffer.from('0100000003010203', 'hex'));
    expect([compressed.headers['grpc-status'], compressed.headers['grpc-message']]).toEqual([
      '13',
      'grpc: compressed flag set with identity or empty encoding',
    ]);
    const unknown = await call({}, Buffer.from('0200000003010203', 'hex'));
    expect([unknown.headers['grpc-status'], unknown.headers['grpc-message']]).toEqual([
      '13',
      'grpc: received unexpected payload format 2',
    ]);
  });

  test('is told when it does not speak gRPC', async () => {
    for (const contentType of ['application/json', 'application/grpc-web', 'application/grpcx']) {
      const { headers } = await call({ 'content-type': contentType }, request);
      expect([headers[':status'], headers['grpc-status']]).toEqual([415, '2']);
    }
    for (const contentType of ['application/grpc+proto', 'application/grpc;charset=utf-8']) {
      expect((await call({ 'content-type': contentType }, request)).trailers['grpc-status']).toBe('0');
    }
  });

  test('a request without a message, or with half of one, is refused', async () => {
    for (const body of [Buffer.alloc(0), request.subarray(0, 6)]) {
      const { headers } = await call({}, body);
      expect(headers['grpc-status']).toBe(String(GrpcCode.internal));
    }
  });
});

test('closing lets a call end, then cuts streams', async () => {
  let answer: (value: unknown) => void = () => {};
  fake.onWrite = () =>
    new Promise((resolve) => {
      answer = resolve;
    });
  const call = grpc.unary(client.PUT, put());
  const streamEnded = new Promise((resolve) => grpc.stream(client.WATCH, { message() {}, ended: resolve }));
  while (fake.writes.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = gateway.close();
  answer({ kind: 'put', revision: 9 });
  expect((await call).header!.revision).toBe(9);
  expect(await streamEnded).toMatchObject({ code: GrpcCode.unavailable });
  await closed;
  await expect(GrpcClient.connect(gateway.address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
