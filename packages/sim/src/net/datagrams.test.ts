import { describe, expect, test } from 'vitest';
import type { World } from '../world/index.ts';
import type { LinkQuality } from './index.ts';
import { bytes, make, sleep, text } from './two-nodes.fixture.ts';

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
