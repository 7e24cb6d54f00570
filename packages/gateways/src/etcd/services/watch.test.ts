import type { WatchEvent } from '@quorate/cluster/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type ClientStream, GrpcClient, WATCH } from '../client/index.ts';
import { type EtcdGateway, startEtcdGateway } from '../index.ts';
import type { WatchCreateRequest, WatchRequest, WatchResponse } from '../messages/watch.ts';
import { WatchCreateRequest as CreateType } from '../messages/watch.ts';
import { FakeCore, type FakeWatcher } from '../testing/fake-core.fixture.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
let fake: FakeCore;
let gateway: EtcdGateway;
let client: GrpcClient;
let stream: ClientStream<WatchRequest>;
let heard: WatchResponse[];
let end: Promise<unknown>;

beforeEach(async () => {
  fake = new FakeCore();
  gateway = await startEtcdGateway(fake.core, { host: '127.0.0.1', port: 0, log, progressIntervalMs: 30 });
  client = await GrpcClient.connect(gateway.address);
  heard = [];
  end = new Promise((resolve) => {
    stream = client.stream(WATCH, { message: (response) => heard.push(response), ended: resolve });
  });
});
afterEach(async () => {
  client.close();
  await gateway.close();
});

const NOTHING: WatchRequest = WATCH.request.create();
const create = (request: Partial<WatchCreateRequest> = {}): void =>
  stream.send({ ...NOTHING, createRequest: { ...CreateType.create(), key: Buffer.from('a'), ...request } });
const cancel = (watchId: number): void => stream.send({ ...NOTHING, cancelRequest: { watchId } });
const askProgress = (): void => stream.send({ ...NOTHING, progressRequest: {} });

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};
/** All watchers, once the core has so many, each told that it was created. */
async function created(count: number): Promise<FakeWatcher[]> {
  await until(() => fake.watchers.length >= count);
  for (const watcher of fake.watchers) watcher.deliver({ kind: 'created', revision: fake.revision });
  return fake.watchers;
}
async function responses(count: number): Promise<WatchResponse[]> {
  await until(() => heard.length >= count);
  return heard;
}
const event = (modRevision: number, value = 'v'): WatchEvent => ({
  type: 'put',
  kv: { key: Buffer.from('a'), value: Buffer.from(value), createRevision: 2, modRevision, version: 1, lease: 0 },
});
const summary = ({ watchId, created: made, canceled, header, events }: WatchResponse) => ({
  watchId,
  ...(made && { created: true }),
  ...(canceled && { canceled: true }),
  revision: header!.revision,
  ...(events.length > 0 && { events: events.map((one) => one.kv!.modRevision) }),
});

describe('creating', () => {
  test('hands the core what was asked for', async () => {
    create({ rangeEnd: Buffer.from('b'), startRevision: 7, prevKv: true, filters: [1] });
    create({ key: Buffer.alloc(0), rangeEnd: Buffer.from([0]), filters: [0], startRevision: 2 ** 62 });
    await until(() => fake.watchers.length === 2);
    expect(fake.watchers.map((watcher) => watcher.request)).toMatchObject([
      { startRevision: 7, prevKv: true, withoutPuts: false, withoutDeletes: true },
      { startRevision: Number.MAX_SAFE_INTEGER, prevKv: false, withoutPuts: true, withoutDeletes: false },
    ]);
    // An empty key is the first possible one.
    expect([...fake.watchers[1]!.request.key]).toEqual([0]);
  });

  test('numbers watchers from 0 and leaves out ids that clients chose', async () => {
    create({ watchId: 1 });
    create();
    create();
    await created(3);
    expect((await responses(3)).map(summary)).toEqual([
      { watchId: 1, created: true, revision: 1 },
      { watchId: 0, created: true, revision: 1 },
      { watchId: 2, created: true, revision: 1 },
    ]);
  });

  const refused: [string, Partial<WatchCreateRequest>, string][] = [
    ['an id that is taken', { watchId: 5 }, 'mvcc: duplicate watch ID provided on the WatchStream'],
    ['a range that ends before it begins', { rangeEnd: Buffer.from('A') }, 'mvcc: watcher range is empty'],
    ['a range that ends where it begins', { rangeEnd: Buffer.from('a') }, 'mvcc: watcher range is empty'],
    ['an id that is no safe integer', { watchId: 2 ** 60 }, 'mvcc: watch ids are at most 2^53 - 1 here'],
  ];
  for (const [name, request, reason] of refused) {
    test(`${name}: created and canceled at once, without an id`, async () => {
      create({ watchId: 5 });
      await created(1);
      create(request);
      const [, answer] = await responses(2);
      expect(answer).toMatchObject({ watchId: -1, created: true, canceled: true, cancelReason: reason });
      expect(fake.watchers.length).toBe(1);
    });
  }
});

test('requests that are sent without waiting are answered in their order', async () => {
  create({ startRevision: 7 });
  create({ rangeEnd: Buffer.from('A') });
  create({ watchId: 5 });
  cancel(5);
  create({ watchId: 5, startRevision: 8 });
  await until(() => fake.watchers.length === 3);
  fake.revision = 2;
  await created(3);
  cancel(0);
  expect((await responses(6)).map(summary)).toEqual([
    { watchId: 0, created: true, revision: 1 },
    { watchId: -1, created: true, canceled: true, revision: 1 },
    { watchId: 5, created: true, revision: 1 },
    { watchId: 5, canceled: true, revision: 1 },
    { watchId: 5, created: true, revision: 1 },
    { watchId: 0, canceled: true, revision: 2 },
  ]);
});

describe('events', () => {
  test('come in the order of the core, each response with the revision it was given at', async () => {
    create();
    const [watcher] = await created(1);
    watcher!.deliver({ kind: 'events', revision: 3, events: [event(2), event(3)] });
    watcher!.deliver({ kind: 'events', revision: 4, events: [event(4)] });
    expect((await responses(3)).map(summary)).toEqual([
      { watchId: 0, created: true, revision: 1 },
      { watchId: 0, revision: 3, events: [2, 3] },
      { watchId: 0, revision: 4, events: [4] },
    ]);
  });

  test('deletions carry the key and its revision and nothing else; the previous value comes beside them', async () => {
    create({ prevKv: true });
    const [watcher] = await created(1);
    const { kv } = event(3);
    watcher!.deliver({ kind: 'events', revision: 3, events: [{ type: 'delete', kv, prevKv: event(2).kv }] });
    const [, { events }] = (await responses(2)) as [WatchResponse, WatchResponse];
    const blank = { createRevision: 0, version: 0, value: Buffer.alloc(0), lease: 0 };
    expect(events).toMatchObject([{ type: 1, kv: { key: Buffer.from('a'), modRevision: 3, ...blank } }]);
    expect(events[0]!.prevKv!.modRevision).toBe(2);
  });

  test('of one revision come together unless the client wants fragments', async () => {
    const big = 'x'.repeat(900_000);
    create();
    create({ fragment: true });
    const [whole, cut] = await created(2);
    const events = [event(2, big), event(2, big), event(2, big), event(2)];
    whole!.deliver({ kind: 'events', revision: 2, events });
    await responses(3);
    cut!.deliver({ kind: 'events', revision: 2, events });
    const all = await responses(5);
    expect(all.slice(2).map((one) => [one.watchId, one.fragment, one.events.length])).toEqual([
      [0, false, 4],
      [1, true, 2],
      [1, false, 2],
    ]);
  });

  test('a client that does not read stops all watchers of its stream, and resumes them by reading', async () => {
    create();
    create({ key: Buffer.from('b') });
    const [watcher, other] = await created(2);
    await responses(2);
    // Larger than what the client's connection may take ahead of its stream.
    for (let i = 0; i < 40; i++)
      watcher!.deliver({ kind: 'events', revision: 2, events: [event(2, 'x'.repeat(500_000))] });
    expect([watcher!.paused, other!.paused]).toEqual([true, true]);
    create({ key: Buffer.from('c') });
    await responses(42);
    await until(() => !watcher!.paused && !other!.paused);
  });
});

describe('ending', () => {
  test('a canceled watcher hears nothing more, whatever the core still had for it', async () => {
    create();
    const [watcher] = await created(1);
    await responses(1);
    cancel(0);
    await until(() => watcher!.disposed);
    watcher!.deliver({ kind: 'events', revision: 2, events: [event(2)] });
    cancel(0);
    cancel(77);
    create();
    await created(2);
    expect((await responses(3)).map(summary)).toEqual([
      { watchId: 0, created: true, revision: 1 },
      { watchId: 0, canceled: true, revision: 1 },
      { watchId: 1, created: true, revision: 1 },
    ]);
  });

  test('a compacted start says where to go on, in etcd’s way: without a reason', async () => {
    create({ startRevision: 2 });
    const [watcher] = await created(1);
    watcher!.deliver({ kind: 'canceled', revision: 9, reason: 'compacted', compactRevision: 5 });
    const [, answer] = await responses(2);
    expect(answer).toMatchObject({ watchId: 0, canceled: true, compactRevision: 5, cancelReason: '' });
  });

  test('the id of a compacted watcher is not given again until the client cancels it', async () => {
    create({ startRevision: 2, watchId: 1 });
    const [watcher] = await created(1);
    watcher!.deliver({ kind: 'canceled', revision: 9, reason: 'compacted', compactRevision: 5 });
    await responses(2);
    create({ watchId: 1 });
    expect((await responses(3))[2]).toMatchObject({ watchId: -1, canceled: true });
    cancel(1);
    await responses(4);
    create({ watchId: 1 });
    expect((await responses(5)).slice(3).map(summary)).toEqual([
      { watchId: 1, canceled: true, revision: 1 },
      { watchId: 1, created: true, revision: 1 },
    ]);
  });

  test('any other end says why', async () => {
    create();
    const [watcher] = await created(1);
    watcher!.deliver({ kind: 'canceled', revision: 9, reason: 'too slow', compactRevision: undefined });
    expect((await responses(2))[1]).toMatchObject({ canceled: true, compactRevision: 0, cancelReason: 'too slow' });
  });

  test('a client that has nothing more to ask goes on listening; one that goes away frees its watchers', async () => {
    create();
    const [watcher] = await created(1);
    stream.end();
    await responses(1);
    watcher!.deliver({ kind: 'events', revision: 2, events: [event(2)] });
    await responses(2);
    stream.cancel();
    await until(() => watcher!.disposed);
  });

  test('when the gateway closes the stream says so', async () => {
    create();
    await created(1);
    await responses(1);
    await gateway.close();
    expect(await end).toMatchObject({ code: 14, message: 'etcdserver: server stopped' });
    expect(fake.watchers[0]!.disposed).toBe(true);
  });
});

describe('progress', () => {
  test('asked for, is told only when every watcher of the stream has been served, with the least revision', async () => {
    create();
    create({ key: Buffer.from('b') });
    const [a, b] = await created(2);
    askProgress();
    await until(() => b!.progressRequests === 1);
    a!.deliver({ kind: 'progress', revision: 12 });
    b!.deliver({ kind: 'events', revision: 11, events: [event(11)] });
    b!.deliver({ kind: 'progress', revision: 11 });
    expect((await responses(4)).slice(2).map(summary)).toEqual([
      { watchId: 1, revision: 11, events: [11] },
      { watchId: -1, revision: 11 },
    ]);
  });

  test('does not wait for a watcher that is canceled meanwhile', async () => {
    create();
    create({ key: Buffer.from('b') });
    const [a, b] = await created(2);
    askProgress();
    await until(() => b!.progressRequests === 1);
    a!.deliver({ kind: 'progress', revision: 12 });
    cancel(1);
    const answers = (await responses(4)).slice(2).map(summary);
    expect(answers).toContainEqual({ watchId: -1, revision: 12 });
  });

  test('asked for several times before the core tells it once, is answered as often', async () => {
    create({ progressNotify: true });
    const [watcher] = await created(1);
    // The periodic notice is the first to ask.
    await until(() => watcher!.progressRequests === 1);
    askProgress();
    askProgress();
    await until(() => watcher!.progressRequests === 3);
    watcher!.deliver({ kind: 'progress', revision: 12 });
    expect((await responses(4)).slice(1).map(summary)).toEqual([
      { watchId: 0, revision: 12 },
      { watchId: -1, revision: 12 },
      { watchId: -1, revision: 12 },
    ]);
  });

  test('of a stream without watchers is the present revision', async () => {
    fake.revision = 33;
    askProgress();
    expect((await responses(1)).map(summary)).toEqual([{ watchId: -1, revision: 33 }]);
  });

  test('comes by itself to watchers that asked for it and have heard nothing else', async () => {
    create({ progressNotify: true });
    create({ key: Buffer.from('b') });
    const [a, b] = await created(2);
    await until(() => a!.progressRequests === 1);
    a!.deliver({ kind: 'progress', revision: 20 });
    expect((await responses(3)).slice(2).map(summary)).toEqual([{ watchId: 0, revision: 20 }]);
    expect(b!.progressRequests).toBe(0);
    // Events in between make the notice superfluous.
    await until(() => a!.progressRequests === 2);
    a!.deliver({ kind: 'events', revision: 21, events: [event(21)] });
    a!.deliver({ kind: 'progress', revision: 21 });
    await until(() => a!.progressRequests === 3);
    expect(heard.slice(3).map(summary)).toEqual([{ watchId: 0, revision: 21, events: [21] }]);
  });
});
