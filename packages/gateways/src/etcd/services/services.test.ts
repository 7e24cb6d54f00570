import { CoreError, type MemberStatus } from '@quorate/cluster/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import * as client from '../client/index.ts';
import { GrpcClient } from '../client/index.ts';
import type { ServerStream, StreamMethod } from '../grpc/method.ts';
import { type EtcdGateway, startEtcdGateway } from '../index.ts';
import type { LeaseId } from '../messages/lease.ts';
import { FakeCore } from '../testing/fake-core.fixture.ts';
import { Headers } from './answers.ts';
import { leaseService } from './lease.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
let fake: FakeCore;
let gateway: EtcdGateway;
let grpc: GrpcClient;
const calls: unknown[] = [];
const MEMBERS: MemberStatus[] = [
  { id: 7, name: 'one', peerAddress: '127.0.0.1:7410', clientUrls: ['http://127.0.0.1:7412'], isLearner: false },
  { id: 8, name: 'two', peerAddress: '127.0.0.1:7420', clientUrls: [], isLearner: true },
];

beforeEach(async () => {
  calls.length = 0;
  fake = new FakeCore();
  const record =
    (name: string, answer?: unknown) =>
    async (...args: unknown[]) => {
      calls.push([name, ...args]);
      return answer;
    };
  Object.assign(fake.core, {
    members: MEMBERS,
    addMember: record('add', { ...MEMBERS[1], id: 9 }),
    removeMember: record('remove'),
    promoteMember: record('promote'),
    updateMember: record('update'),
    moveLeader: record('move'),
    leases: record('leases', [3, 5]),
    leaseStatus: record('status', { id: 3, grantedSeconds: 60, remainingSeconds: 41.7, keys: [Buffer.from('k')] }),
    grantLease: record('grant', { kind: 'lease-grant', revision: 4, id: 11, ttlSeconds: 5 }),
    hash: record('hash', { hash: 123, revision: 6, compactRevision: -1 }),
  });
  gateway = await startEtcdGateway(fake.core, { host: '127.0.0.1', port: 0, log });
  grpc = await GrpcClient.connect(gateway.address);
});
afterEach(async () => {
  grpc.close();
  await gateway.close();
});

const failure = (promise: Promise<unknown>) => promise.catch((error) => [error.code, error.message]);

describe('Cluster', () => {
  test('lists members with their native addresses as peer URLs, and no revision', async () => {
    const { header, members } = await grpc.unary(client.MEMBER_LIST, { linearizable: false });
    expect(header!.revision).toBe(0);
    expect(members).toEqual([
      {
        id: 7,
        name: 'one',
        peerUrls: ['http://127.0.0.1:7410'],
        clientUrls: ['http://127.0.0.1:7412'],
        isLearner: false,
      },
      { id: 8, name: 'two', peerUrls: ['http://127.0.0.1:7420'], clientUrls: [], isLearner: true },
    ]);
  });

  test('adds, updates, promotes and removes', async () => {
    const added = await grpc.unary(client.MEMBER_ADD, { peerUrls: ['http://127.0.0.1:7430'], isLearner: true });
    const updated = await grpc.unary(client.MEMBER_UPDATE, { id: 7, peerUrls: ['https://[::1]:7411'] });
    const promoted = await grpc.unary(client.MEMBER_PROMOTE, { id: 8 });
    const removed = await grpc.unary(client.MEMBER_REMOVE, { id: 8 });
    expect(calls).toEqual([
      ['add', { name: '', peerAddress: '127.0.0.1:7430', clientUrls: [] }, { learner: true }],
      ['update', { id: 7, name: 'one', clientUrls: ['http://127.0.0.1:7412'], peerAddress: '[::1]:7411' }, {}],
      ['promote', 8, {}],
      ['remove', 8, {}],
    ]);
    // Each answer is of the time after its change, though this member has heard of none of them yet.
    const ids = (answer: { readonly members: readonly { readonly id: number }[] }) =>
      answer.members.map(({ id }) => id);
    expect([added.member!.id, ids(added), ids(removed)]).toEqual([9, [7, 8, 9], [7]]);
    expect([updated.members[0]!.peerUrls, promoted.members[1]!.isLearner]).toEqual([['http://[::1]:7411'], false]);
  });

  test('refuses URLs that are none, and members that are not there, whatever the size of their id', async () => {
    for (const urls of [
      [],
      ['nonsense'],
      ['http://h'],
      ['ftp://h:1'],
      ['http://h:1/x'],
      ['http://h:1', 'http://h:2'],
    ]) {
      const added = grpc.unary(client.MEMBER_ADD, { peerUrls: urls, isLearner: false });
      expect(await failure(added)).toEqual([3, 'etcdserver: given member URLs are invalid']);
    }
    for (const id of [99, 2 ** 63]) {
      expect(await failure(grpc.unary(client.MEMBER_REMOVE, { id }))).toEqual([5, 'etcdserver: member not found']);
    }
    expect(calls).toEqual([]);
  });
});

describe('Maintenance', () => {
  test('status', async () => {
    expect(await grpc.unary(client.STATUS, {})).toMatchObject({
      ...{ leader: 7, raftIndex: 10, raftTerm: 2, raftAppliedIndex: 9, errors: [], isLearner: false },
    });
    fake.leader = undefined;
    expect(await grpc.unary(client.STATUS, {})).toMatchObject({ leader: 0, errors: ['etcdserver: no leader'] });
  });

  test('hash of a revision', async () => {
    const answer = await grpc.unary(client.HASH_KV, { revision: 6 });
    expect([answer.hash, answer.compactRevision, answer.header!.revision]).toEqual([123, -1, 6]);
    expect(calls).toEqual([['hash', 6]]);
  });

  test('leadership is moved by the leader only', async () => {
    await grpc.unary(client.MOVE_LEADER, { targetId: 8 });
    expect(calls).toEqual([['move', 8, {}]]);
    fake.leader = 8;
    expect(await failure(grpc.unary(client.MOVE_LEADER, { targetId: 7 }))).toEqual([9, 'etcdserver: not leader']);
  });

  test('alarms are listed by kind, and raising or ending one of no kind does nothing', async () => {
    expect(await grpc.unary(client.ALARM, { action: 0, memberId: 0, alarm: 1 })).toMatchObject({ alarms: [] });
    expect(await grpc.unary(client.ALARM, { action: 1, memberId: 7, alarm: 0 })).toMatchObject({ alarms: [] });
    fake.onWrite = async () => ({ kind: 'alarm', revision: 2, alarms: [{ alarm: 'corrupt', memberId: 7 }] });
    const raised = await grpc.unary(client.ALARM, { action: 1, memberId: 7, alarm: 2 });
    expect(raised.alarms).toEqual([{ memberId: 7, alarm: 2 }]);
    const unknown = grpc.unary(client.ALARM, { action: 3, memberId: 7, alarm: 2 });
    expect(await failure(unknown)).toEqual([3, 'etcdserver: alarm action 3 is not known']);
    expect(fake.writes.map(({ request }) => request)).toEqual([
      { kind: 'alarm', action: 'activate', alarm: 'corrupt', memberId: 7 },
    ]);
  });
});

describe('Lease', () => {
  test('grants, lists, and tells the time left in whole seconds', async () => {
    expect(await grpc.unary(client.LEASE_GRANT, { id: 0, ttl: 5 })).toMatchObject({ id: 11, ttl: 5, error: '' });
    expect((await grpc.unary(client.LEASE_LEASES, {})).leases).toEqual([{ id: 3 }, { id: 5 }]);
    const status = await grpc.unary(client.LEASE_TIME_TO_LIVE, { id: 3, keys: true });
    expect(status).toMatchObject({ id: 3, ttl: 41, grantedTtl: 60, keys: [Buffer.from('k')] });
    expect(calls.slice(-1)).toEqual([['status', 3, { keys: true }]]);
  });

  const keepAlive = (ids: readonly number[]) =>
    new Promise<{ heard: unknown[]; error: unknown }>((resolve) => {
      const heard: unknown[] = [];
      const stream = grpc.stream(client.LEASE_KEEP_ALIVE, {
        message: ({ id, ttl }) => heard.push([id, ttl]),
        ended: (error) => resolve({ heard, error }),
      });
      for (const id of ids) stream.send({ id });
      stream.end();
    });

  test('answers keep-alives as they are done, 0 for a lease that is gone, and ends after the last', async () => {
    let renewThird = (): void => {};
    fake.onKeepAlive = async (id) => {
      if (id === 4) queueMicrotask(() => setImmediate(() => renewThird()));
      else
        await new Promise<void>((resolve) => {
          renewThird = resolve;
        });
      return { ttlSeconds: id === 4 ? 0 : 60, revision: 2 };
    };
    expect(await keepAlive([3, 4, 2 ** 60])).toEqual({
      heard: [
        [2 ** 60, 0],
        [4, 0],
        [3, 60],
      ],
      error: undefined,
    });
  });

  test('thousands of them on one stream are all answered, and no more than 1,000 are under way at once', async () => {
    let pending = 0;
    let most = 0;
    fake.onKeepAlive = async () => {
      pending += 1;
      most = Math.max(most, pending);
      await new Promise((resolve) => setImmediate(resolve));
      pending -= 1;
      return { ttlSeconds: 1, revision: 2 };
    };
    const ids = Array.from({ length: 5000 }, (_, i) => i + 1);
    expect((await keepAlive(ids)).heard).toEqual(ids.map((id) => [id, 1]));
    expect(most).toBe(1000);
  });

  test('nothing is renewed for a client that does not take its answers', () => {
    const renewed: number[] = [];
    fake.onKeepAlive = async (id) => {
      renewed.push(id);
      return { ttlSeconds: 1, revision: 2 };
    };
    const [, method] = leaseService(fake.core, new Headers(fake.core)).find(([path]) => path.endsWith('KeepAlive'))!;
    const stream = { congested: true, hold() {}, release() {}, send() {}, end() {} };
    const listener = (method as StreamMethod<LeaseId, unknown>).open(stream as unknown as ServerStream<unknown>);
    listener.message({ id: 3 });
    expect(renewed).toEqual([]);
    stream.congested = false;
    listener.drained();
    expect(renewed).toEqual([3]);
  });

  test('an error ends the stream with etcd’s words', async () => {
    fake.onKeepAlive = () => Promise.reject(new CoreError('no-leader', '…'));
    expect((await keepAlive([1])).error).toMatchObject({ code: 14, message: 'etcdserver: no leader' });
  });
});

describe('grpc.health.v1', () => {
  test('check', async () => {
    expect(await grpc.unary(client.HEALTH_CHECK, { service: '' })).toEqual({ status: 1 });
    fake.leader = undefined;
    expect(await grpc.unary(client.HEALTH_CHECK, { service: 'etcdserverpb.KV' })).toEqual({ status: 2 });
    expect(await failure(grpc.unary(client.HEALTH_CHECK, { service: 'x' }))).toEqual([5, 'unknown service']);
  });

  test('watch tells the status at once and when it changes', async () => {
    const heard: number[] = [];
    let wake = (): void => {};
    const hear = ({ status }: { status: number }): void => {
      heard.push(status);
      wake();
    };
    grpc.stream(client.HEALTH_WATCH, { message: hear, ended() {} }).send({ service: '' });
    const until = async (count: number) => {
      while (heard.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    await until(1);
    fake.leader = undefined;
    await until(2);
    expect(heard).toEqual([1, 2]);
  });
});
