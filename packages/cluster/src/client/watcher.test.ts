import { describe, expect, test } from 'vitest';
import { type App, SimCluster } from '../node/cluster.fixture.ts';
import { Client } from './client.ts';
import { CompactedError, put, remove, toText, type Watcher } from './index.ts';

const scenario = (name: string, run: (app: App, client: Client) => Promise<void>): void => {
  test(name, async () => {
    const cluster = new SimCluster();
    await cluster.run(async (app) => run(app, await app.connect()));
  });
};

/** Reads `count` events and ends the watch. */
async function take(watcher: Watcher, count: number): Promise<string[]> {
  const seen: string[] = [];
  for await (const { events } of watcher) {
    for (const { type, kv } of events) seen.push(`${type} ${toText(kv.key)} ${toText(kv.value)}`.trim());
    if (seen.length >= count) return seen;
  }
  return seen;
}

describe('a watch', () => {
  scenario('sees what happens after it has started, and nothing from before', async (_app, client) => {
    await client.put('a', 'before');
    const watcher = client.watch({ prefix: '' });
    await watcher.started;
    await client.put('a', '1');
    await client.put('b', '2');
    await client.delete('a');
    expect(await take(watcher, 3)).toEqual(['put a 1', 'put b 2', 'delete a']);
  });

  scenario('sees history from a revision on, with the versions before when asked for', async (_app, client) => {
    const first = await client.put('a', '1');
    await client.put('a', '2');
    const watcher = client.watch('a', { fromRevision: first.revision, previous: true });
    const previous: (string | undefined)[] = [];
    for await (const { events } of watcher) {
      for (const { prevKv } of events) previous.push(prevKv === undefined ? undefined : toText(prevKv.value));
      if (previous.length === 2) break;
    }
    expect(previous).toEqual([undefined, '1']);
  });

  scenario('gets all changes of a transaction together', async (_app, client) => {
    const watcher = client.watch({ prefix: 'k' });
    await watcher.started;
    await client.txn({ then: [put('k1', ''), put('k2', ''), put('k3', '')] });
    const { value: batch } = await watcher.next();
    expect(batch!.events.map(({ kv }) => toText(kv.key))).toEqual(['k1', 'k2', 'k3']);
    watcher.close();
  });

  scenario('can leave out puts or deletes', async (_app, client) => {
    const deletes = client.watch({ prefix: '' }, { without: 'puts' });
    const puts = client.watch({ prefix: '' }, { without: 'deletes' });
    await Promise.all([deletes.started, puts.started]);
    await client.put('a', '1');
    await client.delete('a');
    await client.put('b', '2');
    await client.delete('b');
    expect(await take(deletes, 2)).toEqual(['delete a', 'delete b']);
    expect(await take(puts, 2)).toEqual(['put a 1', 'put b 2']);
  });

  scenario('goes on elsewhere when a connection ends that requests no longer use', async (app, client) => {
    const { cluster } = app;
    await client.put('a', '0');
    const watcher = client.watch('a');
    await watcher.started;
    const before = cluster.leader!;
    const heir = (await client.cluster.members()).find(({ name }) => name !== before)!;
    await client.cluster.moveLeader(heir.id);
    // It goes to the new leader; the watch stays where it is.
    await client.put('a', '1');
    cluster.world.net.resetConnections('app', before);
    await app.sleep(1000);
    await client.put('a', '2');
    expect(await take(watcher, 2)).toEqual(['put a 1', 'put a 2']);
  });

  scenario(
    'goes on by itself after resets and leader changes, without a gap and without a repetition',
    async (app, client) => {
      const { world } = app.cluster;
      const watcher = client.watch({ prefix: 'n/' });
      await watcher.started;
      const writer = await app.connect({ timeoutMs: 30_000 });
      const writing = (async () => {
        for (let i = 0; i < 120; i++) {
          await writer.put(`n/${i % 7}`, String(i));
          if (i % 20 === 10) for (const name of app.cluster.names) world.net.resetConnections('app', name);
          if (i === 35 || i === 85) {
            const name = app.cluster.leader ?? 'a';
            world.node(name).kill();
            await app.sleep(500);
            world.node(name).start();
          }
        }
      })();
      const values: string[] = [];
      for await (const { events } of watcher) {
        values.push(...events.map(({ kv }) => toText(kv.value)));
        if (values.length >= 120) break;
      }
      await writing;
      expect(values).toEqual(Array.from({ length: 120 }, (_, i) => String(i)));
    },
  );

  scenario('that needs compacted history fails with the revision from which one can go on', async (_app, client) => {
    for (let i = 0; i < 10; i++) await client.put('a', String(i));
    const { revision } = await client.put('a', 'last');
    await client.compact(revision - 2);
    const watcher = client.watch('a', { fromRevision: 2 });
    const error: unknown = await watcher.next().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(CompactedError);
    expect(error).toMatchObject({ code: 'compacted', requestedRevision: 2, compactRevision: revision - 2 });
    const again = client.watch('a', { fromRevision: (error as CompactedError).compactRevision });
    expect(await take(again, 3)).toEqual(['put a 8', 'put a 9', 'put a last']);
  });

  scenario('of a slow reader loses nothing and does not fill memory', async (app, client) => {
    const watcher = client.watch({ prefix: '' }, { bufferedMax: 8 });
    await watcher.started;
    for (let i = 0; i < 200; i++) await client.put('a', String(i));
    await app.sleep(500);
    const values: string[] = [];
    while (values.length < 200) {
      const { value } = await watcher.next();
      values.push(...value!.events.map(({ kv }) => toText(kv.value)));
      await app.sleep(1);
    }
    expect(values).toEqual(Array.from({ length: 200 }, (_, i) => String(i)));
    watcher.close();
  });

  scenario('that no server could serve is refused at once, and disturbs nothing', async (app, client) => {
    await client.put('a', '1');
    const unusable = [
      () => client.watch('a', { fromRevision: 1.5 }),
      () => client.watch('a', { fromRevision: -1 }),
      () => client.watch({ from: 'b', to: 'a' }),
      () => client.watch({ from: 'a', to: 'a' }),
    ];
    for (const watch of unusable) {
      expect(watch).toThrow(expect.objectContaining({ code: 'invalid-request', outcome: 'not-applied' }));
    }
    const { server } = client;
    await client.put('a', '2');
    for (const name of app.cluster.names) app.cluster.world.net.resetConnections('app', name);
    await app.sleep(1000);
    await client.put('a', '3');
    // Nothing that is refused again and again drives the client from server to server.
    await app.sleep(1000);
    expect(client.server).toEqual(server);
    expect(await take(client.watch({ from: 'a' }, { fromRevision: 1 }), 3)).toEqual(['put a 1', 'put a 2', 'put a 3']);
  });

  scenario('ends with its signal, with `break`, and with its client', async (app, client) => {
    const controller = new AbortController();
    const aborted = client.watch('a', { signal: controller.signal });
    await aborted.started;
    controller.abort();
    await expect(aborted.next()).rejects.toMatchObject({ code: 'aborted' });
    expect(await aborted.next()).toMatchObject({ done: true });
    const other = await app.connect();
    const closed = other.watch('a');
    await closed.started;
    const ended = expect(closed.next()).rejects.toMatchObject({ code: 'stopped' });
    await other.close();
    await ended;
    expect(() => other.watch('a')).toThrow(/closed/);
  });

  scenario(
    'tells how far everything has been seen, also when asked before it began or while it was nowhere',
    async (app, client) => {
      const watcher = client.watch('quiet', { progress: true });
      watcher.requestProgress();
      expect((await watcher.next()).value).toMatchObject({ events: [] });
      const { world, names } = app.cluster;
      const cut = world.net.partition(['app'], names);
      for (const name of names) world.net.resetConnections('app', name);
      await app.sleep(100);
      watcher.requestProgress();
      cut[Symbol.dispose]();
      expect((await watcher.next()).value).toMatchObject({ events: [] });
      watcher.close();
    },
  );

  scenario('fails when no server will have its client', async (app) => {
    const endpoints = app.cluster.names.map((name) => `${name}:7410`);
    await using stranger = new Client({ env: app.env, endpoints, clusterId: 4711 });
    await expect(stranger.watch('a').next()).rejects.toMatchObject({ code: 'wrong-cluster' });
  });

  scenario('tells how far everything has been seen, when asked for', async (_app, client) => {
    const watcher = client.watch('quiet', { progress: true });
    await watcher.started;
    const { revision } = await client.put('loud', '1');
    watcher.requestProgress();
    const { value: batch } = await watcher.next();
    expect(batch).toMatchObject({ events: [] });
    expect(batch!.revision).toBeGreaterThanOrEqual(revision);
    watcher.close();
  });
});

scenario('reading in pages sees one revision, whatever is written meanwhile', async (_app, client) => {
  await client.txn({ then: Array.from({ length: 25 }, (_, i) => put(`p/${String(i).padStart(2, '0')}`, 'old')) });
  const keys: string[] = [];
  for await (const { key, value } of client.scan({ prefix: 'p/' }, { pageSize: 4 })) {
    expect(toText(value)).toBe('old');
    keys.push(toText(key));
    if (keys.length === 6) await client.txn({ then: [remove({ from: 'p/10', to: 'p/20' }), put('p/05x', 'new')] });
  }
  expect(keys).toEqual(Array.from({ length: 25 }, (_, i) => `p/${String(i).padStart(2, '0')}`));
});
