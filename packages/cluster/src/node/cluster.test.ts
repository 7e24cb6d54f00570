import { expect, test } from 'vitest';
import { toText } from '../client/index.ts';
import { SimCluster } from './cluster.fixture.ts';

test('what one client writes another reads, whichever node each is connected to', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const [one, two] = [await app.connect(), await app.connect()];
    const { revision } = await one.put('greeting', 'hello');
    const found = await two.get('greeting');
    expect([toText(found!.value), found!.modRevision]).toEqual(['hello', revision]);
  });
});

test('a client goes on within a second when the leader is killed, and nothing acknowledged is lost', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    await client.put('before', '1');
    cluster.world.node(cluster.leader!).kill();
    const at = app.env.clock.monotonic();
    await client.put('after', '2');
    expect(app.env.clock.monotonic() - at).toBeLessThan(1500);
    const keys = (await client.range({ prefix: '' })).kvs.map(({ key }) => toText(key));
    expect(keys).toEqual(['after', 'before']);
  });
});

test('all nodes killed and started again have everything that was acknowledged', async () => {
  const cluster = new SimCluster();
  await cluster.run(async (app) => {
    const client = await app.connect();
    await Promise.all(Array.from({ length: 200 }, (_, i) => client.put(`key/${i}`, String(i))));
    for (const name of cluster.names) cluster.world.node(name).crash();
    await app.sleep(100);
    for (const name of cluster.names) cluster.world.node(name).start();
    const { count } = await client.range({ prefix: 'key/' }, { countOnly: true });
    expect(count).toBe(200);
  });
});
