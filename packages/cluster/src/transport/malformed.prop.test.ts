import { NodeId } from '@quorate/patterns/consensus/raft';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeHello, FrameKind, FrameWriter, PREFACE } from '../wire/index.ts';
import { joined } from '../wire/wire.fixture.ts';
import { NodeTransport } from './index.ts';
import { VirtualWorld } from './virtual-world.fixture.ts';

const address = (id: number): { host: string; port: number } => ({ host: `n${id}`, port: 7410 });

function helloAs(role: 'peer' | 'client'): Uint8Array {
  const writer = new FrameWriter();
  const versions = { versionMin: 1, versionMax: 1, clusterId: 7 };
  const payload =
    role === 'peer'
      ? encodeHello({ role, ...versions, from: NodeId.of(3), to: NodeId.of(1), incarnation: 1 })
      : encodeHello({ role, ...versions, clientId: 'c' });
  writer.simple(FrameKind.hello, payload);
  return joined([PREFACE, ...writer.take()]);
}

const frame = fc
  .record({
    kind: fc.oneof(fc.constantFrom(...Object.values(FrameKind)), fc.nat(255)),
    payload: fc.uint8Array({ maxLength: 12 }),
  })
  .map(({ kind, payload }) => {
    const writer = new FrameWriter();
    writer.simple(kind, payload);
    return joined(writer.take());
  });

test('whatever a peer or a client sends after its handshake, the node and its other connections are undisturbed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('peer' as const, 'client' as const, undefined),
      fc.array(fc.oneof(frame, fc.uint8Array({ maxLength: 20 })), { minLength: 1, maxLength: 6 }),
      async (role, frames) => {
        const world = new VirtualWorld();
        const start = (id: number): Promise<NodeTransport> =>
          NodeTransport.listen({
            env: world.host(`n${id}`).env,
            self: NodeId.of(id),
            clusterId: 7,
            listen: address(id),
            onClient: () => ({ frame: () => {}, closed: () => {} }),
          });
        const [a, b] = [await start(1), await start(2)];
        a.setPeers(new Map([[NodeId.of(2), address(2)]]));
        a.answer(1, (_from, payload, reply) => reply(payload));
        await world.until(() => a.isReachable(NodeId.of(2)));
        const downs: number[] = [];
        a.onReachable((peer, reachable) => {
          if (!reachable) downs.push(peer);
        });
        const stranger = world.host('stranger').env.net.connect(address(1), {
          connected: () => {
            if (role !== undefined) stranger.write(helloAs(role));
            for (const each of frames) stranger.write(each);
          },
          data: () => {},
          closed: () => {},
        });
        await world.run(100);
        expect(downs).not.toContain(2);
        let reply: Uint8Array | undefined;
        b.request(NodeId.of(1), 1, new Uint8Array([7]), 100, (_error, answer) => {
          reply = answer;
        });
        await world.run(20);
        expect(reply).toEqual(new Uint8Array([7]));
      },
    ),
    { numRuns: 300 },
  );
});
