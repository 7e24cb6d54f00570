/**
 * A scenario that uses everything: connections, datagrams, files, promises, timers, pauses, kills, crashes and faults.
 * `node --conditions=quorate:source determinism.fixture.ts <seed>` prints its digest, for comparison between hosts.
 */
import type { Connection, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { type Main, World, type WorldOptions } from './index.ts';

const NAMES = ['a', 'b', 'c', 'd'];

const sleep = (env: Env, ms: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.at(Instant.add(env.clock.monotonic(), ms), resolve);
  });

/** Gossips a number over both kinds of sockets, and writes what it hears to a log. */
export function gossiper(name: string, extra: () => number = () => 0): Main {
  return async (env) => {
    let sum = extra();
    const random = env.random.stream('gossip');
    await env.disk.makeDirectory('/data');
    const log = (await env.disk.exists('/data/log'))
      ? await env.disk.open('/data/log', 'write')
      : await env.disk.open('/data/log', 'create');
    const hear = (bytes: Uint8Array): void => {
      for (const byte of bytes) sum = (Math.imul(sum, 31) + byte) | 0;
      env.tasks.defer(() => {
        void log.writeDurably([Uint8Array.of(sum, sum >> 8)], random.below(4000)).catch(() => {});
      });
    };
    const handler = (): { data(chunk: Uint8Array): void; closed(): void } => ({ data: hear, closed: () => {} });
    await env.net.listen({ host: name, port: 1 }, handler);
    const socket = await env.net.bind({ host: name, port: 1 }, (_from, payload) => hear(payload));
    const connections = new Map<string, Connection>();
    for (;;) {
      await sleep(env, random.below(20));
      const peer = NAMES[random.below(NAMES.length)]!;
      const message = Uint8Array.of(sum, sum >> 8, sum >> 16, env.clock.wall() & 255);
      socket.send({ host: peer, port: 1 }, message);
      const open = connections.get(peer);
      if (open !== undefined) open.write(message);
      else {
        const forget = (): boolean => connections.delete(peer);
        connections.set(peer, env.net.connect({ host: peer, port: 1 }, { data: hear, closed: forget }));
      }
    }
  };
}

export async function runScenario(options: WorldOptions, extra?: () => number): Promise<string> {
  const world = new World({
    ...options,
    net: { quality: { loss: 0.02, duplicate: 0.05, reorder: 0.1, split: 0.2, reset: 0.001 } },
  });
  const random = world.stream('disturbances');
  for (const name of NAMES) world.node(name).start(gossiper(name, extra));
  for (let round = 0; round < 12; round++) {
    const victim = world.node(random.pick(NAMES));
    victim.clock.setDriftPpm(random.between(-500, 500));
    victim.disk.faults.rates = { readError: 0, writeError: 0.01, syncError: 0.01, readBitFlip: 0 };
    const action = random.below(5);
    if (action === 0) victim.pause(100);
    else if (action === 1) victim.restart();
    else if (action === 2) {
      victim.crash();
      victim.start();
    } else if (action === 3) victim.clock.jump(random.between(-5000, 5000));
    else {
      const cut = world.net.partition(
        [victim.name],
        NAMES.filter((name) => name !== victim.name),
      );
      world.at(world.nowMs + 150, 'mend', () => cut[Symbol.dispose]());
    }
    await world.run({ forMs: 100 });
  }
  return world.digest;
}

interface Host {
  readonly process?: { readonly argv: readonly string[] };
}

const [, script, seed] = (globalThis as Host).process?.argv ?? [];
if (script?.endsWith('determinism.fixture.ts')) console.log(await runScenario({ seed: seed ?? '1' }));
