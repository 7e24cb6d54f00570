import { describe, expect, test } from 'vitest';
import { type Client, CoreError, get, put } from '../client/index.ts';
import { type App, SimCluster } from './cluster.fixture.ts';

/** Adds one to the version of `counter`; the session makes sure that a repetition does not add another. */
const increment = (client: Client): Promise<unknown> =>
  client.txn({ then: [put('counter', ''), get('counter')] }, { timeoutMs: 60_000 });

const count = async (client: Client): Promise<number> => (await client.get('counter'))?.version ?? 0;

describe.each([1n, 2n, 3n])('with seed %s', (seed) => {
  test('a counter incremented N times while connections are reset ends at exactly N', async () => {
    const cluster = new SimCluster({ seed, net: { quality: { reset: 0.02, split: 0.2 } } });
    const [expected, found] = await cluster.run(async (app) => {
      const client = await app.connect({ timeoutMs: 60_000 });
      await Promise.all(Array.from({ length: 300 }, () => increment(client)));
      for (let i = 0; i < 50; i++) await increment(client);
      return [350, await count(client)];
    });
    expect(found).toBe(expected);
  });

  test('a counter incremented while leaders are killed ends at exactly as many as were acknowledged', async () => {
    const cluster = new SimCluster({ seed });
    const [acknowledged, found] = await cluster.run(async (app) => {
      const client = await app.connect({ timeoutMs: 60_000 });
      let stop = false;
      let done = 0;
      const worker = async (): Promise<void> => {
        for (; !stop; done++) {
          await increment(client);
          await app.sleep(3);
        }
      };
      const workers = Promise.all(Array.from({ length: 5 }, worker));
      await killLeaders(app, 4);
      stop = true;
      await workers;
      return [done, await count(client)];
    });
    expect(found).toBe(acknowledged);
    expect(found).toBeGreaterThan(100);
  });
});

async function killLeaders(app: App, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    await app.until(() => app.cluster.leader !== undefined);
    const leader = app.cluster.world.node(app.cluster.leader!);
    leader.kill();
    await app.sleep(600);
    leader.start();
    await app.sleep(300);
  }
}

test('a write whose answer never came says that its outcome is unknown, and one that was never sent that it was not applied', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    const cut = cluster.world.net.partition(['app'], cluster.names);
    const lost = await client.put('a', '1', { timeoutMs: 300 }).catch((error: unknown) => error);
    expect(lost).toMatchObject({ code: 'timed-out', outcome: 'unknown' });
    // The connection is given up while something is expected on it; then there is no other.
    await expect(client.get('a', { timeoutMs: 4000 })).rejects.toMatchObject({ outcome: 'not-applied' });
    const unsent = await client.put('a', '2', { timeoutMs: 300 }).catch((error: unknown) => error);
    expect(unsent).toBeInstanceOf(CoreError);
    expect(unsent).toMatchObject({ code: 'timed-out', outcome: 'not-applied' });
    cut[Symbol.dispose]();
    await client.put('a', '3');
  });
});

test('a signal aborts a call, and leaves nothing on the signal', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    const controller = new AbortController();
    const cut = cluster.world.net.partition(['app'], cluster.names);
    const call = client.get('a', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(call).rejects.toMatchObject({ code: 'aborted', outcome: 'not-applied' });
    cut[Symbol.dispose]();
    await expect(client.get('a', { signal: controller.signal })).rejects.toMatchObject({ code: 'aborted' });
    expect(await client.get('a')).toBeUndefined();
  });
});

test('writes beyond the window of a session wait for their turn', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    await Promise.all(Array.from({ length: 10_000 }, (_, i) => client.put(`k${i % 100}`, String(i))));
    const { kvs } = await client.range({ prefix: 'k' });
    expect(kvs.map(({ version }) => version)).toEqual(new Array(100).fill(100));
  });
});
