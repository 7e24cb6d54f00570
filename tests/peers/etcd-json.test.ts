import { type EtcdGateway, startEtcdGateway } from '@quorate/gateways/etcd';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EtcdProcess, program } from './etcd-process.fixture.ts';
import { MemoryCore } from './memory-core.fixture.ts';

const etcdPath = program('etcd');
if (etcdPath === undefined) console.warn('skipped: etcd is not installed, so there is nothing to compare with');

const log = { debug() {}, info() {}, warn() {}, error() {} };
const b64 = (text: string): string => Buffer.from(text).toString('base64');

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

/** Without what two clusters need not agree on. */
function normal(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== 'object' || value === null) return value;
  const skipped = ['cluster_id', 'member_id', 'raft_term'];
  const kept = Object.entries(value).filter(([name]) => !skipped.includes(name));
  return Object.fromEntries(kept.map(([name, inner]) => [name, normal(inner)]));
}

describe.skipIf(etcdPath === undefined)('JSON and HTTP/1.1, against a real etcd', () => {
  let etcd: EtcdProcess;
  let memory: MemoryCore;
  let gateway: EtcdGateway;
  beforeAll(async () => {
    etcd = await EtcdProcess.start(etcdPath!);
    memory = new MemoryCore();
    gateway = await startEtcdGateway(memory.core, { host: '127.0.0.1', port: 0, log });
  });
  afterAll(async () => {
    await gateway.close();
    memory[Symbol.dispose]();
    await etcd.stop();
  });

  const bases = (): string[] => [etcd.address, gateway.address].map(({ host, port }) => `http://${host}:${port}`);

  async function ask(base: string, path: string, body: string | undefined): Promise<Answer> {
    const response = await fetch(`${base}${path}`, body === undefined ? {} : { method: 'POST', body });
    const text = await response.text();
    const type = response.headers.get('content-type');
    return { status: response.status, type, body: type === 'application/json' ? normal(JSON.parse(text)) : text };
  }

  /** Both answer the same; the answer is returned. */
  async function same(path: string, body: unknown): Promise<Answer> {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const [theirs, ours] = (await Promise.all(bases().map((base) => ask(base, path, text)))) as [Answer, Answer];
    expect({ path, body, answer: ours }).toEqual({ path, body, answer: theirs });
    return ours;
  }

  test('puts, ranges, deletes and transactions', async () => {
    await same('/v3/kv/put', { key: b64('a'), value: b64('1') });
    await same('/v3/kv/put', { key: b64('a'), value: b64('2'), prev_kv: true });
    const { body } = await same('/v3/kv/range', { key: b64('a') });
    expect(body).toMatchObject({ header: { revision: '3' }, count: '1', kvs: [{ value: b64('2'), version: '2' }] });
    await same('/v3/kv/range', {
      key: 'AA==',
      range_end: 'AA==',
      sort_order: 'DESCEND',
      sort_target: 'MOD',
      limit: '1',
    });
    await same('/v3/kv/range', { key: 'AA==', range_end: 'AA==', sort_order: 2, limit: 1, count_only: true });
    const success = [{ request_put: { key: b64('t'), value: b64('x') } }, { request_range: { key: b64('a') } }];
    const compare = [{ key: b64('a'), target: 'VALUE', result: 'EQUAL', value: b64('2') }];
    await same('/v3/kv/txn', { compare, success });
    await same('/v3/kv/txn', { compare: [{ ...compare[0], result: 'GREATER' }], success, failure: success });
    await same('/v3/kv/deleterange', { key: b64('t'), prev_kv: true });
    await same('/v3/kv/compaction', { revision: '3' });
  });

  test('leases', async () => {
    await same('/v3/lease/grant', { TTL: 500, ID: '77' });
    await same('/v3/kv/put', { key: b64('l'), lease: '77' });
    await same('/v3/lease/keepalive', { ID: 77 });
    await same('/v3/kv/lease/timetolive', { ID: '78', keys: true });
    await same('/v3/lease/leases', {});
    await same('/v3/lease/revoke', { ID: '77' });
  });

  test('errors have the same status, code and words', async () => {
    const answers = [
      await same('/v3/kv/put', {}),
      await same('/v3/kv/range', { key: b64('a'), revision: '1' }),
      await same('/v3/kv/range', { key: b64('a'), revision: '1000000' }),
      await same('/v3/lease/revoke', { ID: '4242' }),
      await same('/v3/lease/grant', { TTL: '9000000001' }),
      await same('/v3/kv/put', { key: b64('a'), value: b64('1'), ignore_value: true }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([400, 400, 400, 404, 400, 400]);
  });

  test('what cannot be read is refused with 400 by both', async () => {
    for (const body of ['{', '{"key":1}', '{"nope":1}', '{"key":"***"}', '[]']) {
      const answers = await Promise.all(bases().map((base) => ask(base, '/v3/kv/put', body)));
      expect([body, ...answers.map((answer) => answer.status)]).toEqual([body, 400, 400]);
    }
  });

  test('a watch is a stream of results', async () => {
    const request = { create_request: { key: b64('w'), start_revision: '1000' } };
    const streams = await Promise.all(bases().map((base) => openWatch(base, request)));
    expect((await Promise.all(streams.map((stream) => stream.next()))).map(normal)).toEqual(
      Array(2).fill({ result: { header: { revision: expect.any(String) }, created: true } }),
    );
    for (const stream of streams) stream.cancel();
    const now = await same('/v3/kv/put', { key: b64('w'), value: b64('1') });
    const { revision } = (now.body as { header: { revision: string } }).header;
    const from = { create_request: { key: b64('w'), start_revision: revision, prev_kv: true } };
    const again = await Promise.all(bases().map((base) => openWatch(base, from)));
    await Promise.all(again.map((stream) => stream.next()));
    await same('/v3/kv/deleterange', { key: b64('w') });
    const heard = await Promise.all(again.map((stream) => stream.events(2)));
    expect(heard[1]).toEqual(heard[0]);
    for (const stream of again) stream.cancel();
  });

  test('health and version', async () => {
    const health = await Promise.all(bases().map((base) => ask(base, '/health', undefined)));
    expect(health.map(({ status, body }) => [status, typeof body === 'string' ? JSON.parse(body) : body])).toEqual(
      Array(2).fill([200, { health: 'true' }]),
    );
    const [theirs, ours] = await Promise.all(bases().map((base) => ask(base, '/version', undefined)));
    expect(Object.keys(ours!.body as object)).toEqual(Object.keys(theirs!.body as object));
    expect(ours!.body).toEqual({ etcdserver: '3.4.0+quorate-0.1.0', etcdcluster: '3.4.0' });
  });

  test('metrics have the names of etcd’s', async () => {
    const [theirs, ours] = (await Promise.all(bases().map((base) => ask(base, '/metrics', undefined)))) as [
      Answer,
      Answer,
    ];
    const types = (text: unknown) =>
      new Map([...String(text).matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((m) => [m[1], m[2]]));
    for (const [name, type] of types(ours.body)) expect([name, type]).toEqual([name, types(theirs.body).get(name)]);
    expect(types(ours.body).size).toBeGreaterThan(8);
  });
});

/** Reads the lines of a watch one by one. */
async function openWatch(base: string, request: object) {
  const abort = new AbortController();
  const body = JSON.stringify(request);
  const response = await fetch(`${base}/v3/watch`, { method: 'POST', body, signal: abort.signal });
  const reader = response.body!.getReader();
  let text = '';
  const next = async (): Promise<{ result: { events?: unknown[] } }> => {
    while (!text.includes('\n')) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`the stream ended after: ${text}`);
      text += Buffer.from(value).toString();
    }
    const [line, ...rest] = text.split('\n');
    text = rest.join('\n');
    return JSON.parse(line!);
  };
  return {
    next,
    async events(count: number): Promise<unknown[]> {
      const out: unknown[] = [];
      while (out.length < count) out.push(...((await next()).result.events ?? []));
      return out;
    },
    cancel: () => abort.abort(),
  };
}
