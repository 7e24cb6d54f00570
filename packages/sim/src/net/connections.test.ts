import type { Connection, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { describe, expect, test } from 'vitest';
import { bytes, connected, type End, endOf, handlerOf, make, sleep, write } from './two-nodes.fixture.ts';

describe('connections', () => {
  test('carry bytes both ways, in order, and close in order after what was queued', async () => {
    const world = make();
    const { client, server } = await connected(world);
    await world.settle(
      world.node('c').call(() => {
        client.connection.write(bytes('hello '));
        client.connection.write(bytes('world'));
        client.connection.close();
        client.connection.write(bytes('too late'));
      }),
    );
    await world.run({ forMs: 100 });
    expect(client.events).toEqual(['connected', 'closed']);
    expect(server.received).toBe('hello world');
    expect(server.events).toEqual(['closed']);
  });

  test('what was written before the connection stood arrives, and so when it was closed at once', async () => {
    const world = make();
    const server = endOf();
    const client = endOf();
    world.node('s').start((env) => env.net.listen({ host: 's', port: 1 }, () => handlerOf(server)));
    world.node('c').start(async (env) => {
      await sleep(env, 1);
      const connection = env.net.connect({ host: 's', port: 1 }, handlerOf(client));
      connection.write(bytes('early'));
      connection.close();
    });
    await world.run({ forMs: 100 });
    expect(server.received).toBe('early');
    expect(client.events).toEqual(['closed']);
  });

  test('one write may come in several chunks, and several writes in one', async () => {
    const world = make({ split: 0.5 });
    const { client, server } = await connected(world);
    for (let i = 0; i < 50; i++) {
      await write(world, 'c', client, `message ${i};`);
      await world.run({ forMs: 1 });
    }
    await world.run({ forMs: 100 });
    expect(server.received).toBe(Array.from({ length: 50 }, (_, i) => `message ${i};`).join(''));
    expect(server.chunks).toBeGreaterThan(60);
    const whole = make({ split: 0, latency: { minMs: 5, meanMs: 0 } }, { turnMs: 2 });
    const ends = await connected(whole);
    for (let i = 0; i < 50; i++) await write(whole, 'c', ends.client, 'x');
    await whole.run({ forMs: 100 });
    expect(ends.server.received).toBe('x'.repeat(50));
    expect(ends.server.chunks).toBeLessThan(50);
  });

  test('a half-close is heard, and the other direction goes on', async () => {
    const world = make();
    const server = endOf();
    const client = endOf();
    world.node('s').start((env) =>
      env.net.listen({ host: 's', port: 1 }, (connection) => {
        const ended = (): void => {
          server.events.push('ended');
          env.timers.at(Instant.add(env.clock.monotonic(), 10), () => {
            connection.write(bytes('last words'));
            connection.close();
          });
        };
        return handlerOf(server, { ended });
      }),
    );
    world.node('c').start(async (env) => {
      await sleep(env, 1);
      env.net.connect({ host: 's', port: 1 }, handlerOf(client)).close();
    });
    await world.run({ forMs: 50 });
    expect(server.events).toEqual(['ended', 'closed']);
    expect(client.events).toEqual(['closed']);
  });

  test('refused when nobody listens or accept refuses, not found when there is no such host, timed out without an answer', async () => {
    const world = make();
    const ends: Record<string, End> = {};
    world.node('dead');
    world.node('s').start((env) => env.net.listen({ host: 's', port: 1 }, () => undefined));
    world.node('dead').crash();
    world.node('c').start(async (env) => {
      await sleep(env, 1);
      for (const [host, port] of [
        ['s', 2],
        ['s', 1],
        ['nowhere', 1],
        ['dead', 1],
      ] as const) {
        const end = endOf();
        ends[`${host}:${port}`] = end;
        env.net.connect({ host, port }, handlerOf(end));
      }
    });
    await world.run({ forMs: 9_000 });
    expect(ends['dead:1']!.events).toEqual([]);
    await world.run({ forMs: 2_000 });
    expect(ends['s:2']!.events).toEqual(['closed: refused']);
    expect(ends['s:1']!.events[0]).toBe('connected');
    expect(ends['s:1']!.events[1]).toMatch(/^closed/);
    expect(ends['nowhere:1']!.events).toEqual(['closed: not-found']);
    expect(ends['dead:1']!.events).toEqual(['closed: timed-out']);
  });

  test('an address is used once, and freed by closing or by the end of its process', async () => {
    const world = make();
    const codes: string[] = [];
    const codeOf = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'bound',
        (error: { code: string }) => error.code,
      );
    const accept = (): undefined => undefined;
    const main = async (env: Env): Promise<void> => {
      const listener = await env.net.listen({ host: '0.0.0.0', port: 5 }, accept);
      codes.push(await codeOf(env.net.listen({ host: 's', port: 5 }, accept)));
      await listener.close();
      codes.push(await codeOf(env.net.listen({ host: 's', port: 5 }, accept)));
      codes.push(await codeOf(env.net.listen({ host: 'other', port: 5 }, accept)));
      codes.push(await codeOf(env.net.bind({ host: 's', port: 5 }, accept)));
      codes.push(await codeOf(env.net.bind({ host: 's', port: 5 }, accept)));
      const [one, two] = [
        await env.net.listen({ host: 's', port: 0 }, accept),
        await env.net.listen({ host: 's', port: 0 }, accept),
      ];
      expect(one.address.port).not.toBe(two.address.port);
    };
    world.node('s').start(main);
    await world.run({ forMs: 10 });
    world.node('s').restart();
    await world.run({ forMs: 10 });
    const once = ['address-in-use', 'bound', 'address-not-available', 'bound', 'address-in-use'];
    expect(codes).toEqual([...once, ...once]);
  });

  test('the handler is never called inside a call of its owner, and closed comes once and last', async () => {
    const world = make({ reset: 0.1 }, { seed: 3n });
    let inside = false;
    let [calls, closedCalls] = [0, 0];
    const guarded = (call: () => void): void => {
      inside = true;
      call();
      inside = false;
    };
    const handler = (): { data(): void; connected(): void; drained(): void; closed(): void } => {
      let isClosed = false;
      const called = (): void => {
        expect(inside).toBe(false);
        expect(isClosed).toBe(false);
        calls += 1;
      };
      return {
        connected: called,
        data: called,
        drained: called,
        closed: () => {
          called();
          isClosed = true;
          closedCalls += 1;
        },
      };
    };
    world.node('s').start((env) => env.net.listen({ host: 's', port: 1 }, () => handler()));
    world.node('c').start(async (env) => {
      await sleep(env, 1);
      const random = env.random.stream('calls');
      for (let round = 0; round < 200; round++) {
        let connection!: Connection;
        guarded(() => {
          connection = env.net.connect({ host: round % 7 === 0 ? 'nowhere' : 's', port: 1 }, handler());
        });
        for (let i = 0; i < 5; i++) {
          const draw = random.below(10);
          guarded(() => {
            if (draw < 5) connection.write(new Uint8Array(2_000_000 >> (draw * 4)));
            else if (draw === 5) connection.pause();
            else if (draw === 6) connection.resume();
            else if (draw === 7) connection.close();
            else if (draw === 8) connection.destroy();
          });
          await sleep(env, random.below(3));
        }
        guarded(() => connection.destroy());
      }
    });
    await world.run({ forMs: 20_000 });
    expect(calls).toBeGreaterThan(400);
    expect(closedCalls).toBeGreaterThan(300);
  });

  test('a reader that pauses fills the sender, who is congested until it drains', async () => {
    const world = make({}, { net: { limits: { windowBytes: 10_000, highWaterBytes: 20_000 } } });
    const { client, server } = await connected(world);
    await world.settle(world.node('s').call(() => server.connection.pause()));
    await write(world, 'c', client, 'x'.repeat(35_000));
    await world.run({ forMs: 1000 });
    expect(client.connection.bufferedBytes).toBe(25_000);
    expect(client.connection.congested).toBe(true);
    expect(server.received).toBe('');
    await world.settle(world.node('s').call(() => server.connection.resume()));
    await world.run({ forMs: 1000 });
    expect(server.received.length).toBe(35_000);
    expect(client.connection.bufferedBytes).toBe(0);
    expect(client.connection.congested).toBe(false);
    expect(client.events).toEqual(['connected', 'drained']);
  });
});
