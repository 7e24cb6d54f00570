import { type EtcdGateway, startEtcdGateway } from '@quorate/gateways/etcd';
import { GrpcClient } from '@quorate/gateways/etcd/client';
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
    // etcd orders leases by time left.
    return name === 'leases' ? list.map((one) => JSON.stringify(one)).sort() : list;
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

/** A put that ignores something of a key that is not there, for a lease that is not there: which of the two is said may differ. */
const TWO_FAULTS = ['etcdserver: requested lease not found', 'etcdserver: key not found'];
const saysOneOfTwo = (answers: readonly unknown[]): boolean =>
  answers.every((answer) => TWO_FAULTS.includes((answer as { message?: string }).message ?? ''));

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
      if (JSON.stringify(expected) !== JSON.stringify(actual) && !saysOneOfTwo([expected, actual])) {
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
