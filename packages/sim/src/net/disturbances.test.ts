import { describe, expect, test } from 'vitest';
import { connected, endOf, handlerOf, make, write } from './two-nodes.fixture.ts';

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
