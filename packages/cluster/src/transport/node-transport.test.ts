import type { ConnectionHandler } from '@quorate/env';
import { NodeId } from '@quorate/patterns/consensus/raft';
import { beforeEach, expect, test } from 'vitest';
import {
  decodeRefusal,
  encodeHello,
  FrameDecoder,
  FrameKind,
  FrameWriter,
  PREFACE,
  type Refusal,
} from '../wire/index.ts';
import { type ClientConnection, NodeTransport, type TransportOptions } from './index.ts';
import { VirtualWorld } from './virtual-world.fixture.ts';

const CLUSTER = 77;
const PORT = 7410;
const address = (id: number): { host: string; port: number } => ({ host: `n${id}`, port: PORT });
const everybody = new Map([1, 2, 3].map((id) => [NodeId.of(id), address(id)]));
const bytes = (...values: number[]): Uint8Array => new Uint8Array(values);

let world: VirtualWorld;
beforeEach(() => {
  world = new VirtualWorld();
});

async function start(id: number, options: Partial<TransportOptions> = {}): Promise<NodeTransport> {
  const { env } = world.host(`n${id}`);
  const transport = await NodeTransport.listen({
    env,
    self: NodeId.of(id),
    clusterId: CLUSTER,
    listen: address(id),
    ...options,
  });
  transport.setPeers(everybody);
  return transport;
}

const warnings = (id: number): string[] =>
  world
    .host(`n${id}`)
    .log.filter((l) => l.level === 'warn')
    .map((l) => `${l.message}: ${l.fields?.['reason']}`);

/** A stranger that writes `sent` on connecting and keeps what it is told. */
function call(to: number, sent: Uint8Array[]): { received: Uint8Array[]; closed: boolean } {
  const seen = { received: [] as Uint8Array[], closed: false };
  const handler: ConnectionHandler = {
    connected: () => {
      for (const chunk of sent) connection.write(chunk);
    },
    data: (chunk) => void seen.received.push(chunk),
    closed: () => {
      seen.closed = true;
    },
  };
  const connection = world.host('stranger').env.net.connect(address(to), handler);
  return seen;
}

function hello(fields: Partial<Parameters<typeof encodeHello>[0]>): Uint8Array[] {
  const writer = new FrameWriter();
  writer.simple(
    FrameKind.hello,
    encodeHello({
      role: 'peer',
      versionMin: 1,
      versionMax: 1,
      clusterId: CLUSTER,
      from: NodeId.of(2),
      to: NodeId.of(1),
      incarnation: 5,
      ...fields,
    } as never),
  );
  return [PREFACE, ...writer.take()];
}

function refusalIn(chunks: readonly Uint8Array[]): Refusal | undefined {
  let refusal: Refusal | undefined;
  const decoder = new FrameDecoder((kind, payload) => {
    if (kind === FrameKind.refusal) refusal = decodeRefusal(payload);
  });
  for (const chunk of chunks) decoder.push(chunk);
  return refusal;
}

test('two nodes that dial each other at the same time end up with one connection, and messages arrive in order', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  await world.run(100);
  expect(world.host('n1').sockets.size).toBe(1);
  const heard: number[] = [];
  b.receive(1, (from, payload) => heard.push(from, payload[0]!));
  for (let i = 0; i < 5; i++) a.send(NodeId.of(2), 1, 'bulk', bytes(i));
  await world.run(10);
  expect(heard).toEqual([1, 0, 1, 1, 1, 2, 1, 3, 1, 4]);
});

test('crossing calls settle on one connection whatever the delays and seeds', async () => {
  for (let seed = 1; seed <= 30; seed++) {
    world = new VirtualWorld(seed);
    world.delayMs = [0, 1, 7, 45, 60][seed % 5]!;
    const nodes = [await start(1), await start(2), await start(3)];
    await world.until(() => nodes.every((n) => nodes.every((m) => m === n || n.isReachable(m.self))));
    await world.run(1000);
    for (const n of nodes) {
      for (const m of nodes) if (m !== n) expect(n.isReachable(m.self)).toBe(true);
      expect(world.host(`n${n.self}`).sockets.size).toBe(2);
    }
  }
});

test('everything of one turn leaves in one write', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  await world.run(10);
  const before = world.host('n2').chunksIn;
  let heard = 0;
  b.receive(1, () => void heard++);
  for (let i = 0; i < 50; i++) a.send(NodeId.of(2), 1, i % 2 === 0 ? 'bulk' : 'urgent', new Uint8Array(100 * i));
  await world.run(10);
  expect(heard).toBe(50);
  expect(world.host('n2').chunksIn).toBe(before + 1);
});

test('an urgent frame does not wait behind the bulk that is queued', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  world.host('n1').rate = 1024; // 1 MiB takes a second.
  const heard: string[] = [];
  b.receive(1, (_from, payload) => heard.push(payload.length === 1 ? `urgent after ${heard.length}` : 'bulk'));
  for (let i = 0; i < 40; i++) a.send(NodeId.of(2), 1, 'bulk', new Uint8Array(256 * 1024));
  a.send(NodeId.of(2), 1, 'urgent', bytes(1));
  expect(a.queuedBytes(NodeId.of(2))).toBeGreaterThan(9 * 1024 * 1024);
  await world.run(11_000);
  expect(heard.length).toBe(41);
  // One mebibyte is in the socket, and the frame that filled it.
  expect(heard.find((h) => h.startsWith('urgent'))).toBe('urgent after 4');
});

test('a request has one answer: a reply, a refusal, a timeout or the loss of the connection', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  b.answer(3, (from, payload, reply) => reply(bytes(from, ...payload)));
  b.answer(4, () => {});
  const outcomes: unknown[] = [];
  const done = (error: Error | undefined, reply: Uint8Array | undefined): void => {
    outcomes.push(
      error === undefined
        ? [...reply!]
        : `${(error as { code?: string }).code} ${(error as { outcome?: string }).outcome}`,
    );
  };
  a.request(NodeId.of(2), 3, bytes(9), 1000, done);
  a.request(NodeId.of(2), 99, bytes(), 1000, done);
  a.request(NodeId.of(2), 4, bytes(), 50, done);
  a.request(NodeId.of(3), 3, bytes(), 1000, done);
  expect(outcomes).toEqual([]);
  await world.run(200);
  a.request(NodeId.of(2), 4, bytes(), 60_000, done);
  await world.run(10);
  world.host('n2').crash();
  await world.run(10);
  expect(outcomes).toEqual([
    'unreachable not-applied',
    [1, 9],
    'no-handler not-applied',
    'timed-out unknown',
    'connection-lost unknown',
  ]);
});

test('reachability is told when it changes, and a restarted node is found again at once', async () => {
  const a = await start(1);
  const events: string[] = [];
  a.onReachable((peer, reachable) => events.push(`${peer} ${reachable ? 'up' : 'down'}`));
  await start(2);
  await world.run(100);
  world.host('n2').crash();
  await world.run(2000);
  expect(events).toEqual(['2 up', '2 down']);
  const restartedAt = world.now;
  await start(2);
  await world.until(() => a.isReachable(NodeId.of(2)));
  expect(world.now - restartedAt).toBeLessThan(100);
});

test('a peer that falls silent without closing is given up, and one that merely has nothing to say is not', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  await world.run(60_000);
  expect(a.isReachable(NodeId.of(2))).toBe(true);
  world.cut('n1', 'n2');
  await world.run(4_000);
  expect([a.isReachable(NodeId.of(2)), b.isReachable(NodeId.of(1))]).toEqual([false, false]);
  world.heal();
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)), 5_000);
});

test('a node reaches one that does not know it yet', async () => {
  const stranger = await start(2);
  const { env } = world.host('n1');
  const a = await NodeTransport.listen({ env, self: NodeId.of(1), clusterId: CLUSTER, listen: address(1) });
  await world.until(() => a.isReachable(NodeId.of(2)) && stranger.isReachable(NodeId.of(1)));
});

test('a node that does not know its caller still answers when that calls again before the old connection has ended', async () => {
  const { env } = world.host('n1');
  const a = await NodeTransport.listen({ env, self: NodeId.of(1), clusterId: CLUSTER, listen: address(1) });
  await start(2);
  await world.until(() => a.isReachable(NodeId.of(2)));
  world.cut('n1', 'n2');
  world.host('n2').crash();
  await world.run(10);
  expect(a.isReachable(NodeId.of(2))).toBe(true);
  world.heal();
  const heard: number[] = [];
  const again = await start(2);
  again.receive(1, (_from, payload) => void heard.push(...payload));
  await world.until(() => again.isReachable(NodeId.of(1)));
  a.send(NodeId.of(2), 1, 'urgent', bytes(7));
  await world.run(20);
  expect([a.isReachable(NodeId.of(2)), heard]).toEqual([true, [7]]);
});

test.each([
  ['another cluster', hello({ clusterId: 78 }), 'wrong-cluster', /this is cluster 77, you belong to cluster 78/],
  ['another node', hello({ to: NodeId.of(9) } as never), 'wrong-node', /this is node 1, node 2 wants node 9/],
  [
    'another version',
    hello({ versionMin: 8, versionMax: 9 }),
    'wrong-version',
    /versions 8 to 9 offered, 1 to 1 spoken here/,
  ],
  ['a removed peer', hello({ from: NodeId.of(66) } as never), 'unknown-peer', /node 66 was removed/],
  ['garbage', [bytes(1, 2, 3, 4)], 'wrong-protocol', /it starts with 01 02 03 04/],
  ['TLS', [bytes(0x16, 3, 1, 2, 0)], 'wrong-protocol', /looks like TLS/],
])('a caller with %s is told so, the log says so, and others are undisturbed', async (_what, sent, code, reason) => {
  const a = await start(1, { admit: (peer) => (peer === 66 ? 'node 66 was removed from this cluster' : undefined) });
  const b = await start(2);
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  const seen = call(1, sent);
  await world.run(20);
  expect(refusalIn(seen.received)).toEqual({ code, message: expect.stringMatching(reason) });
  expect(seen.closed).toBe(true);
  expect(warnings(1).join()).toMatch(reason);
  expect(a.isReachable(NodeId.of(2))).toBe(true);
});

test('an HTTP client gets an HTTP answer that says which port to use', async () => {
  await start(1);
  const seen = call(1, [new TextEncoder().encode('GET /health HTTP/1.1\r\nHost: n1\r\n\r\n')]);
  await world.run(20);
  expect(new TextDecoder().decode(seen.received[0])).toMatch(
    /^HTTP\/1.1 400 Bad Request[\s\S]*on the port one above it/,
  );
  expect(seen.closed).toBe(true);
});

test('a caller that says nothing is closed after a while, and too many of them are closed at once', async () => {
  await start(1, { handshakesMax: 3 });
  const silent = [call(1, []), call(1, []), call(1, []), call(1, [])];
  await world.run(100);
  expect(silent.map((s) => s.closed)).toEqual([false, false, false, true]);
  await world.run(2_000);
  expect(silent.map((s) => s.closed)).toEqual([true, true, true, true]);
});

test('strangers cannot flood the log', async () => {
  await start(1);
  for (let i = 0; i < 200; i++) call(1, [bytes(9, 9, 9)]);
  await world.run(100);
  expect(warnings(1).length).toBe(20);
  await world.run(10_000);
  call(1, [bytes(9)]);
  await world.run(100);
  expect(world.host('n1').log.at(-1)?.fields).toMatchObject({ suppressedBefore: 180 });
});

test('a malformed frame between nodes closes that connection, which comes back', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  const downs: boolean[] = [];
  a.onReachable((_peer, reachable) => downs.push(reachable));
  const [socket] = [...world.host('n2').sockets];
  socket!.write(bytes(2, 0, 0, 0, 63, 1));
  await world.run(1000);
  expect(downs).toEqual([false, true]);
});

test('a native client is served on the same port; its malformed frames end its connection and no other', async () => {
  const clients: ClientConnection[] = [];
  const frames: number[][] = [];
  await start(1, {
    onClient: (client, id) => {
      clients.push(client);
      expect(id).toBe('me');
      return { frame: (kind, payload) => frames.push([kind, ...payload]), closed: () => frames.push([]) };
    },
  });
  const seen = call(1, [
    ...hello({ role: 'client', clientId: 'me', clusterId: 0 } as never),
    bytes(2, 0, 0, 0, 64, 5, 1, 0, 0, 0, 4),
  ]);
  await world.run(20);
  expect(frames).toEqual([[64, 5]]);
  clients[0]!.send(65, bytes(1));
  await world.run(20);
  const kinds: number[] = [];
  const decoder = new FrameDecoder((kind) => void kinds.push(kind));
  for (const chunk of seen.received) decoder.push(chunk);
  expect(kinds).toEqual([FrameKind.welcome, FrameKind.pong, 65]);
  const bad = call(1, [...hello({ role: 'client', clientId: 'me' } as never), bytes(1, 0, 0, 0, 17)]);
  await world.run(20);
  expect([bad.closed, seen.closed]).toEqual([true, false]);
});

test('closing tells peers and clients, and fails what waits', async () => {
  const [a, b] = [await start(1), await start(2)];
  await world.until(() => a.isReachable(NodeId.of(2)) && b.isReachable(NodeId.of(1)));
  b.answer(3, () => {});
  const errors: unknown[] = [];
  a.request(NodeId.of(2), 3, bytes(), 60_000, (error) => errors.push((error as { code?: string }).code));
  await world.run(5);
  await a.close();
  a.request(NodeId.of(2), 3, bytes(), 60_000, (error) => errors.push((error as { code?: string }).code));
  await world.run(20);
  expect(errors).toEqual(['connection-lost', 'stopped']);
  expect(b.isReachable(NodeId.of(1))).toBe(false);
});
