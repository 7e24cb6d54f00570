import { describe, expect, test } from 'vitest';
import { toText } from '../client/index.ts';
import { type App, type ClusterOptions, SimCluster } from './cluster.fixture.ts';

const scenario = (
  name: string,
  run: (app: App, cluster: SimCluster) => Promise<void>,
  options?: ClusterOptions,
): void => {
  test(name, async () => {
    const cluster = new SimCluster(options);
    await cluster.run(async (app) => {
      await app.until(() => cluster.leader !== undefined);
      await run(app, cluster);
    });
  });
};

describe('a client', () => {
  scenario('that cannot reach the leader, but others can, writes through them', async (app, cluster) => {
    const client = await app.connect({ timeoutMs: 20_000 });
    await client.put('a', '1');
    const leader = cluster.leader!;
    cluster.world.net.partition(['app'], [leader]);
    for (let i = 0; i < 20; i++) {
      await client.put('a', String(i));
      await app.sleep(200);
    }
    expect(cluster.leader).toBe(leader);
    expect(toText((await client.get('a'))!.value)).toBe('19');
  });

  scenario('that knows one member only learns of the others', async (app, cluster) => {
    const client = await app.connect({ endpoints: ['a:7410'], timeoutMs: 20_000 });
    await client.put('a', '1');
    await app.sleep(1000);
    cluster.world.node('a').kill();
    await client.put('a', '2');
  });

  scenario('is told why when nobody answers', async (app) => {
    const nobody = app.connect({ endpoints: ['a:9'], timeoutMs: 1000 });
    await expect(nobody).rejects.toThrow(/no answer within 1000 ms \(a:9: .*nobody listens/);
  });

  scenario(
    'whose watch is on a member that the others have lost hears the news from another one',
    async (app, cluster) => {
      const writer = await app.connect({ timeoutMs: 20_000 });
      await writer.put('a', '1');
      const lost = cluster.leader!;
      const client = await app.connect({ endpoints: [`${lost}:7410`], timeoutMs: 20_000 });
      const watcher = client.watch('a');
      await watcher.started;
      // Its clients still reach it, and it answers their pings.
      cluster.world.net.partition([lost], cluster.others(lost));
      await app.until(() => cluster.leader !== undefined && cluster.leader !== lost);
      await writer.put('a', '2');
      const { value } = await watcher.next();
      expect(toText(value!.events[0]!.kv.value)).toBe('2');
    },
  );

  scenario('goes to another member when its own is silent', async (app, cluster) => {
    const client = await app.connect({ timeoutMs: 20_000 });
    await client.put('a', '1');
    cluster.world.node(cluster.leader!).pause();
    const at = app.env.clock.monotonic();
    await client.put('a', '2');
    expect(app.env.clock.monotonic() - at).toBeLessThan(5000);
  });
});

describe('a node', () => {
  scenario('that is stopped hands its lead over, so that writers hardly notice', async (app, cluster) => {
    const client = await app.connect({ timeoutMs: 20_000 });
    const gaps: number[] = [];
    let last = app.env.clock.monotonic();
    let running = true;
    const writing = (async () => {
      while (running) {
        await client.put('a', '1');
        gaps.push(app.env.clock.monotonic() - last);
        last = app.env.clock.monotonic();
      }
    })();
    await app.sleep(200);
    await cluster.world.node(cluster.leader!).stop();
    await app.sleep(500);
    running = false;
    await writing;
    expect(Math.max(...gaps)).toBeLessThan(150);
  });

  scenario(
    'whose disk fails says so, acknowledges nothing more, and the others go on',
    async (app, cluster) => {
      const client = await app.connect({ timeoutMs: 20_000 });
      const leader = cluster.leader!;
      const node = cluster.running.get(leader)!;
      let fatal: Error | undefined;
      void node.fatal.then((reason) => {
        fatal = reason;
      });
      cluster.world.node(leader).disk.faults.failNext('sync');
      await client.put('a', '1');
      await app.until(() => fatal !== undefined);
      expect(cluster.leader).not.toBe(leader);
      await client.put('a', '2');
      expect((await client.get('a'))?.version).toBe(2);
    },
    { onProcessError: 'exit' },
  );
});

test('a single node refuses a directory that belongs to another cluster', async () => {
  const cluster = new SimCluster({ nodes: 1, onProcessError: 'exit' });
  await cluster.untilLeader();
  cluster.world.node('a').kill();
  cluster.start('a', { initialCluster: cluster.founders, clusterToken: 'another' });
  await cluster.world.run({ until: () => cluster.world.failures.length > 0, forMs: 5000 });
  expect(String(cluster.world.failures[0]?.error)).toMatch(/belongs to cluster \d+, and this node is configured for/);
});
