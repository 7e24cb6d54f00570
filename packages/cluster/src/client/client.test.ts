import { expect, test } from 'vitest';
import { readResponse } from '../core/codec/index.ts';
import { type App, SimCluster } from '../node/cluster.fixture.ts';
import { Client } from './client.ts';
import { resolveClientOptions } from './options.ts';
import { Operation } from './protocol/operations.ts';
import { Requester } from './requester.ts';
import type { Dial } from './server-link.ts';
import { SESSION_WINDOW } from './session.ts';

/** Makes the cluster forget all sessions but that of whoever asks, as it does when there are too many. */
async function forgetSessions(app: App): Promise<void> {
  const endpoints = app.cluster.names.map((name) => `${name}:7410`);
  const requester = new Requester(resolveClientOptions({ env: app.env, endpoints }));
  for (let session = 1; session <= 40; session++) {
    await requester.ask('close', Operation.closeSession, readResponse, {}, (writer) => writer.uint(session));
  }
  await requester.close();
}

const scenario = (name: string, run: (app: App, client: Client) => Promise<void>): void => {
  test(name, async () => {
    const cluster = new SimCluster();
    await cluster.run(async (app) => run(app, await app.connect({ timeoutMs: 20_000 })));
  });
};

scenario(
  'a client whose session has been forgotten opens another, and its writes do not notice',
  async (app, client) => {
    await client.put('a', '1');
    await forgetSessions(app);
    await Promise.all(Array.from({ length: 10 }, (_, i) => client.put(`k${i}`, '')));
    expect((await client.range({ prefix: 'k' })).count).toBe(10);
  },
);

scenario(
  'a write that may have been applied before its session was forgotten has an unknown outcome',
  async (app, client) => {
    await client.put('a', '1');
    const { world, names } = app.cluster;
    // The request arrives, the answer does not.
    const cut = world.net.cut(names.map((from) => ({ from, to: 'app' })));
    const outcome = client.put('a', '2').catch((error: unknown) => error);
    await app.sleep(100);
    const other = world.node('other');
    other.start(() => {});
    await other.call(async (env) => forgetSessions({ env, cluster: app.cluster } as App));
    cut[Symbol.dispose]();
    for (const name of names) world.net.resetConnections('app', name);
    expect(await outcome).toMatchObject({ code: 'session-expired', outcome: 'unknown' });
    expect((await client.get('a'))?.version).toBe(2);
  },
);

scenario('what is outstanding when a client is closed is rejected with what is known of it', async (app, client) => {
  await client.put('a', '1');
  app.cluster.world.net.partition(['app'], app.cluster.names);
  const write = client.put('a', '2').catch((error: unknown) => error);
  const read = client.get('a').catch((error: unknown) => error);
  await client.close();
  expect(await write).toMatchObject({ code: 'stopped', outcome: 'unknown' });
  expect(await read).toMatchObject({ code: 'stopped', outcome: 'not-applied' });
  await expect(client.put('a', '3')).rejects.toMatchObject({ code: 'stopped', outcome: 'not-applied' });
  await client.close();
});

scenario('more reads at once than a connection may owe are all answered', async (_app, client) => {
  await client.put('a', '1');
  const reads = await Promise.all(Array.from({ length: 40_000 }, () => client.get('a', { serializable: true })));
  expect(reads.every((kv) => kv?.version === 1)).toBe(true);
});

scenario('more calls than a client may have waiting are refused at once', async (app) => {
  const client = await app.connect({ inFlightMax: 10 });
  const calls = await Promise.allSettled(Array.from({ length: 15 }, () => client.get('a')));
  expect(calls.filter(({ status }) => status === 'fulfilled').length).toBe(10);
  const refused = calls.find(({ status }) => status === 'rejected') as PromiseRejectedResult;
  expect(refused.reason).toMatchObject({ code: 'too-many-requests', retryable: true, outcome: 'not-applied' });
});

scenario('a request that cannot be written is refused, and those around it are not harmed', async (_app, client) => {
  const around = [client.put('before', '1'), client.compact(-1.5), client.put('after', '1')];
  const [before, wrong, after] = await Promise.allSettled(around);
  expect(wrong).toMatchObject({ status: 'rejected', reason: { code: 'invalid-request', outcome: 'not-applied' } });
  expect([before?.status, after?.status]).toEqual(['fulfilled', 'fulfilled']);
  await expect(client.put('big', new Uint8Array(2_000_000))).rejects.toMatchObject({ code: 'request-too-large' });
  await expect(client.put('', 'x')).rejects.toMatchObject({ code: 'key-empty' });
});

scenario('writes that wait for a session go by their own deadline and signal', async (app) => {
  const { world, names } = app.cluster;
  const cut = world.net.partition(['app'], names);
  const endpoints = names.map((name) => `${name}:7410`);
  await using client = new Client({ env: app.env, endpoints, timeoutMs: 2000, inFlightMax: 3 });
  const controller = new AbortController();
  const failure = (write: Promise<unknown>): Promise<unknown> => write.catch((error: unknown) => error);
  const aborted = failure(client.put('a', '1', { signal: controller.signal }));
  const hasty = failure(client.put('a', '2', { timeoutMs: 100 }));
  const patient = client.put('a', '3', { timeoutMs: 20_000 });
  expect(await failure(client.put('a', '4'))).toMatchObject({ code: 'too-many-requests' });
  controller.abort();
  expect(await aborted).toMatchObject({ code: 'aborted', outcome: 'not-applied' });
  await app.sleep(150);
  const state = await Promise.race([hasty, app.sleep(0).then(() => 'pending')]);
  expect(state).toMatchObject({ code: 'timed-out', outcome: 'not-applied' });
  await app.sleep(6000);
  cut[Symbol.dispose]();
  await patient;
  expect((await client.get('a'))?.version).toBe(1);
});

scenario('writes that were held back when their session was forgotten go out in the next one', async (app, client) => {
  await client.put('a', '1');
  const { world, names } = app.cluster;
  const cut = world.net.cut(names.map((from) => ({ from, to: 'app' })));
  const writes = Promise.allSettled(Array.from({ length: SESSION_WINDOW + 100 }, (_, i) => client.put(`k${i}`, '')));
  await app.sleep(200);
  const other = world.node('other');
  other.start(() => {});
  await other.call(async (env) => forgetSessions({ env, cluster: app.cluster } as App));
  cut[Symbol.dispose]();
  for (const name of names) world.net.resetConnections('app', name);
  const ended = await writes;
  expect(ended.slice(SESSION_WINDOW).filter(({ status }) => status === 'rejected')).toEqual([]);
  expect(ended[0]).toMatchObject({ reason: { code: 'session-expired', outcome: 'unknown' } });
});

scenario('a client that is being closed takes nothing more, and keeps no lease alive', async (app, client) => {
  const granted = client.lease(60);
  const closing = client.close();
  await expect(client.put('a', '1')).rejects.toMatchObject({ code: 'stopped', outcome: 'not-applied' });
  await expect(client.get('a')).rejects.toMatchObject({ code: 'stopped' });
  const again = client.close();
  await closing;
  await again;
  expect((await granted).alive).toBe(false);
  const other = await app.connect();
  expect(await other.get('a')).toBeUndefined();
});

scenario('a client with as many calls as it may have still keeps its leases alive', async (app) => {
  const client = await app.connect({ inFlightMax: 4 });
  const lease = await client.lease(2);
  let busy = true;
  const worker = async (): Promise<void> => {
    while (busy) await client.get('a');
  };
  const workers = Promise.all([worker(), worker(), worker(), worker()]);
  await app.sleep(3000);
  busy = false;
  await workers;
  expect(lease.alive).toBe(true);
});

scenario(
  'a write that every server has refused for want of a leader was certainly not applied',
  async (app, client) => {
    await client.put('a', '1');
    const { world, names } = app.cluster;
    for (const name of names.slice(1)) world.node(name).kill();
    await app.sleep(3000);
    const refused = client.put('a', '2', { timeoutMs: 3000 });
    await expect(refused).rejects.toMatchObject({ code: 'timed-out', outcome: 'not-applied' });
  },
);

scenario('a snapshot that is being read does not go on with that of another server', async (app, client) => {
  for (let i = 0; i < 20; i++) await client.put(`k${i}`, 'x'.repeat(100_000));
  const first = client.cluster.snapshot();
  await first.next();
  const before = app.cluster.leader;
  const heir = (await client.cluster.members()).find(({ name }) => name !== before)!;
  await client.cluster.moveLeader(heir.id);
  await client.put('k0', '');
  const second = client.cluster.snapshot();
  await second.next();
  await expect(first.next()).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  let sizeBytes = 0;
  for await (const chunk of second) sizeBytes += chunk.length;
  expect(sizeBytes).toBeGreaterThan(1_900_000);
});

scenario('a server is dialled again while the connection to it that was of no use is still ending', async (app) => {
  const { names } = app.cluster;
  // Like a connection whose other side does not answer: it is closed, and does not end.
  const dial: Dial = (to, handler) => {
    const connection = app.env.net.connect(to, handler);
    let closing = false;
    const write = (chunk: Uint8Array): void => {
      if (!closing) connection.write(chunk);
    };
    const close = (): void => {
      closing = true;
    };
    return new Proxy(connection, {
      get: (target, name) => {
        if (name === 'write') return write;
        if (name === 'close') return close;
        const value = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
  const client = await app.connect({ dial });
  await client.put('a', '1');
  const members = await client.cluster.members();
  const idOf = (name: string): number => members.find((member) => member.name === name)!.id;
  const before = app.cluster.leader!;
  await client.cluster.moveLeader(idOf(names.find((name) => name !== before)!));
  await client.put('a', '2');
  await app.sleep(1200);
  await client.cluster.moveLeader(idOf(before));
  const askedAt = app.env.clock.monotonic();
  await client.put('a', '3');
  expect(app.env.clock.monotonic() - askedAt).toBeLessThan(500);
  expect(client.server?.host).toBe(before);
});
