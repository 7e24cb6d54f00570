import { describe, expect, test } from 'vitest';
import { type App, SimCluster } from '../../node/cluster.fixture.ts';
import { type Barrier, type Client, connect, put, stillLeads, toText } from '../index.ts';

const scenario = (name: string, run: (app: App, clients: Client[]) => Promise<void>, clients = 3): void => {
  test(name, async () => {
    const cluster = new SimCluster();
    await cluster.run(async (app) => {
      const connected: Client[] = [];
      for (let i = 0; i < clients; i++) connected.push(await app.connect());
      await run(app, connected);
    });
  });
};

describe('a lock', () => {
  scenario('is held by one at a time, in the order of arrival, with rising tokens', async (app, clients) => {
    const order: string[] = [];
    const tokens: number[] = [];
    let inside = 0;
    const take = async (client: Client, name: string): Promise<void> => {
      await using lock = await client.lock('jobs');
      inside += 1;
      expect(inside).toBe(1);
      order.push(name);
      tokens.push(lock.token);
      await app.sleep(30);
      inside -= 1;
    };
    const all: Promise<void>[] = [];
    for (const [i, client] of [...clients, ...clients].entries()) {
      all.push(take(client, `w${i}`));
      await app.sleep(10);
    }
    await Promise.all(all);
    expect(order).toEqual(['w0', 'w1', 'w2', 'w3', 'w4', 'w5']);
    expect(tokens).toEqual([...tokens].sort((a, b) => a - b));
  });

  scenario('is not given to a caller who will not wait', async (_app, [one, two]) => {
    const held = await one!.tryLock('jobs');
    expect(held).toBeDefined();
    expect(await two!.tryLock('jobs')).toBeUndefined();
    await held!.release();
    expect(await two!.tryLock('jobs')).toBeDefined();
  });

  scenario('leaves nothing behind when the wait is aborted', async (app, [one, two]) => {
    await using _held = await one!.lock('jobs');
    const controller = new AbortController();
    const waiting = two!.lock('jobs', { signal: controller.signal });
    await app.sleep(50);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'aborted' });
    await app.sleep(50);
    expect((await one!.range({ prefix: 'jobs/' })).count).toBe(1);
  });

  scenario(
    'under a lease of the caller that is given up leaves nothing behind, whenever that is',
    async (app, [one, two]) => {
      const { world, names } = app.cluster;
      const lease = await one!.lease(20);
      const place = async (abort: (controller: AbortController) => Promise<unknown>): Promise<void> => {
        const controller = new AbortController();
        const waiting = one!.lock('jobs', { lease, signal: controller.signal });
        const failed = expect(waiting).rejects.toMatchObject({ code: 'aborted' });
        await abort(controller);
        await failed;
      };
      // Taken by the cluster, and not known to the caller yet.
      await place(async (controller) => controller.abort());
      await place((controller) => app.sleep(0).then(() => controller.abort()));
      expect((await two!.range({ prefix: 'jobs/' })).count).toBe(0);
      // While it waits, cut off from the cluster, for longer than a call may take.
      const held = await two!.lock('jobs');
      await place(async (controller) => {
        await app.sleep(50);
        const cut = world.net.partition(['app'], names);
        controller.abort();
        await app.sleep(6000);
        cut[Symbol.dispose]();
      });
      await app.sleep(1000);
      expect(lease.alive).toBe(true);
      await held.release();
      expect((await two!.range({ prefix: 'jobs/' })).count).toBe(0);
    },
  );

  scenario('under a lease of the caller is not held any more once it is released', async (_app, [one, two]) => {
    const lease = await one!.lease(20);
    const lock = await one!.lock('jobs', { lease });
    lock.assertHeld();
    await lock.release();
    expect(lease.alive).toBe(true);
    expect(lock.signal.aborted).toBe(true);
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'lease-lost' }));
    const next = await two!.lock('jobs', { lease: await two!.lease(20) });
    await next.lease.revoke();
    expect(next.signal.reason).toMatchObject({ code: 'lease-lost' });
  });

  scenario('that was lost does not let its old holder write: the guard refuses', async (app, [one, two]) => {
    const old = await one!.lock('jobs', { ttlSeconds: 2 });
    // A pause of the process: no renewals, and the holder does not know that time passes.
    const { world } = app.cluster;
    const other = two!.lock('jobs', { ttlSeconds: 2 });
    const cut = world.net.partition(['app'], app.cluster.names);
    await app.sleep(4000);
    cut[Symbol.dispose]();
    const now = await other.catch(() => two!.lock('jobs', { ttlSeconds: 2 }));
    expect(now.token).toBeGreaterThan(old.token);
    const write = await one!.txn({ if: [old.guard], then: [put('result', 'stale')] });
    expect(write.succeeded).toBe(false);
    const good = await two!.txn({ if: [now.guard], then: [put('result', 'fresh')] });
    expect(good.succeeded).toBe(true);
    expect(() => old.assertHeld()).toThrow(/lease/);
  });

  scenario(
    'tells its holder by the signal when the cluster cannot be reached, before others can have it',
    async (app, [one]) => {
      const lock = await one!.lock('jobs', { ttlSeconds: 3 });
      app.cluster.world.net.partition(['app'], app.cluster.names);
      const cutAt = app.env.clock.monotonic();
      await new Promise((resolve) => lock.signal.addEventListener('abort', resolve));
      expect(app.env.clock.monotonic() - cutAt).toBeLessThan(3000);
      expect(lock.signal.reason).toMatchObject({ code: 'lease-lost' });
    },
  );
});

describe('an election', () => {
  scenario(
    'has one leader at a time, and the next candidate follows when it resigns',
    async (_app, [one, two, three]) => {
      const election = (client: Client): ReturnType<Client['election']> => client.election('boss');
      const first = await election(one!).campaign('one');
      const second = election(two!).campaign('two');
      expect((await election(three!).leader())?.text).toBe('one');
      await first.proclaim('one, again');
      expect((await election(three!).leader())?.text).toBe('one, again');
      await first.resign();
      const successor = await second;
      const seen = await election(three!).leader();
      expect(seen).toMatchObject({ text: 'two', token: successor.token });
      expect((await three!.txn({ if: [stillLeads(seen!)], then: [put('for', 'the leader')] })).succeeded).toBe(true);
      await expect(first.proclaim('too late')).rejects.toMatchObject({ code: 'lease-lost' });
    },
  );

  scenario('can be observed over several leaders', async (app, [one, two, three]) => {
    const seen: string[] = [];
    const controller = new AbortController();
    const observing = (async () => {
      for await (const leader of three!.election('boss').observe({ signal: controller.signal })) {
        seen.push(leader?.text ?? '-');
      }
    })().catch(() => {});
    await app.sleep(50);
    const first = await one!.election('boss').campaign('a');
    await app.sleep(50);
    await first.proclaim('a2');
    await app.sleep(50);
    await first.resign();
    await app.sleep(50);
    await using _second = await two!.election('boss').campaign('b');
    await app.sleep(50);
    controller.abort();
    await observing;
    expect(seen).toEqual(['-', 'a', 'a2', '-', 'b']);
  });

  scenario('goes on when the leader of the cluster itself is killed', async (app, [one, two]) => {
    const first = await one!.election('boss').campaign('one');
    app.cluster.world.node(app.cluster.leader!).kill();
    const second = two!.election('boss').campaign('two');
    await app.sleep(3000);
    expect(first.signal.aborted).toBe(false);
    await first.resign();
    expect((await second).token).toBeGreaterThan(first.token);
  });
});

scenario(
  'a semaphore admits as many as it has permits, and the next as soon as any of them leaves',
  async (app, clients) => {
    let inside = 0;
    let most = 0;
    const work = async (client: Client, ms: number): Promise<void> => {
      await using _permit = await client.semaphore('pool', 2).acquire();
      inside += 1;
      most = Math.max(most, inside);
      await app.sleep(ms);
      inside -= 1;
    };
    const started = app.env.clock.monotonic();
    await Promise.all([400, 100, 100, 100].map((ms, i) => work(clients[i % 3]!, ms)));
    expect(most).toBe(2);
    // The long one beside the three short ones, not after them.
    expect(app.env.clock.monotonic() - started).toBeLessThan(500);
    expect(await clients[0]!.semaphore('pool', 2).tryAcquire()).toBeDefined();
  },
);

/** Waits at the barrier, and says whether it has been let through. */
function passing(barrier: Barrier): { passed: boolean; readonly end: Promise<void> } {
  const end = barrier.wait().then(() => {
    state.passed = true;
  });
  const state = { passed: false, end };
  return state;
}

scenario('a barrier holds those who come until it is lowered', async (app, [one, two]) => {
  const barrier = one!.barrier('gate');
  await barrier.wait();
  expect(await barrier.raise()).toBe(true);
  expect(await two!.barrier('gate').raise()).toBe(false);
  const waiting = passing(two!.barrier('gate'));
  await app.sleep(100);
  expect(waiting.passed).toBe(false);
  expect(await barrier.lower()).toBe(true);
  await waiting.end;
  expect(await barrier.lower()).toBe(false);
});

scenario(
  'a barrier that is raised again at once lets those pass who waited when it was lowered',
  async (app, [one, two]) => {
    const barrier = one!.barrier('gate');
    await barrier.raise();
    const waiting = passing(two!.barrier('gate'));
    await app.sleep(100);
    await Promise.all([barrier.lower(), barrier.raise()]);
    await app.sleep(1000);
    expect(waiting.passed).toBe(true);
  },
);

scenario('a double barrier does not hold a slow one back when a fast one has entered again', async (app, clients) => {
  const { world, names } = app.cluster;
  const slow = world.node('slow');
  slow.start(() => {});
  const [one, two] = clients.map((client) => client.doubleBarrier('phase', 2));
  const entering = one!.enter();
  let left = false;
  const slowOne = slow.call(async (env) => {
    const client = await connect({ env, endpoints: names.map((name) => `${name}:7410`) });
    const participation = await client.doubleBarrier('phase', 2).enter();
    const leaving = participation.leave();
    await leaving;
    left = true;
    // The second round.
    await client.doubleBarrier('phase', 2).enter();
  });
  const first = await entering;
  await app.sleep(50);
  // What the slow one hears of the first one's leaving comes late.
  const hold = world.net.hold({ to: 'slow' });
  await first.leave();
  const again = two!.enter();
  await app.sleep(300);
  hold[Symbol.dispose]();
  await app.sleep(2000);
  expect(left).toBe(true);
  await Promise.all([again, slowOne]);
});

scenario('a participant that loses its lease while it waits for the others hears that', async (app, [one]) => {
  const entering = one!.doubleBarrier('phase', 2).enter({ ttlSeconds: 2 });
  await app.sleep(100);
  app.cluster.world.net.partition(['app'], app.cluster.names);
  await expect(entering).rejects.toMatchObject({ code: 'lease-lost' });
});

scenario('a double barrier lets all in together and out together, and can be used again', async (app, clients) => {
  for (let round = 0; round < 2; round++) {
    let inside = 0;
    let outside = 0;
    await Promise.all(
      clients.map(async (client, i) => {
        await app.sleep(i * 40);
        const participation = await client.doubleBarrier('phase', 3).enter();
        inside += 1;
        await app.sleep(1);
        expect(inside).toBeGreaterThan(0);
        await app.sleep(i * 40);
        await participation.leave();
        outside += 1;
        expect(inside).toBe(3);
      }),
    );
    expect([inside, outside]).toEqual([3, 3]);
  }
});

scenario('a sequence hands out each number once, without gaps', async (_app, clients) => {
  const numbers = await Promise.all(Array.from({ length: 60 }, (_, i) => clients[i % 3]!.sequence('ids').next()));
  expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
  expect(await clients[0]!.sequence('ids').current()).toBe(60);
});

scenario('keys appended to a sequence are in the order in which they became visible', async (_app, clients) => {
  const appended = await Promise.all(
    Array.from({ length: 12 }, (_, i) => clients[i % 3]!.sequence('log').append(`v${i}`)),
  );
  const byRevision = [...appended].sort((a, b) => a.revision - b.revision);
  expect(byRevision.map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  const { kvs } = await clients[0]!.range({ prefix: 'log/' });
  expect(kvs.map(({ key }) => toText(key))).toEqual(byRevision.map(({ key }) => key));
});
