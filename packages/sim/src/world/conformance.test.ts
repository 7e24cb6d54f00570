/** The suites that every implementation of the environment must pass, run on the simulated one. */
import {
  type ConformanceCase,
  clockConformance,
  diskConformance,
  netConformance,
  randomConformance,
} from '@quorate/env/conformance';
import { describe, test } from 'vitest';
import { SimDisk } from '../disk/index.ts';
import { World } from './index.ts';

const named = <S>(cases: readonly ConformanceCase<S>[]): [string, ConformanceCase<S>][] =>
  cases.map((each) => [each.name, each]);
const SEEDS = [1n, 2n, 3n];

/** A world with processes that do nothing by themselves. */
async function idle(seed: bigint, ...names: string[]): Promise<World> {
  const world = new World({ seed });
  for (const name of names) world.node(name).start(() => {});
  await world.run({ forMs: 1 });
  return world;
}

describe('the clocks of a world', () => {
  test.each(named(clockConformance))('%s', async (_name, each) => {
    for (const seed of SEEDS) {
      const world = await idle(seed, 'a');
      await world.settle(world.node('a').call((env) => each.run(env)));
    }
  });
});

describe('the random streams of a process', () => {
  test.each(named(randomConformance))('%s', async (_name, each) => {
    await each.run({
      seeded: () => {
        const world = new World({ seed: 5n });
        world.node('a').start(() => {});
        return world.node('a').env.random;
      },
    });
  });
});

describe('a disk by itself', () => {
  test.each(named(diskConformance))('%s', async (_name, each) => {
    const disk = new SimDisk();
    await disk.makeDirectory('/d');
    await each.run({ disk, directory: '/d' });
  });
});

describe('the disk of a node', () => {
  test.each(named(diskConformance))('%s', async (_name, each) => {
    for (const seed of SEEDS) {
      const world = await idle(seed, 'a');
      await world.settle(
        world.node('a').call(async (env) => {
          await env.disk.makeDirectory('/d');
          await each.run({ disk: env.disk, directory: '/d' });
        }),
      );
    }
  });
});

describe('the network between two nodes', () => {
  test.each(named(netConformance))('%s', async (_name, each) => {
    for (const seed of SEEDS) {
      const world = await idle(seed, 'client', 'server');
      const { clock, timers, net: client } = world.node('client').env;
      const server = world.node('server').env.net;
      await world.settle(each.run({ client, server, host: 'server', clientHost: 'client', clock, timers }));
    }
  });
});

describe('the network within a node', () => {
  test.each(named(netConformance))('%s', async (_name, each) => {
    const world = await idle(1n, 'a');
    const { clock, timers, net } = world.node('a').env;
    await world.settle(each.run({ client: net, server: net, host: '127.0.0.1', clock, timers }));
  });
});
