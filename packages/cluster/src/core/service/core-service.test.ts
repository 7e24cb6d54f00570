import { describe, expect, test } from 'vitest';
import { type App, SimCluster } from '../../node/cluster.fixture.ts';
import type { Core } from '../core.ts';
import type { PutRequest, WatchMessage } from '../requests.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const put = (key: string, value = ''): PutRequest => ({ kind: 'put', key: bytes(key), value: bytes(value) });

/** The core as code on one node sees it. */
class OnNode {
  readonly name: string;
  readonly #cluster: SimCluster;

  constructor(cluster: SimCluster, name: string) {
    this.#cluster = cluster;
    this.name = name;
  }

  get core(): Core {
    return this.#cluster.running.get(this.name)!.core;
  }

  run<T>(fn: (core: Core) => Promise<T>): Promise<T> {
    return this.#cluster.world.node(this.name).call(() => fn(this.core));
  }
}

const scenario = (
  name: string,
  run: (app: App, nodes: { leader: OnNode; followers: OnNode[]; cluster: SimCluster }) => Promise<void>,
): void => {
  test(name, async () => {
    const cluster = new SimCluster();
    await cluster.untilLeader();
    await cluster.run(async (app) => {
      await app.until(() => cluster.names.every((node) => cluster.running.get(node)?.status.raft.leader !== undefined));
      const leader = new OnNode(cluster, cluster.leader!);
      const followers = cluster.others(leader.name).map((node) => new OnNode(cluster, node));
      await run(app, { leader, followers, cluster });
    });
  });
};

describe('a write on a follower', () => {
  scenario('is passed on to the leader, and its answer comes back', async (_app, { followers, leader }) => {
    const { revision } = await followers[0]!.run((core) => core.write(put('a', '1')));
    const found = await leader.run((core) => core.range({ kind: 'range', key: bytes('a') }));
    expect(found.kvs[0]).toMatchObject({ modRevision: revision });
    await expect(followers[1]!.run((core) => core.write({ ...put('a'), lease: 77 }))).rejects.toMatchObject({
      code: 'lease-not-found',
      outcome: 'not-applied',
    });
  });

  scenario(
    'whose way to the leader breaks after it was sent has an unknown outcome',
    async (app, { followers, cluster, leader }) => {
      const [follower] = followers;
      const write = follower!.run((core) => core.write(put('a', '1')));
      const outcome = write.catch((error: unknown) => error);
      await app.sleep(0.2);
      cluster.world.net.partition([follower!.name], [leader.name]);
      cluster.world.net.resetConnections(follower!.name, leader.name);
      expect(await outcome).toMatchObject({ code: 'unavailable', outcome: 'unknown' });
    },
  );

  scenario(
    'waits for a leader, and fails as not applied when there is none in time',
    async (app, { followers, leader, cluster }) => {
      cluster.world.node(leader.name).kill();
      cluster.world.node(followers[1]!.name).kill();
      await app.sleep(2000);
      const refused = followers[0]!.run((core) => core.write(put('a'), { timeoutMs: 500 }));
      await expect(refused).rejects.toMatchObject({ code: 'no-leader', outcome: 'not-applied', retryable: true });
      const waiting = followers[0]!.run((core) => core.write(put('b'), { timeoutMs: 20_000 }));
      await app.sleep(300);
      cluster.world.node(followers[1]!.name).start();
      expect(await waiting).toMatchObject({ kind: 'put' });
    },
  );
});

describe('a read', () => {
  scenario('on a follower sees everything that was acknowledged before it', async (_app, { leader, followers }) => {
    for (let i = 0; i < 20; i++) {
      const { revision } = await leader.run((core) => core.write(put('a', String(i))));
      const { kvs } = await followers[i % 2]!.run((core) => core.range({ kind: 'range', key: bytes('a') }));
      expect(kvs[0]!.modRevision).toBe(revision);
    }
  });

  scenario(
    'on a node that is cut off fails, unless an old state is good enough',
    async (_app, { followers, cluster }) => {
      const [follower] = followers;
      await follower!.run((core) => core.write(put('a', '1')));
      await follower!.run((core) => core.range({ kind: 'range', key: bytes('a') }));
      cluster.world.net.partition([follower!.name], cluster.others(follower!.name));
      const request = { kind: 'range', key: bytes('a') } as const;
      await expect(follower!.run((core) => core.range(request, { timeoutMs: 800 }))).rejects.toMatchObject({
        outcome: 'not-applied',
      });
      expect((await follower!.run((core) => core.range(request, { serializable: true }))).count).toBe(1);
    },
  );
});

scenario(
  'a leader that is cut off does not acknowledge, and says that the outcome is unknown',
  async (_app, { leader, cluster }) => {
    cluster.world.net.partition([leader.name], cluster.others(leader.name));
    const lost = await leader.run((core) => core.write(put('a', 'lost'))).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 'leader-changed', outcome: 'unknown' });
  },
);

scenario('a watch on any member sees what is written on another', async (app, { leader, followers }) => {
  const seen: WatchMessage[] = [];
  using _watch = await followers[0]!.run(async (core) =>
    core.watch({ key: bytes('a') }, (message) => void seen.push(message)),
  );
  await app.until(() => seen.length > 0);
  await leader.run((core) => core.write(put('a', '1')));
  await app.until(() => seen.length > 1);
  expect(seen.map(({ kind }) => kind)).toEqual(['created', 'events']);
});

scenario('all members have the same hash at the same revision', async (_app, { leader, followers }) => {
  for (let i = 0; i < 30; i++) await leader.run((core) => core.write(put(`k${i % 5}`, String(i))));
  const { revision } = await leader.run((core) => core.range({ kind: 'range', key: bytes('k0') }));
  for (const follower of followers) await follower.run((core) => core.range({ kind: 'range', key: bytes('k0') }));
  const hashes = await Promise.all([leader, ...followers].map((node) => node.run((core) => core.hash(revision))));
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
});

scenario('a call whose signal has aborted does not even begin', async (_app, { leader }) => {
  const signal = AbortSignal.abort(new Error('no'));
  await expect(leader.run((core) => core.write(put('a'), { signal }))).rejects.toMatchObject({
    code: 'aborted',
    outcome: 'not-applied',
  });
  const { count } = await leader.run((core) => core.range({ kind: 'range', key: bytes('a') }));
  expect(count).toBe(0);
});

test('a state that has outgrown its quota raises the alarm, and writes that need space are refused until there is some', async () => {
  const cluster = new SimCluster({ config: { quotaBytes: 20_000 } });
  await cluster.run(async (app) => {
    const client = await app.connect();
    const full = (async () => {
      for (let i = 0; ; i++) await client.put(`k${i}`, new Uint8Array(1000));
    })();
    await expect(full).rejects.toMatchObject({ code: 'no-space', outcome: 'not-applied' });
    const { alarms, memberId } = await client.cluster.status();
    expect(alarms).toMatchObject([{ alarm: 'no-space' }]);
    const { revision } = await client.delete({ prefix: 'k' });
    await client.compact(revision);
    for (const { memberId: id } of alarms)
      await client.cluster.alarm({ action: 'deactivate', alarm: 'no-space', memberId: id });
    expect(memberId).toBeGreaterThan(0);
    await client.put('again', '1');
  });
});
