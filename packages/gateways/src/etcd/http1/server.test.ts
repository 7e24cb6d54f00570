import { request as httpRequest } from 'node:http';
import { CoreError } from '@quorate/cluster/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type EtcdGateway, startEtcdGateway } from '../index.ts';
import { FakeCore } from '../testing/fake-core.fixture.ts';
import { JsonSplitter } from './json-splitter.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
let fake: FakeCore;
let gateway: EtcdGateway;
let base: string;
beforeEach(async () => {
  fake = new FakeCore();
  gateway = await startEtcdGateway(fake.core, { host: '127.0.0.1', port: 0, log });
  base = `http://127.0.0.1:${gateway.address.port}`;
});
afterEach(() => gateway.close());

const get = async (path: string, init?: RequestInit) => {
  const response = await fetch(base + path, init);
  return [response.status, JSON.parse(await response.text())];
};

test('/health is true only while a leader is known, nothing is wrong, and a read goes through', async () => {
  expect(await get('/health')).toEqual([200, { health: 'true' }]);
  expect(fake.ranges[0]!.options).toEqual({ timeoutMs: 1000 });
  fake.onRange = () => Promise.reject(new CoreError('timed-out', 'no majority'));
  expect(await get('/health')).toEqual([503, { health: 'false' }]);
  fake.onRange = async () => ({ kind: 'range', revision: 2, kvs: [], more: false, count: 0 });
  fake.leader = undefined;
  expect(await get('/health')).toEqual([503, { health: 'false' }]);
});

test('paths and methods that do not exist say what does', async () => {
  expect(await get('/nope')).toEqual([404, expect.objectContaining({ error: expect.stringContaining('/metrics') })]);
  expect(await get('/v3/kv/put')).toEqual([405, expect.objectContaining({ error: '/v3/kv/put takes POST, not GET' })]);
  expect(await get('/health', { method: 'POST' })).toEqual([405, expect.anything()]);
});

test('the paths of earlier versions lead to the same methods', async () => {
  const body = JSON.stringify({ key: 'YQ==' });
  expect((await get('/v3beta/kv/put', { method: 'POST', body }))[0]).toBe(200);
  expect(fake.writes.length).toBe(1);
});

test('a body above the limit is refused, an empty one is an empty request', async () => {
  const body = JSON.stringify({ key: 'YQ==', value: 'A'.repeat(3_000_000) });
  expect(await get('/v3/kv/put', { method: 'POST', body })).toEqual([400, expect.objectContaining({ code: 3 })]);
  expect((await get('/v3/lease/leases', { method: 'POST' }))[0]).not.toBe(404);
});

test('a write above the limit of one is refused as over gRPC', async () => {
  const body = JSON.stringify({ key: 'YQ==', value: 'A'.repeat(2_200_000) });
  const said = { code: 3, message: 'etcdserver: request is too large' };
  expect(await get('/v3/kv/put', { method: 'POST', body })).toEqual([400, expect.objectContaining(said)]);
  expect(fake.writes).toEqual([]);
});

test('metadata come as headers', async () => {
  fake.leader = undefined;
  const init = { method: 'POST', body: '{"key":"YQ=="}', headers: { 'grpc-metadata-hasleader': 'true' } };
  const said = { error: 'etcdserver: no leader', message: 'etcdserver: no leader', code: 14 };
  expect(await get('/v3/kv/range', init)).toEqual([503, said]);
});

test('a watch ends with its client', async () => {
  const call = httpRequest(`${base}/v3/watch`, { method: 'POST' });
  call.on('error', () => {});
  call.write('{"create_request":{"key":"YQ=="}}');
  while (fake.watchers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  call.destroy();
  while (!fake.watchers[0]!.disposed) await new Promise((resolve) => setImmediate(resolve));
});

test('what the core has for a stream that has failed is dropped', async () => {
  const call = httpRequest(`${base}/v3/watch`, { method: 'POST' });
  const text = new Promise<string>((resolve) => {
    call.on('response', (response) => {
      let all = '';
      response.on('data', (chunk) => {
        all += chunk;
      });
      response.on('end', () => resolve(all));
    });
  });
  call.write('{"create_request":{"key":"YQ=="}}');
  while (fake.watchers.length === 0) await new Promise((resolve) => setImmediate(resolve));
  const closed = gateway.close();
  const kv = {
    key: Buffer.from('a'),
    value: Buffer.from('late'),
    createRevision: 2,
    modRevision: 2,
    version: 1,
    lease: 0,
  };
  fake.watchers[0]!.deliver({ kind: 'events', revision: 2, events: [{ type: 'put', kv, prevKv: undefined }] });
  expect(await text).toMatch(/"created":true.*\n.*server stopped.*\n$/);
  await closed;
});

test('a stream fails once, whatever else fails', async () => {
  const body = '{"ID":"5"} {"ID":"6"}';
  expect((await get('/v3/lease/keepalive', { method: 'POST', body }))[0]).toBe(503);
  expect((await get('/health'))[0]).toBe(200);
});

test('objects are cut out of a text whatever the pieces', () => {
  const text = '{"a":"}{\\"","b":{"c":[1,{}]}} {"d":1}\n{}';
  for (let size = 1; size < text.length; size++) {
    const splitter = new JsonSplitter(100);
    const out: unknown[] = [];
    for (let at = 0; at < text.length; at += size) out.push(...splitter.push(text.slice(at, at + size)));
    expect(out).toEqual([{ a: '}{"', b: { c: [1, {}] } }, { d: 1 }, {}]);
    expect(splitter.partial).toBe(false);
  }
});

test('an object above the limit, or something else than an object, is refused', () => {
  expect(() => new JsonSplitter(5).push('{"a":12345')).toThrow(/more than 5 characters/);
  expect(() => new JsonSplitter(50).push('1 {"a":1}')).toThrow(SyntaxError);
});
