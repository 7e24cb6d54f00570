import type { Connection, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { describe, expect, test } from 'vitest';
import { World, type WorldOptions } from '../world/index.ts';
import type { LinkQuality } from './index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk);
const sleep = (env: Env, ms: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.at(Instant.add(env.clock.monotonic(), ms), resolve);
  });

const make = (quality: Partial<LinkQuality> = {}, options: Partial<WorldOptions> = {}): World =>
  new World({ seed: 11n, ...options, net: { quality, ...options.net } });

/** What one end has heard. */
interface End {
  connection: Connection;
  received: string;
  chunks: number;
  events: string[];
}

function handlerOf(
  end: End,
  extra: { ended?: () => void } = {},
): {
  connected(): void;
  data(chunk: Uint8Array): void;
  drained(): void;
  closed(error: { code: string } | undefined): void;
} {
  return {
    connected: () => end.events.push('connected'),
    data: (chunk) => {
      end.received += text(chunk);
      end.chunks += 1;
    },
    drained: () => end.events.push('drained'),
    closed: (error) => end.events.push(error === undefined ? 'closed' : `closed: ${error.code}`),
    ...extra,
  };
}

const endOf = (connection?: Connection): End => ({ connection: connection!, received: '', chunks: 0, events: [] });

/** Connects client `c` with server `s`, and gives both ends. */
async function connected(world: World): Promise<{ client: End; server: End }> {
  const client = endOf();
  const server = endOf();
  world.node('s').start((env) =>
    env.net.listen({ host: 's', port: 1 }, (connection) => {
      server.connection = connection;
      return handlerOf(server);
    }),
  );
  await world.run({ forMs: 1 });
  world.node('c').start((env) => {
    client.connection = env.net.connect({ host: 's', port: 1 }, handlerOf(client));
  });
  await world.run({ until: () => server.connection !== undefined, forMs: 5000 });
  return { client, server };
}

/** Writes as code of the client's process. */
const write = (world: World, node: string, end: End, content: string): Promise<void> =>
  world.settle(world.node(node).call(() => end.connection.write(bytes(content))));

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

describe('disturbances of connections', () => {
  test('a cut delays bytes until it ends, and then they all come in order', async () => {
    const world = make();
    const { client, server } = await connected(world);
    const cut = world.net.partition(['c'], ['s']);
    for (let i = 0; i < 10; i++) await write(world, 'c', client, `${i}`);
    await world.run({ forMs: 5000 });
    expect(server.received).toBe('');
    cut[Symbol.dispose]();
    await world.run({ forMs: 3000 });
    expect(server.received).toBe('0123456789');
  });

  test('a one-way cut stops one direction only', async () => {
    const world = make();
    const { client, server } = await connected(world);
    const cut = world.net.cut([{ from: 'c', to: 's' }]);
    await write(world, 'c', client, 'question');
    await write(world, 's', server, 'news');
    await world.run({ forMs: 1000 });
    expect([server.received, client.received]).toEqual(['', 'news']);
    cut[Symbol.dispose]();
    await world.run({ forMs: 3000 });
    expect(server.received).toBe('question');
  });

  test('without acknowledgements a sender fills its window and stops', async () => {
    const world = make({}, { net: { limits: { windowBytes: 1000 } } });
    const { client, server } = await connected(world);
    const cut = world.net.cut([{ from: 's', to: 'c' }]);
    for (let i = 0; i < 5; i++) await write(world, 'c', client, 'x'.repeat(500));
    await world.run({ forMs: 1000 });
    expect(server.received.length).toBe(1000);
    expect(client.connection.bufferedBytes).toBe(1500);
    cut[Symbol.dispose]();
    await world.run({ forMs: 3000 });
    expect(server.received.length).toBe(2500);
  });

  test('a cut that lasts makes both ends give up', async () => {
    const world = make();
    const { client, server } = await connected(world);
    world.net.partition(['c'], ['s']);
    await world.run({ forMs: 24_000 });
    expect(client.events).toEqual(['connected']);
    await world.run({ forMs: 2_000 });
    expect(client.events).toEqual(['connected', 'closed: timed-out']);
    expect(server.events).toEqual(['closed: timed-out']);
  });

  test('a peer without power is silent: a half-open connection until somebody gives up', async () => {
    const world = make();
    const { client, server } = await connected(world);
    world.node('s').crash();
    await write(world, 'c', client, 'anybody there?');
    await world.run({ forMs: 20_000 });
    expect(client.events).toEqual(['connected']);
    await world.run({ forMs: 6_000 });
    expect(client.events).toEqual(['connected', 'closed: timed-out']);
    expect(server.events).toEqual([]);
  });

  test('a peer that has been rebooted answers with a reset', async () => {
    const world = make();
    const { client } = await connected(world);
    world.node('s').crash();
    await write(world, 'c', client, 'anybody there?');
    await world.run({ forMs: 500 });
    world.node('s').restart();
    await world.run({ forMs: 500 });
    expect(client.events).toEqual(['connected', 'closed: reset']);
  });

  test('when a process is killed its system closes the connections', async () => {
    const ends = new Set<string>();
    for (let seed = 0n; seed < 10n; seed++) {
      const world = make({}, { seed });
      const { client } = await connected(world);
      world.node('s').kill();
      await world.run({ forMs: 100 });
      ends.add(client.events.at(-1)!);
    }
    expect(ends).toEqual(new Set(['closed', 'closed: reset']));
  });

  test('a paused process keeps its connections, and its system accepts more', async () => {
    const world = make();
    const { client, server } = await connected(world);
    world.node('s').pause();
    const second = endOf();
    await write(world, 'c', client, 'x');
    await world.settle(
      world.node('c').call((env) => {
        second.connection = env.net.connect({ host: 's', port: 1 }, handlerOf(second));
      }),
    );
    await world.run({ forMs: 60_000 });
    expect(server.received).toBe('');
    expect(second.events).toEqual(['connected']);
    world.node('s').resume();
    await world.run({ forMs: 10 });
    expect(server.received).toBe('x');
  });

  test('loss delays a connection by a retransmission', async () => {
    const world = make({ loss: 0.5 });
    const { client, server } = await connected(world);
    for (let i = 0; i < 20; i++) await write(world, 'c', client, 'x');
    await world.run({ forMs: 100 });
    expect(server.received.length).toBeLessThan(20);
    await world.run({ forMs: 60_000 });
    expect(server.received.length).toBe(20);
    expect(world.net.disturbedPackets).toBeGreaterThan(3);
  });

  test('resets end a connection at both ends', async () => {
    const world = make({ reset: 1 });
    const { client, server } = await connected(world);
    await write(world, 'c', client, 'x');
    await world.run({ forMs: 100 });
    expect([client.events.at(-1), server.events.at(-1)]).toEqual(['closed: reset', 'closed: reset']);
    const other = make();
    const ends = await connected(other);
    other.net.resetConnections('c', 's');
    await other.run({ forMs: 1 });
    expect([ends.client.events.at(-1), ends.server.events.at(-1)]).toEqual(['closed: reset', 'closed: reset']);
  });

  test('clogged and held packets come late, all at once', async () => {
    const world = make();
    const { client, server } = await connected(world);
    world.net.clog({ from: 'c' }, 500);
    await write(world, 'c', client, 'clogged');
    await world.run({ forMs: 400 });
    expect(server.received).toBe('');
    await world.run({ forMs: 200 });
    expect(server.received).toBe('clogged');
    const hold = world.net.hold({ to: 's' });
    await write(world, 'c', client, ' held');
    await world.run({ forMs: 500 });
    expect(server.received).toBe('clogged');
    hold[Symbol.dispose]();
    await world.run({ forMs: 3000 });
    expect(server.received).toBe('clogged held');
  });

  test('bandwidth takes its time', async () => {
    const world = make({ bytesPerMs: 1000, split: 0 });
    const { client, server } = await connected(world);
    await write(world, 'c', client, 'x'.repeat(200_000));
    await world.run({ forMs: 100 });
    expect(server.received.length).toBeGreaterThan(50_000);
    expect(server.received.length).toBeLessThan(110_000);
    await world.run({ forMs: 110 });
    expect(server.received.length).toBe(200_000);
  });

  test('disturbances overlap and end in any order, and heal ends all', async () => {
    const world = make();
    const { client, server } = await connected(world);
    const one = world.net.partition(['c'], ['s']);
    const two = world.net.cut([{ from: 'c', to: 's' }]);
    one[Symbol.dispose]();
    one[Symbol.dispose]();
    await write(world, 'c', client, 'a');
    await world.run({ forMs: 1000 });
    expect(server.received).toBe('');
    two[Symbol.dispose]();
    await world.run({ forMs: 3000 });
    expect(server.received).toBe('a');
    world.net.partition(['c'], ['s']);
    world.net.hold({});
    world.net.degrade({ loss: 1 });
    world.net.heal();
    await write(world, 'c', client, 'b');
    await world.run({ forMs: 10 });
    expect(server.received).toBe('ab');
  });
});

describe('datagrams', () => {
  async function sendMany(quality: Partial<LinkQuality>, disturb?: (world: World) => void): Promise<number[]> {
    const world = make(quality, { trace: 'off' });
    const received: number[] = [];
    world
      .node('s')
      .start((env) => env.net.bind({ host: 's', port: 9 }, (_from, payload) => received.push(Number(text(payload)))));
    world.node('c').start(async (env) => {
      await sleep(env, 1);
      const socket = await env.net.bind({ host: 'c', port: 0 }, () => {});
      disturb?.(world);
      for (let i = 0; i < 500; i++) {
        socket.send({ host: 's', port: 9 }, bytes(String(i)));
        await sleep(env, 1);
      }
      expect(() => socket.send({ host: 's', port: 9 }, new Uint8Array(1401))).toThrow(RangeError);
      socket.close();
      socket.send({ host: 's', port: 9 }, bytes('999'));
    });
    await world.run({ forMs: 3000 });
    return received;
  }
  const distinct = (numbers: number[]): number => new Set(numbers).size;
  const isSorted = (numbers: number[]): boolean => numbers.every((n, i) => i === 0 || numbers[i - 1]! <= n);
  const calm = { latency: { minMs: 0.3, meanMs: 0 } };

  test('arrive once and in order on a calm network', async () => {
    expect(await sendMany(calm)).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  test('are lost, doubled and overtaken as often as asked', async () => {
    const lossy = await sendMany({ ...calm, loss: 0.3 });
    expect(lossy.length).toBeGreaterThan(300);
    expect(lossy.length).toBeLessThan(400);
    const doubled = await sendMany({ ...calm, duplicate: 0.3 });
    expect(distinct(doubled)).toBe(500);
    expect(doubled.length).toBeGreaterThan(600);
    const reordered = await sendMany({ ...calm, reorder: 0.3 });
    expect(reordered.length).toBe(500);
    expect(isSorted(reordered)).toBe(false);
  });

  test('are lost in a cut and late after a hold', async () => {
    expect(await sendMany(calm, (world) => world.net.partition(['c'], ['s']))).toEqual([]);
    const held = await sendMany(calm, (world) => {
      const hold = world.net.hold({ from: 'c' });
      world.at(world.nowMs + 200, 'release', () => hold[Symbol.dispose]());
    });
    expect(distinct(held)).toBe(500);
  });
});
