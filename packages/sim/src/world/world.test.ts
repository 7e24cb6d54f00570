import type { Connection, Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { describe, expect, test } from 'vitest';
import { SimulationError, World, type WorldOptions } from './index.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (chunk: Uint8Array): string => new TextDecoder().decode(chunk);
const after = (env: Env, ms: number): Instant => Instant.add(env.clock.monotonic(), ms);
const sleep = (env: Env, ms: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.at(after(env, ms), resolve);
  });

describe('time', () => {
  test('timers fire in order, not before their time, and never inside the call', async () => {
    const world = new World({ seed: 1n });
    const fired: string[] = [];
    world.node('a').start((env) => {
      const begin = env.clock.monotonic();
      const note = (label: string, dueMs: number) => (): void => {
        expect(env.clock.monotonic() - begin).toBeGreaterThanOrEqual(dueMs);
        fired.push(label);
      };
      env.timers.at(after(env, 20), note('20', 20));
      env.timers.at(after(env, 10), note('10', 10));
      env.timers.at(after(env, -5), note('past', 0));
      env.timers.at(after(env, 15), note('cancelled', 15))[Symbol.dispose]();
      fired.push('main');
    });
    await world.run({ forMs: 100 });
    expect(fired).toEqual(['main', 'past', '10', '20']);
    expect(world.nowMs).toBe(100);
  });

  test('a hundred simulated hours of nothing take no time', async () => {
    const world = new World({ seed: 1n });
    let fired = false;
    world.node('a').start((env) => {
      env.timers.at(after(env, 3.6e8), () => {
        fired = true;
      });
    });
    await world.run({ forMs: 3.7e8 });
    expect(fired).toBe(true);
    expect(world.events).toBe(2);
  });

  test('what is deferred runs after everything that arrived at the same instant, and all of it is one batch', async () => {
    const world = new World({ seed: 1n, turnMs: 1 });
    const order: string[] = [];
    world.node('a').start((env) => {
      for (const name of ['x', 'y']) {
        env.timers.at(after(env, 5), () => {
          order.push(name);
          env.tasks.defer(() => order.push(`deferred by ${name}`));
        });
      }
    });
    await world.run({ forMs: 10 });
    expect(order).toEqual(['x', 'y', 'deferred by x', 'deferred by y']);
  });

  test('all promise reactions run before the next event', async () => {
    const world = new World({ seed: 1n });
    const order: string[] = [];
    world.node('a').start(async (env) => {
      env.timers.at(after(env, 1), async () => {
        order.push('first');
        for (let i = 0; i < 50; i++) await undefined;
        order.push('its last reaction');
      });
      env.timers.at(after(env, 1), () => order.push('second'));
    });
    await world.run({ forMs: 10 });
    expect(order).toEqual(['first', 'its last reaction', 'second']);
  });
});

describe('processes', () => {
  test('after a kill no callback of that process runs: no timer, promise, packet or file', async () => {
    const world = new World({ seed: 1n });
    const node = world.node('a');
    let [alive, ticks] = [true, 0];
    const tick = (): void => {
      expect(alive).toBe(true);
      ticks += 1;
    };
    node.start(async (env) => {
      await env.net.listen({ host: 'a', port: 1 }, () => ({ data: tick, closed: tick }));
      await env.net.bind({ host: 'a', port: 1 }, tick);
      const beat = (): void => {
        tick();
        env.tasks.defer(tick);
        env.timers.at(after(env, 1), beat);
      };
      beat();
      const file = await env.disk.open('/f', 'create');
      for (;;) {
        await file.writeDurably([bytes('x')], 0);
        tick();
      }
    });
    world.node('b').start((env) => talk(env, 'a'));
    await world.run({ forMs: 100 });
    expect(ticks).toBeGreaterThan(300);
    node.kill();
    alive = false;
    await world.run({ forMs: 1000 });
    expect(node.isRunning).toBe(false);
    expect(await world.node('a').disk.exists('/f')).toBe(true);
  });

  test('a process that kills itself ends after the present event', async () => {
    const world = new World({ seed: 1n });
    const order: string[] = [];
    world.node('a').start((env) => {
      env.timers.at(after(env, 1), () => order.push('never'));
      world.node('a').kill();
      order.push('rest of the event');
      void Promise.resolve().then(() => order.push('and its promises'));
    });
    await world.run({ forMs: 10 });
    expect(order).toEqual(['rest of the event', 'and its promises']);
  });

  test('a paused process gets everything afterwards, in order, in a burst, and knows that it stood still', async () => {
    const world = new World({ seed: 1n });
    const seen: { text: string; atMs: number; delayMs: number }[] = [];
    world.node('a').start((env) =>
      env.net.listen({ host: 'a', port: 1 }, () => ({
        data: (chunk) => seen.push({ text: text(chunk), atMs: world.nowMs, delayMs: env.loop.delayMs() }),
        closed() {},
      })),
    );
    world.node('b').start(async (env) => {
      await sleep(env, 5);
      const connection = env.net.connect({ host: 'a', port: 1 }, { data() {}, closed() {} });
      for (let i = 0; i < 100; i++) {
        connection.write(bytes(`${i},`));
        await sleep(env, 10);
      }
    });
    await world.run({ forMs: 300 });
    world.node('a').pause(400);
    await world.run({ forMs: 900 });
    expect(seen.map((entry) => entry.text).join('')).toBe(Array.from({ length: 100 }, (_, i) => `${i},`).join(''));
    expect(seen.filter((entry) => entry.atMs > 301 && entry.atMs < 700)).toEqual([]);
    expect(seen.filter((entry) => Math.abs(entry.atMs - 700) < 1).length).toBeGreaterThan(30);
    expect(seen.find((entry) => entry.atMs >= 700)?.delayMs).toBeGreaterThan(399);
    expect(seen.at(-1)?.delayMs).toBeGreaterThan(300);
    await world.run({ forMs: 2000 });
    expect(world.node('a').env.loop.delayMs()).toBe(0);
  });

  test('a restarted process draws other numbers and starts another monotonic clock, on the same disk', async () => {
    const world = new World({ seed: 1n });
    const lives: { drawn: number; monotonic: number; files: readonly string[] }[] = [];
    const node = world.node('a');
    node.start(async (env) => {
      const files = await env.disk.list('/');
      lives.push({ drawn: env.random.stream('ids').uint32(), monotonic: env.clock.monotonic(), files });
      if (files.length === 0) await env.disk.open('/f', 'create');
    });
    await world.run({ forMs: 10 });
    node.restart();
    await world.run({ forMs: 10 });
    expect(node.incarnation).toBe(2);
    expect(lives.map((life) => life.files)).toEqual([[], ['f']]);
    expect(lives[0]!.drawn).not.toBe(lives[1]!.drawn);
    expect(lives[0]!.monotonic).not.toBe(lives[1]!.monotonic);
    node.kill();
    node.wipeDisk();
    expect(await node.disk.list('/')).toEqual([]);
  });

  test('stop disposes what the program returned, asynchronously, before the process ends', async () => {
    const world = new World({ seed: 1n });
    const order: string[] = [];
    world.node('a').start(async (env) => ({
      [Symbol.asyncDispose]: async () => {
        await sleep(env, 50);
        order.push(`disposed at ${world.nowMs >= 60}`);
      },
    }));
    await world.run({ forMs: 10 });
    await world.settle(world.node('a').stop());
    expect(order).toEqual(['disposed at true']);
    expect(world.node('a').isRunning).toBe(false);
  });

  test('an error in a process ends the run and says where, when and with which seed', async () => {
    const make = (options: Partial<WorldOptions>): World => {
      const world = new World({ seed: 7n, ...options });
      world.node('a').start(async (env) => {
        await sleep(env, 5);
        throw new Error('broken in main');
      });
      world.node('b').start((env) => {
        env.timers.at(after(env, 10), () => {
          throw new Error('broken in a timer');
        });
      });
      return world;
    };
    await expect(make({}).run({ forMs: 7 })).rejects.toThrow(
      /a died at 5\S* ms, seed 0x0000000000000007: broken in main/,
    );
    const tolerant = make({ onProcessError: 'exit' });
    await tolerant.run({ forMs: 100 });
    expect(tolerant.failures.map((failure) => failure.node)).toEqual(['a', 'b']);
    expect(tolerant.nodes.map((node) => node.isRunning)).toEqual([false, false]);
  });

  test('what never settles is reported', async () => {
    const world = new World({ seed: 1n });
    await expect(world.settle(new Promise(() => {}), 100)).rejects.toThrow(SimulationError);
    expect(await world.settle(Promise.resolve(5))).toBe(5);
  });

  test('log messages and marks are counted', async () => {
    const lines: string[] = [];
    const world = new World({ seed: 1n, trace: 'full', onLog: (line) => lines.push(`${line.node} ${line.message}`) });
    world.node('a').start((env) => {
      env.log.info('snapshot installed', { index: 5 });
      env.log.debug('snapshot installed');
    });
    world.mark('rare');
    await world.run({ forMs: 1 });
    expect(Object.fromEntries(world.marks)).toEqual({ 'snapshot installed': 2, rare: 1 });
    expect(lines).toEqual(['a snapshot installed', 'a snapshot installed']);
    expect(world.trace.format()).toContain('info snapshot installed {"index":5}');
  });
});

function talk(env: Env, host: string): void {
  let connection: Connection | undefined;
  const dial = (): void => {
    connection = env.net.connect({ host, port: 1 }, { data() {}, closed: () => env.timers.at(after(env, 5), dial) });
  };
  dial();
  void env.net
    .bind({ host: 'b', port: 2 }, () => {})
    .then((socket) => {
      const beat = (): void => {
        connection?.write(bytes('hello'));
        socket.send({ host, port: 1 }, bytes('hello'));
        env.timers.at(after(env, 1), beat);
      };
      beat();
    });
}
