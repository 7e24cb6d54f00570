import { type EtcdGateway, startEtcdGateway } from '@quorate/gateways/etcd';
import {
  ALARM,
  COMPACT,
  DEFRAGMENT,
  GrpcClient,
  HASH_KV,
  HEALTH_CHECK,
  LEASE_GRANT,
  LEASE_REVOKE,
  LEASE_TIME_TO_LIVE,
  MEMBER_ADD,
  MEMBER_PROMOTE,
  MEMBER_REMOVE,
  MEMBER_UPDATE,
  type MethodRef,
  MOVE_LEADER,
  PUT,
  RANGE,
  TXN,
} from '@quorate/gateways/etcd/client';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Moment, type Operation, operation } from './etcd-operations.fixture.ts';
import { EtcdProcess, program } from './etcd-process.fixture.ts';
import { WatchRunner, type WatchScript, watchScript } from './etcd-watches.fixture.ts';
import { MemoryCore } from './memory-core.fixture.ts';

const SEED = Number(process.env['SEED'] ?? 3_405_691);
const OPERATIONS = Number(process.env['OPERATIONS'] ?? 5000);
const WATCH_SCRIPTS = Number(process.env['WATCH_SCRIPTS'] ?? 40);
const etcdPath = program('etcd');
if (etcdPath === undefined) console.warn('skipped: etcd is not installed, so there is nothing to compare with');

const log = { debug() {}, info() {}, warn() {}, error() {} };

// biome-ignore lint/suspicious/noExplicitAny: requests of all methods in one list.
type Odd = readonly [method: MethodRef<any, any>, request: object];

interface Pair {
  readonly etcd: EtcdProcess;
  readonly memory: MemoryCore;
  readonly gateway: EtcdGateway;
  /** etcd's client and ours. */
  readonly clients: readonly [GrpcClient, GrpcClient];
}

/** A fresh etcd and a fresh gateway: both at revision 1, so that all revisions can be compared as they are. */
async function startPair(): Promise<Pair> {
  const etcd = await EtcdProcess.start(etcdPath!);
  const memory = new MemoryCore();
  const gateway = await startEtcdGateway(memory.core, { host: '127.0.0.1', port: 0, log });
  const clients = [await GrpcClient.connect(etcd.address), await GrpcClient.connect(gateway.address)] as const;
  return { etcd, memory, gateway, clients };
}

async function stopPair({ etcd, memory, gateway, clients }: Pair): Promise<void> {
  for (const client of clients) client.close();
  await gateway.close();
  memory[Symbol.dispose]();
  await etcd.stop();
}

/** Readable, comparable, and without what two clusters need not agree on. */
function normal(value: unknown, name = ''): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
  if (Array.isArray(value)) {
    const list = value.map((element) => normal(element));
    // etcd orders leases by time left, and their keys not at all.
    return name === 'leases' || name === 'keys' ? list.map((one) => JSON.stringify(one)).sort() : list;
  }
  if (typeof value !== 'object' || value === null) return value;
  const skipped = ['clusterId', 'memberId', 'raftTerm', ...('grantedTtl' in value ? ['ttl'] : [])];
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field]) => !skipped.includes(field))
      .map(([field, inner]) => [field, normal(inner, field)]),
  );
}

async function outcome(client: GrpcClient, { method }: Operation, request: object): Promise<unknown> {
  try {
    return normal(await client.unary(method, request));
  } catch (error) {
    return { code: (error as { code: number }).code, message: (error as Error).message };
  }
}

const revisionOf = (answer: unknown): number | undefined =>
  (answer as { header?: { revision: number } }).header?.revision;

describe.skipIf(etcdPath === undefined)('against a real etcd', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair();
  });
  afterAll(() => stopPair(pair));

  test(`${OPERATIONS} random requests get the same answers (SEED=${SEED})`, { timeout: 120_000 }, async () => {
    let moment: Moment = { now: 1, compacted: 0 };
    const history: string[] = [];
    for (const one of fc.sample(operation, { seed: SEED, numRuns: OPERATIONS })) {
      const request = one.request(moment);
      const [expected, actual] = await Promise.all(pair.clients.map((client) => outcome(client, one, request)));
      history.push(`${one.method.path} ${JSON.stringify(normal(request))}`);
      if (JSON.stringify(expected) !== JSON.stringify(actual)) {
        expect.fail(
          `${history.slice(-5).join('\n')}\netcd: ${JSON.stringify(expected)}\nours: ${JSON.stringify(actual)}`,
        );
      }
      const compacted = one.method.path.endsWith('Compact') && revisionOf(expected) !== undefined;
      moment = {
        now: Math.max(moment.now, revisionOf(expected) ?? 0),
        compacted: compacted ? (request as { revision: number }).revision : moment.compacted,
      };
    }
    expect(moment.now).toBeGreaterThan(OPERATIONS / 10);
  });

  test('odd requests get the same answers', async () => {
    const key = Buffer.from('odd');
    const range = (odd: object): Odd => [RANGE, { ...RANGE.request.create(), key, ...odd }];
    const put = (odd: object): Odd => [PUT, { ...PUT.request.create(), key, ...odd }];
    const compare = (odd: object): Odd => {
      const one = { key, rangeEnd: Buffer.alloc(0), result: 0, target: 0, version: undefined, ...odd };
      const blank = { createRevision: undefined, modRevision: undefined, value: undefined, lease: undefined };
      return [TXN, { compare: [{ ...blank, ...one }], success: [], failure: [] }];
    };
    const odd: Odd[] = [
      put({ value: Buffer.from('1') }),
      put({ lease: -1 }),
      put({ lease: 2 ** 62 }),
      range({ limit: -1 }),
      range({ revision: -5 }),
      range({ revision: 2 ** 62 }),
      range({ minModRevision: -1, maxCreateRevision: 2 ** 62 }),
      range({ countOnly: true, limit: 1 }),
      range({ keysOnly: true, countOnly: true }),
      compare({ version: -1, result: 1 }),
      compare({ version: 2 ** 62, result: 2 }),
      compare({ target: 3, value: Buffer.alloc(0) }),
      [COMPACT, { revision: -1, physical: false }],
      [COMPACT, { revision: 2 ** 62, physical: false }],
      [LEASE_GRANT, { id: 500, ttl: -1 }],
      [LEASE_GRANT, { id: 500, ttl: 10 }],
      [LEASE_GRANT, { id: 501, ttl: 2 ** 62 }],
      [LEASE_REVOKE, { id: 0 }],
      [LEASE_REVOKE, { id: -1 }],
      [LEASE_REVOKE, { id: 2 ** 62 }],
      [LEASE_REVOKE, { id: 500 }],
      [LEASE_TIME_TO_LIVE, { id: 0, keys: true }],
      [LEASE_TIME_TO_LIVE, { id: 2 ** 62, keys: false }],
      [ALARM, { action: 0, memberId: 0, alarm: 0 }],
      [ALARM, { action: 2, memberId: 5, alarm: 1 }],
      [ALARM, { action: 0, memberId: 0, alarm: 2 }],
      [MEMBER_REMOVE, { id: 1 }],
      [MEMBER_PROMOTE, { id: 2 ** 63 }],
      [MEMBER_UPDATE, { id: 1, peerUrls: ['http://127.0.0.1:1'] }],
      [MEMBER_ADD, { peerUrls: [], isLearner: false }],
      [MEMBER_ADD, { peerUrls: ['nonsense'], isLearner: false }],
      [HASH_KV, { revision: 2 ** 62 }],
      [DEFRAGMENT, {}],
      [MOVE_LEADER, { targetId: 12345 }],
      [HEALTH_CHECK, { service: '' }],
      [HEALTH_CHECK, { service: 'unheard of' }],
      [{ ...PUT, path: '/etcdserverpb.KV/Nope' }, PUT.request.create()],
      [{ ...PUT, path: '/no.such.Service/Put' }, PUT.request.create()],
      put({ value: Buffer.alloc(1_573_000) }),
      put({ value: Buffer.alloc(2_200_000) }),
    ];
    const got: unknown[] = [];
    const wanted: unknown[] = [];
    for (const [method, request] of odd) {
      const operation: Operation = { method, request: () => request };
      const [expected, actual] = await Promise.all(pair.clients.map((client) => outcome(client, operation, request)));
      const asked = `${method.path} ${JSON.stringify(normal(request)).slice(0, 200)}`;
      wanted.push([asked, expected]);
      got.push([asked, actual]);
    }
    expect(got).toEqual(wanted);
  });

  test(`${WATCH_SCRIPTS} random scripts of watches hear the same (SEED=${SEED})`, { timeout: 120_000 }, async () => {
    const scripts: WatchScript[] = fc.sample(watchScript, { seed: SEED, numRuns: WATCH_SCRIPTS });
    const runners = pair.clients.map((client) => new WatchRunner(client));
    for (const script of scripts) {
      const [expected, actual] = await Promise.all(runners.map((runner) => runner.run(script)));
      if (JSON.stringify(expected) !== JSON.stringify(actual)) {
        expect({ script, heard: actual }).toEqual({ script, heard: expected });
      }
    }
  });
});
