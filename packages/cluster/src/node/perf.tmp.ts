import { App, SimCluster } from './cluster.fixture.ts';

async function load(nodes: number, clients: number, inflight: number, simMs: number) {
  const cluster = new SimCluster({ nodes, trace: 'off' });
  await cluster.untilLeader();
  let done = 0;
  const app = cluster.world.node('app');
  app.start(() => {});
  for (let c = 0; c < clients; c++)
    app.call(async (env) => {
      const client = await new App(env, cluster).connect();
      for (let i = 0; i < inflight; i++)
        void (async () => {
          for (let k = 0; ; k++) {
            await client.put(`k${(k * 7 + i) % 1000}`, 'value-of-a-hundred-bytes-or-so-'.repeat(3));
            done++;
          }
        })();
    });
  await cluster.world.run({ forMs: 500 });
  const e0 = cluster.world.events,
    d0 = done,
    t = performance.now();
  await cluster.world.run({ forMs: simMs });
  const s = (performance.now() - t) / 1000;
  const ev = cluster.world.events - e0;
  console.log(
    `${nodes} nodes, ${clients}x${inflight}: ${simMs} sim ms in ${s.toFixed(2)} s, ${(ev / s / 1000).toFixed(0)} k ev/s, ${ev} events, ${done - d0} puts (${((done - d0) / s / 1000).toFixed(1)} k puts/s cpu)`,
  );
}
await load(5, 10, 100, 400);
await load(5, 8, 1, 4000);
