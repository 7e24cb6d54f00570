import type { Connection } from '@quorate/env';
import { expect, test } from 'vitest';
import { World } from '../world/index.ts';
import { sleep } from './two-nodes.fixture.ts';

/** The n-th byte of every stream: a byte that is lost, doubled or out of place shows. */
const byteAt = (position: number): number => (Math.imul(position, 2654435761) >>> 13) & 255;

class Sender {
  sent = 0;
  write(connection: Connection, length: number): void {
    const from = this.sent;
    connection.write(Uint8Array.from({ length }, (_, i) => byteAt(from + i)));
    this.sent += length;
  }
}

class Receiver {
  received = 0;
  wrongAt: number | undefined;
  closed: string | undefined;
  data(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte !== byteAt(this.received)) this.wrongAt ??= this.received;
      this.received += 1;
    }
  }
}

/** A client that writes and a server that pauses now and then, on a network with every disturbance that spares connections. */
async function transfer(seed: bigint): Promise<{ sender: Sender; receiver: Receiver; disturbed: number }> {
  const quality = { loss: 0.02, split: 0.2, latency: { minMs: 0.1, meanMs: 3 } };
  const world = new World({ seed, turnMs: 0.2, net: { quality, limits: { windowBytes: 20_000 } } });
  const [sender, receiver] = [new Sender(), new Receiver()];
  world.node('s').start((env) =>
    env.net.listen({ host: 's', port: 1 }, (connection) => {
      const random = env.random.stream('reading');
      const breathe = async (): Promise<void> => {
        for (;;) {
          await sleep(env, random.below(60));
          connection.pause();
          await sleep(env, random.below(20));
          connection.resume();
        }
      };
      void breathe();
      return { data: (chunk) => receiver.data(chunk), closed: (error) => (receiver.closed = error?.code ?? 'orderly') };
    }),
  );
  world.node('c').start(async (env) => {
    await sleep(env, 5);
    const random = env.random.stream('writing');
    const connection = env.net.connect({ host: 's', port: 1 }, { data() {}, closed() {} });
    for (let i = 0; i < 60; i++) {
      for (let burst = random.below(4); burst >= 0; burst--)
        sender.write(connection, 1 + random.below(random.below(2) ? 20 : 8000));
      await sleep(env, random.below(25));
    }
    connection.close();
  });
  const random = world.stream('disturbances');
  for (let i = 0; i < 8; i++) {
    await world.run({ forMs: random.below(200) });
    const directions = random.pick([{ from: 's' }, { to: 's' }, {}]);
    const disturbance = random.pick([
      () => world.net.hold(directions),
      () => world.net.partition(['s'], ['c']),
      () =>
        world.net.cut([
          random.pick([
            { from: 's', to: 'c' },
            { from: 'c', to: 's' },
          ]),
        ]),
    ])();
    if (world.node('s').isRunning && random.below(3) === 0) world.node('s').pause(random.below(100));
    await world.run({ forMs: random.below(150) });
    disturbance[Symbol.dispose]();
  }
  await world.run({ forMs: 60_000 });
  return { sender, receiver, disturbed: world.net.disturbedPackets };
}

test('every byte arrives once and in its place, and then the end, whatever disturbs the network', async () => {
  let disturbed = 0;
  for (let seed = 0n; seed < 40n; seed++) {
    const result = await transfer(seed);
    disturbed += result.disturbed;
    expect(result.receiver.wrongAt, `seed ${seed}`).toBeUndefined();
    expect(result.receiver.received, `seed ${seed}`).toBe(result.sender.sent);
    expect(result.receiver.closed, `seed ${seed}`).toBe('orderly');
  }
  expect(disturbed).toBeGreaterThan(500);
});
