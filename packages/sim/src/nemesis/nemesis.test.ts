import { DiskError, type Env } from '@quorate/env';
import { Instant } from '@quorate/patterns/base';
import { describe, expect, test } from 'vitest';
import { isolate } from '../net/index.ts';
import { type Main, World } from '../world/index.ts';
import { type Fault, LEADER, Nemesis } from './index.ts';

const NODES = ['a', 'b', 'c'];
const sleep = (env: Env, ms: number): Promise<void> =>
  new Promise((resolve) => {
    env.timers.at(Instant.add(env.clock.monotonic(), ms), resolve);
  });

/** What the nodes of a small cluster did in one window of time. */
interface Observed {
  /** `a>b` for every pair that was heard. */
  readonly heard: Set<string>;
  readonly starts: Map<string, number>;
  readonly syncs: Map<string, number>;
  readonly resets: Set<string>;
  readonly ticks: Map<string, number>;
  /** How wrong the wall clock was at the worst. */
  readonly errorMs: Map<string, number>;
  readonly contents: Set<string>;
}

const fresh = (): Observed => ({
  heard: new Set(),
  starts: new Map(),
  syncs: new Map(),
  resets: new Set(),
  ticks: new Map(),
  errorMs: new Map(),
  contents: new Set(),
});
const count = (map: Map<string, number>, key: string): void => void map.set(key, (map.get(key) ?? 0) + 1);

class Cluster {
  readonly world = new World({
    seed: 5n,
    onProcessError: ({ error }) => (error instanceof DiskError ? 'exit' : 'fail'),
  });
  seen = fresh();

  async start(): Promise<void> {
    for (const name of NODES) this.world.node(name).start(this.#program(name));
    await this.world.run({ forMs: 500 });
  }

  async observe(forMs: number): Promise<Observed> {
    const seen = fresh();
    this.seen = seen;
    await this.world.run({ forMs: 10 });
    // What was on its way when the fault began.
    seen.heard.clear();
    await this.world.run({ forMs: forMs - 10 });
    this.seen = fresh();
    return seen;
  }

  #program(name: string): Main {
    return async (env) => {
      count(this.seen.starts, name);
      await env.net.listen({ host: name, port: 1 }, () => ({ data() {}, closed() {} }));
      const socket = await env.net.bind({ host: name, port: 1 }, (from) => this.seen.heard.add(`${from.host}>${name}`));
      const dial = (peer: string): void => {
        env.net.connect(
          { host: peer, port: 1 },
          {
            data() {},
            closed: (error) => {
              if (error?.code === 'reset') this.seen.resets.add(`${name}-${peer}`);
              env.timers.at(Instant.add(env.clock.monotonic(), 50), () => dial(peer));
            },
          },
        );
      };
      for (const peer of NODES) if (peer > name) dial(peer);
      void this.#write(env, name);
      for (;;) {
        await sleep(env, 10);
        count(this.seen.ticks, name);
        const error = Math.abs(this.world.node(name).clock.errorMs);
        this.seen.errorMs.set(name, Math.max(error, this.seen.errorMs.get(name) ?? 0));
        for (const peer of NODES) socket.send({ host: peer, port: 1 }, new Uint8Array(1));
      }
    };
  }

  async #write(env: Env, name: string): Promise<void> {
    try {
      const file = (await env.disk.exists('/f'))
        ? await env.disk.open('/f', 'write')
        : await env.disk.open('/f', 'create');
      await env.disk.syncDirectory('/');
      const content = await file.read(0, 64);
      if (content.length > 0) this.seen.contents.add(content.join());
      for (let position = await file.size(); ; position += 64) {
        await sleep(env, 5);
        await file.writeDurably([new Uint8Array(64)], position);
        count(this.seen.syncs, name);
      }
    } catch {
      this.world.node(name).exit('disk error');
    }
  }
}

const every = NODES.flatMap((from) => NODES.map((to) => `${from}>${to}`)).sort();

/** Lets one fault happen, observes while it lasts, and then after `heal`. */
async function during(
  fault: Fault,
  leader?: () => string | undefined,
): Promise<{ during: Observed; after: Observed; nemesis: Nemesis; cluster: Cluster }> {
  const cluster = new Cluster();
  await cluster.start();
  const nemesis = new Nemesis(cluster.world, { nodes: NODES, faults: [fault], ...(leader ? { leader } : {}) });
  const seen = await cluster.observe(800);
  nemesis.heal();
  await cluster.world.run({ forMs: 500 });
  return { during: seen, after: await cluster.observe(1000), nemesis, cluster };
}

const times = { atMs: 0, forMs: 1000 };

describe('a cut that names the leader', () => {
  const cuts = isolate(LEADER, NODES);
  const fault: Fault = { kind: 'cut', ...times, shape: 'isolate the leader', cuts };

  test('cuts off whoever leads when it begins, but not from itself', async () => {
    const { during: seen } = await during(fault, () => 'b');
    expect(every.filter((pair) => !seen.heard.has(pair))).toEqual(['a>b', 'b>a', 'b>c', 'c>b']);
  });

  test('is skipped without one', async () => {
    const { during: seen, nemesis } = await during(fault, () => undefined);
    expect([...seen.heard].sort()).toEqual(every);
    expect(nemesis.skipped).toBe(1);
  });
});

describe('each fault does what it says, and is healed', () => {
  const cases: Record<string, { fault: Fault; check: (seen: Observed, cluster: Cluster) => void }> = {
    nothing: {
      fault: { kind: 'clog', atMs: 5000, forMs: 1, nodes: ['a'] },
      check: (seen) => {
        expect([...seen.heard].sort()).toEqual(every);
        expect(seen.syncs.get('a')).toBeGreaterThan(80);
        expect(seen.ticks.get('a')).toBeGreaterThan(75);
        expect(seen.errorMs.get('a')).toBeLessThan(1);
        expect(seen.resets.size).toBe(0);
      },
    },
    cut: {
      fault: { kind: 'cut', ...times, shape: 'one way', cuts: [{ from: 'a', to: 'b' }] },
      check: (seen) => expect(every.filter((pair) => !seen.heard.has(pair))).toEqual(['a>b']),
    },
    clog: {
      fault: { kind: 'clog', ...times, nodes: ['a'] },
      check: (seen) => expect(every.filter((pair) => !seen.heard.has(pair))).toEqual(['a>b', 'a>c', 'b>a', 'c>a']),
    },
    degrade: {
      fault: { kind: 'degrade', ...times, quality: { loss: 1 } },
      check: (seen) => expect([...seen.heard].sort()).toEqual(['a>a', 'b>b', 'c>c']),
    },
    reset: {
      fault: { kind: 'reset', ...times, nodes: ['b'] },
      check: (seen) => expect([...seen.resets].sort()).toEqual(['a-b', 'b-c']),
    },
    kill: {
      fault: { kind: 'kill', ...times, nodes: ['a', 'b'] },
      check: (seen) => expect([...seen.heard]).toEqual(['c>c']),
    },
    crash: {
      fault: { kind: 'crash', ...times, nodes: ['a'] },
      check: (seen) => expect(seen.heard.has('a>b')).toBe(false),
    },
    'a short kill': {
      fault: { kind: 'kill', atMs: 0, forMs: 100, nodes: ['a'] },
      check: (seen) => {
        expect(seen.starts.get('a')).toBe(1);
        expect(seen.heard.has('a>b')).toBe(true);
      },
    },
    pause: {
      fault: { kind: 'pause', ...times, nodes: ['a'] },
      check: (seen) => expect(seen.ticks.get('a') ?? 0).toBe(0),
    },
    drift: {
      fault: { kind: 'drift', ...times, nodes: ['a'], ppm: 50_000 },
      check: (seen) => expect(Math.round(seen.errorMs.get('a')! / 10)).toBe(4),
    },
    jump: {
      fault: { kind: 'jump', ...times, nodes: ['a'], byMs: -5000 },
      check: (seen) => expect(Math.round(seen.errorMs.get('a')!)).toBe(5000),
    },
    strobe: {
      fault: { kind: 'strobe', ...times, nodes: ['a'], byMs: 300, periodMs: 7 },
      check: (seen) => expect(Math.round(seen.errorMs.get('a')!)).toBe(300),
    },
    'slow-disk': {
      fault: { kind: 'slow-disk', ...times, nodes: ['a'], factor: 100 },
      check: (seen) => expect(seen.syncs.get('a')).toBeLessThan(30),
    },
    'stuck-sync': {
      fault: { kind: 'stuck-sync', ...times, nodes: ['a'] },
      check: (seen) => expect(seen.syncs.get('a') ?? 0).toBe(0),
    },
    'disk-full': {
      fault: { kind: 'disk-full', ...times, nodes: ['a'], freeBytes: 1000 },
      check: (seen) => {
        expect(seen.syncs.get('a')).toBe(15);
        expect(seen.starts.get('a')).toBeGreaterThan(1);
      },
    },
    'failed-sync': {
      fault: { kind: 'failed-sync', ...times, nodes: ['a'] },
      check: (seen) => expect(seen.starts.get('a')).toBe(1),
    },
    'failed-write': {
      fault: { kind: 'failed-write', ...times, nodes: ['a'] },
      check: (seen) => expect(seen.starts.get('a')).toBe(1),
    },
    'bit-flip': {
      fault: { kind: 'bit-flip', atMs: 0, forMs: 100, nodes: ['a'] },
      check: (seen, cluster) => {
        expect(seen.starts.get('a')).toBe(1);
        const file = cluster.world.node('a').disk.volume.files().get('/f')!;
        expect(file.readDurable().filter((byte) => byte !== 0)).toHaveLength(1);
      },
    },
  };

  test.each(Object.entries(cases))('%s', async (name, { fault, check }) => {
    const { during: seen, after, nemesis, cluster } = await during(fault);
    check(seen, cluster);
    expect(nemesis.injected.size).toBe(name === 'nothing' ? 0 : 1);
    expect([...after.heard].sort()).toEqual(every);
    for (const node of NODES) {
      expect(after.syncs.get(node)).toBeGreaterThan(100);
      expect(after.ticks.get(node)).toBeGreaterThan(90);
      expect(after.errorMs.get(node)).toBeLessThan(1);
    }
  });
});

test('a fault ends by itself, and faults overlap', async () => {
  const cluster = new Cluster();
  await cluster.start();
  const cut = { kind: 'cut', shape: 'one way', cuts: [{ from: 'a', to: 'b' }] } as const;
  new Nemesis(cluster.world, {
    nodes: NODES,
    faults: [
      { ...cut, atMs: 0, forMs: 300 },
      { ...cut, atMs: 200, forMs: 300 },
    ],
  });
  expect((await cluster.observe(480)).heard.has('a>b')).toBe(false);
  expect((await cluster.observe(200)).heard.has('a>b')).toBe(true);
});

test('a fault may aim at whoever leads when it begins, and is skipped when nobody does', async () => {
  const fault: Fault = { kind: 'kill', ...times, nodes: [LEADER] };
  const aimed = await during(fault, () => 'b');
  expect([...aimed.during.heard].some((pair) => pair.includes('b'))).toBe(false);
  const blind = await during(fault);
  expect(blind.nemesis.skipped).toBe(1);
  expect([...blind.during.heard].sort()).toEqual(every);
});

test('healing starts nothing twice and ends what has not begun', async () => {
  const cluster = new Cluster();
  await cluster.start();
  const faults: Fault[] = [{ kind: 'crash', atMs: 300, forMs: 10, nodes: NODES }];
  const nemesis = new Nemesis(cluster.world, { nodes: NODES, faults });
  nemesis.heal();
  const seen = await cluster.observe(600);
  expect(seen.starts.size).toBe(0);
  expect(nemesis.injected.size).toBe(0);
});
