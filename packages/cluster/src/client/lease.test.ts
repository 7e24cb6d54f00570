import { describe, expect, test } from 'vitest';
import { type App, SimCluster } from '../node/cluster.fixture.ts';
import { type Client, connect } from './index.ts';

const scenario = (name: string, run: (app: App, client: Client) => Promise<void>): void => {
  test(name, async () => {
    const cluster = new SimCluster();
    await cluster.run(async (app) => run(app, await app.connect()));
  });
};

describe('a lease', () => {
  scenario(
    'keeps its keys as long as it is kept alive, and takes them with it when it is revoked',
    async (app, client) => {
      const lease = await client.lease(2);
      await client.put('mine', '1', { lease });
      await app.sleep(7000);
      expect(lease.alive).toBe(true);
      expect(await client.get('mine')).toMatchObject({ lease: lease.id });
      await lease.revoke();
      expect(await client.get('mine')).toBeUndefined();
      expect(lease.signal.aborted).toBe(true);
      await lease.revoke();
    },
  );

  scenario('of a client that is gone ends when its time is over, and not before', async (app, client) => {
    const other = await app.connect();
    const lease = await other.lease(3);
    await other.put('theirs', '1', { lease });
    await other.close();
    expect(lease.signal.aborted).toBe(true);
    await app.sleep(1500);
    expect(await client.get('theirs')).toBeDefined();
    await app.sleep(3500);
    expect(await client.get('theirs')).toBeUndefined();
  });

  scenario('whose revocation has failed can be revoked again', async (app, client) => {
    const lease = await client.lease(30);
    await client.put('mine', '1', { lease });
    const cut = app.cluster.world.net.partition(['app'], app.cluster.names);
    await expect(lease.revoke()).rejects.toMatchObject({ code: 'timed-out' });
    expect(lease.signal.aborted).toBe(true);
    cut[Symbol.dispose]();
    await lease.revoke();
    expect(await client.get('mine')).toBeUndefined();
  });

  scenario('that somebody else revoked is noticed with the next renewal', async (app, client) => {
    const lease = await client.lease(6);
    const other = await app.connect();
    await other.cluster.revokeLease(lease.id);
    await app.sleep(2500);
    expect(lease.signal.aborted).toBe(true);
    expect(lease.signal.reason).toMatchObject({ code: 'lease-lost' });
  });

  scenario('survives the death of the leader that timed it', async (app, client) => {
    const lease = await client.lease(2);
    await client.put('mine', '1', { lease });
    for (let i = 0; i < 3; i++) {
      await app.until(() => app.cluster.leader !== undefined);
      const leader = app.cluster.world.node(app.cluster.leader!);
      leader.kill();
      await app.sleep(1500);
      leader.start();
      await app.sleep(500);
    }
    expect(lease.alive).toBe(true);
    expect(await client.get('mine')).toBeDefined();
  });

  scenario(
    'is lost for its holder before it is gone for the others, when they are cut off from each other',
    async (app, client) => {
      const { world, names } = app.cluster;
      const watching = world.node('watcher');
      watching.start(() => {});
      const lease = await client.lease(3);
      await client.put('mine', '1', { lease });
      let lostAt = 0;
      lease.signal.addEventListener('abort', () => {
        lostAt = world.nowMs;
      });
      let goneAt = 0;
      world.net.partition(['app'], [...names, 'watcher']);
      void watching.call(async (env) => {
        const other = await connect({ env, endpoints: names.map((name) => `${name}:7410`) });
        while ((await other.get('mine')) !== undefined) {
          await new Promise<void>((resolve) => env.timers.at(env.clock.monotonic(), resolve));
        }
        goneAt = world.nowMs;
      });
      await app.until(() => goneAt > 0, 10_000);
      expect(lostAt).toBeGreaterThan(0);
      expect(lostAt).toBeLessThan(goneAt);
    },
  );

  scenario(
    'does not seem alive to a process that was paused beyond its time, even before any timer has fired',
    async (app, client) => {
      const lease = await client.lease(2);
      const { world } = app.cluster;
      let seen: boolean | undefined;
      // Set before the pause, so that it fires first after it, before the lease's own timer.
      app.env.timers.at(app.env.clock.monotonic(), () => {
        world.node('app').pause(5000);
        app.env.tasks.defer(() => {
          seen = lease.alive;
        });
      });
      await app.until(() => seen !== undefined);
      expect(seen).toBe(false);
      expect(() => lease.assertAlive()).toThrow(expect.objectContaining({ code: 'lease-lost' }));
    },
  );
});

test('a leader that is cut off does not extend a lease', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    const { id } = await client.lease(60);
    const old = cluster.leader!;
    const node = cluster.running.get(old)!;
    const { world } = cluster;
    world.net.partition([old], cluster.others(old).concat('app'));
    const answer = await world
      .node(old)
      .call(() => node.core.keepAlive(id, { timeoutMs: 1000 }))
      .catch((error: unknown) => error);
    expect(answer).toMatchObject({ name: 'CoreError', outcome: 'not-applied' });
  });
});

test('a keep-alive, and the question how long a lease has left, are answered by any member', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    const { id } = await client.lease(30);
    await client.put('mine', '1', { lease: id });
    for (const name of cluster.names) {
      const { core } = cluster.running.get(name)!;
      const on = <T>(fn: () => Promise<T>): Promise<T> => cluster.world.node(name).call(fn);
      expect(await on(() => core.keepAlive(id))).toMatchObject({ ttlSeconds: 30 });
      expect(await on(() => core.keepAlive(12345))).toMatchObject({ ttlSeconds: 0 });
      const status = await on(() => core.leaseStatus(id, { keys: true }));
      expect(status).toMatchObject({ id, grantedSeconds: 30 });
      expect(status.remainingSeconds).toBeGreaterThan(28);
      expect(status.keys.map((key) => String.fromCharCode(...key))).toEqual(['mine']);
      expect(await on(() => core.leaseStatus(12345))).toMatchObject({ remainingSeconds: -1 });
      expect(await on(() => core.leases())).toEqual([id]);
    }
  });
});
