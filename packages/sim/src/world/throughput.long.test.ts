/** What the machinery itself costs: `npm run test:long -- throughput` prints events per second of CPU time. */
import { Instant } from '@quorate/patterns/base';
import { expect, test } from 'vitest';
import { World } from './index.ts';

const EVENTS = 1_000_000;

/** Lets the world warm up, then measures. CPU time, because other work on the machine must not decide. */
async function eventsPerSecond(label: string, world: World, count: () => number): Promise<number> {
  await world.run({ maxEvents: EVENTS / 4 });
  const [events, counted] = [world.events, count()];
  const started = process.cpuUsage();
  await world.run({ maxEvents: EVENTS });
  const { user, system } = process.cpuUsage(started);
  const seconds = (user + system) / 1e6;
  const rate = (world.events - events) / seconds;
  const per = (count() - counted) / seconds;
  console.log(`${label}: ${(rate / 1e6).toFixed(2)} M events/s, ${(per / 1e6).toFixed(2)} M of them counted/s`);
  return rate;
}

test('bare timers: over a million events per second', async () => {
  const world = new World({ seed: 1n });
  let fired = 0;
  for (let n = 0; n < 5; n++) {
    world.node(`n${n}`).start((env) => {
      const random = env.random.stream('timers');
      const tick = (): void => {
        fired += 1;
        env.timers.at(Instant.add(env.clock.monotonic(), random.float() * 10), tick);
      };
      for (let i = 0; i < 20; i++) tick();
    });
  }
  expect(await eventsPerSecond('bare timers', world, () => fired)).toBeGreaterThan(1_000_000);
});

test('ping-pong over 32 connections', async () => {
  const world = new World({ seed: 1n });
  let messages = 0;
  world.node('server').start((env) =>
    env.net.listen({ host: 'server', port: 1 }, (connection) => ({
      data: (chunk) => {
        messages += 1;
        connection.write(chunk);
      },
      closed() {},
    })),
  );
  await world.run({ forMs: 1 });
  for (let n = 0; n < 4; n++) {
    world.node(`n${n}`).start((env) => {
      for (let i = 0; i < 8; i++) {
        const connection = env.net.connect(
          { host: 'server', port: 1 },
          { data: (chunk) => connection.write(chunk), closed() {} },
        );
        connection.write(new Uint8Array(100));
      }
    });
  }
  expect(await eventsPerSecond('ping-pong', world, () => messages)).toBeGreaterThan(400_000);
});

test('write and sync, with async functions', async () => {
  const world = new World({ seed: 1n });
  let syncs = 0;
  for (let n = 0; n < 5; n++) {
    world.node(`n${n}`).start(async (env) => {
      const file = await env.disk.open('/log', 'create');
      const record = new Uint8Array(200);
      for (let position = 0; ; position = (position + 200) % 1_000_000) {
        await file.write([record], position);
        await file.sync();
        syncs += 1;
      }
    });
  }
  expect(await eventsPerSecond('write and sync', world, () => syncs)).toBeGreaterThan(200_000);
});
