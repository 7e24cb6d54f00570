import { createServer, type Socket } from 'node:net';
import { afterAll, expect, test } from 'vitest';
import { createNodeEnv } from './index.ts';
import { Turn } from './turn.ts';

const env = createNodeEnv({ log: { level: 'silent' } });
afterAll(() => env[Symbol.dispose]());

test('what is flushed at the end of a turn is flushed once, after what was deferred', async () => {
  const turn = new Turn();
  const order: string[] = [];
  const target = { flush: () => void order.push('flush') };
  turn.flushAtEnd(target);
  turn.defer(() => order.push('a'));
  turn.defer(() => order.push('b'));
  await new Promise<void>((done) => setImmediate(() => setImmediate(done)));
  expect(order).toEqual(['a', 'b', 'flush']);
});

test('a deferred function that throws takes nothing away from the others', () => {
  const ends: (() => void)[] = [];
  const turn = new Turn((end) => void ends.push(end));
  const order: string[] = [];
  turn.flushAtEnd({ flush: () => void order.push('flush') });
  turn.defer(() => {
    throw new Error('on purpose');
  });
  turn.defer(() => order.push('after'));
  expect(() => ends.shift()!()).toThrow('on purpose');
  ends.shift()!();
  expect(order).toEqual(['flush', 'after']);
  expect(ends).toEqual([]);
});

test('all writes of a turn arrive as one', async () => {
  const sizes: number[] = [];
  const server = createServer((socket) => socket.on('data', (chunk) => sizes.push(chunk.length)));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const closed = new Promise<void>((done) => {
    const connection = env.net.connect(
      { host: '127.0.0.1', port },
      {
        connected() {
          for (let i = 0; i < 100; i++) connection.write(Buffer.alloc(10));
          env.tasks.defer(() => {
            for (let i = 0; i < 100; i++) connection.write(Buffer.alloc(10));
            connection.close();
          });
        },
        data() {},
        closed: () => done(),
      },
    );
  });
  await closed;
  server.close();
  expect(sizes).toEqual([2000]);
});

test('a peer that never ends its side does not keep a closed connection for ever', async () => {
  const sockets: Socket[] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => void sockets.push(socket.resume()));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as { port: number };
  const startedAt = env.clock.monotonic();
  await new Promise<void>((done) => {
    const connection = env.net.connect(
      { host: '127.0.0.1', port },
      { connected: () => connection.close(), data() {}, closed: () => done() },
    );
  });
  expect(env.clock.monotonic() - startedAt).toBeGreaterThan(800);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test('an error says which connection it was, and why', async () => {
  const resetting = createServer((socket) => socket.resetAndDestroy());
  await new Promise<void>((listening) => resetting.listen(0, '127.0.0.1', listening));
  const { port } = resetting.address() as { port: number };
  const error = await new Promise((heard) => {
    env.net.connect({ host: '127.0.0.1', port }, { data() {}, closed: heard });
  });
  expect(error).toMatchObject({ code: 'reset', message: expect.stringContaining(`127.0.0.1:${port}`) });
  resetting.close();
});
