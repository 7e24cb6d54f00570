import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  AntiEntropy,
  type AntiEntropyOptions,
  choosePeers,
  type RumourEffect,
  RumourMonger,
  type RumourOptions,
} from './index.ts';
import { playRound } from './rounds.fixture.ts';

const start = Instant.of(0);
const namesOf = (size: number): string[] => Array.from({ length: size }, (_, at) => `n${at}`);

interface Spread {
  readonly residue: number;
  /** Bodies sent, per member. */
  readonly traffic: number;
  readonly rounds: number;
}

function spread(size: number, seed: number, options: Partial<RumourOptions>): Spread {
  const random = seeded(seed);
  const members = namesOf(size);
  let bodies = 0;
  const nodes = new Map<string, RumourMonger<number>>();
  for (const self of members) {
    const node = new RumourMonger<number>({ self, members, random, intervalMs: 1, ...options }, start);
    const step = node.step.bind(node);
    node.step = (input, now, out) => {
      const before = out.length;
      step(input, now, out);
      for (const effect of out.slice(before))
        if (effect.kind === 'send' && effect.message.kind === 'rumours') bodies += effect.message.rumours.length;
    };
    nodes.set(self, node);
  }
  nodes.get('n0')!.step({ kind: 'spread', rumour: { id: 'r', body: 1 } }, start, []);
  const known = (): number => [...nodes.values()].filter((node) => node.knows('r')).length;
  let rounds = 0;
  for (let round = 1; round < 200; round++) {
    const before = known();
    playRound(nodes, round);
    if (known() > before) rounds = round;
    if (known() === size || ![...nodes.values()].some(({ hot }) => hot > 0)) {
      if (options.mode !== undefined || ![...nodes.values()].some(({ hot }) => hot > 0)) break;
    }
  }
  return { residue: 1 - known() / size, traffic: bodies / size, rounds };
}

const mean = (size: number, runs: number, options: Partial<RumourOptions>): Spread => {
  const all = Array.from({ length: runs }, (_, seed) => spread(size, seed + 1, options));
  const of = (pick: (one: Spread) => number): number => all.reduce((sum, one) => sum + pick(one), 0) / runs;
  return { residue: of((one) => one.residue), traffic: of((one) => one.traffic), rounds: of((one) => one.rounds) };
};

describe('rumour mongering, by the tables of Demers et al. 1987 for 1,000 sites', () => {
  test.each([
    [1, 0.18, 1.7, 16.8],
    [2, 0.037, 3.3, 16.9],
    [3, 0.011, 4.5, 17.4],
  ])('table 1 (push, feedback, counter), k = %d', (k, residue, traffic, last) => {
    const measured = mean(1000, 8, { k });
    expect(Math.abs(measured.residue - residue)).toBeLessThan(0.01 + residue * 0.25);
    expect(Math.abs(measured.traffic - traffic)).toBeLessThan(0.35);
    expect(Math.abs(measured.rounds - last)).toBeLessThan(3.5);
  });
  test.each([
    [2, 0.2, 1.6],
    [3, 0.06, 2.8],
    [4, 0.021, 3.9],
  ])('table 2 (push, blind, coin), k = %d', (k, residue, traffic) => {
    // Some rumours die at once here; the paper's table averages those in which it did not.
    const runs = Array.from({ length: 14 }, (_, seed) =>
      spread(1000, seed + 50, { k, stop: 'coin', feedback: false }),
    ).filter((one) => one.residue < 0.9);
    const average = (pick: (one: Spread) => number): number =>
      runs.reduce((sum, one) => sum + pick(one), 0) / runs.length;
    expect(Math.abs(average((one) => one.residue) - residue)).toBeLessThan(0.01 + residue * 0.3);
    expect(Math.abs(average((one) => one.traffic) - traffic)).toBeLessThan(0.4);
  });
  test.each([
    [1, 0.031],
    [2, 0.00058],
  ])('table 3 (pull, feedback, counter), k = %d', (k, residue) => {
    expect(Math.abs(mean(1000, 6, { k, mode: 'pull' }).residue - residue)).toBeLessThan(0.002 + residue * 0.4);
  });
});

describe('convergence in O(log N) rounds', () => {
  const sizes = [10, 100, 1000, 10_000] as const;
  test.each(sizes)('a rumour by push-pull reaches all of %d members but one in 1,000', (size) => {
    const { residue, rounds } = spread(size, 3, { mode: 'push-pull', k: 3 });
    expect(residue).toBeLessThanOrEqual(0.001);
    expect(rounds).toBeLessThanOrEqual(1.2 * Math.log2(size) + 4);
  });
  test.each(sizes)('anti-entropy reaches all of %d members', (size) => {
    const random = seeded(size);
    const members = namesOf(size);
    const rounds = (mode: NonNullable<AntiEntropyOptions['mode']>): number => {
      const nodes = new Map(
        members.map((self) => [self, new AntiEntropy<string>({ self, members, random, intervalMs: 1, mode }, start)]),
      );
      nodes.get('n0')!.step({ kind: 'put', entry: { key: 'k', version: 1, value: 'v' } }, start, []);
      for (let round = 1; ; round++) {
        playRound(nodes, round);
        if ([...nodes.values()].every((node) => node.get('k') !== undefined)) return round;
      }
    };
    // Pittel 1987: push takes log2 N + ln N + O(1) rounds.
    expect(rounds('push')).toBeLessThanOrEqual(Math.log2(size) + Math.log(size) + 5);
    expect(rounds('push-pull')).toBeLessThanOrEqual(Math.log2(size) + 3);
  });
  test('the rounds grow with the logarithm: ten times the members, about as many rounds more each time', () => {
    const rounds = sizes.map((size) => mean(size, size > 1000 ? 1 : 4, { mode: 'push-pull', k: 3 }).rounds);
    for (const [at, more] of rounds.slice(1).entries()) expect(more - rounds[at]!).toBeLessThan(Math.log2(10) + 2.5);
    expect(rounds[3]! - rounds[0]!).toBeGreaterThan(3);
  });
});

describe('rumour mongering, single steps', () => {
  const monger = (options: Partial<RumourOptions> = {}) =>
    new RumourMonger<number>({ self: 'a', members: ['a', 'b'], random: seeded(1), intervalMs: 10, ...options }, start);
  const rumour = (id: string) => ({ id, body: 1 });

  test('what is heard is told once; what is known is answered as known', () => {
    const node = monger();
    const out: RumourEffect<number>[] = [];
    const message = { kind: 'rumours', rumours: [rumour('r')], pull: false } as const;
    node.step({ kind: 'message', from: 'b', message }, start, out);
    node.step({ kind: 'message', from: 'b', message }, start, out);
    expect(out.map((effect) => effect.kind)).toEqual(['heard', 'send', 'send']);
    expect(out[2]).toMatchObject({ message: { kind: 'feedback', known: ['r'], fresh: [] } });
    expect(node.deadline).toBe(10);
  });
  test('with nothing hot a pusher rests, and a new rumour wakes it', () => {
    const node = monger({ k: 1 });
    expect(node.deadline).toBeUndefined();
    node.step({ kind: 'spread', rumour: rumour('r') }, Instant.of(55), []);
    expect(node.deadline).toBe(55);
    node.step({ kind: 'tick' }, Instant.of(55), []);
    const message = { kind: 'feedback', known: ['r', 'x'], fresh: ['y'] } as const;
    node.step({ kind: 'message', from: 'b', message }, Instant.of(56), []);
    expect([node.hot, node.deadline]).toEqual([1, 65]);
    node.step({ kind: 'tick' }, Instant.of(65), []);
    expect([node.hot, node.deadline]).toEqual([0, undefined]);
  });
  test('the memory is bounded: the oldest rumour is forgotten', () => {
    const node = monger({ maxRumours: 2 });
    for (const id of ['x', 'y', 'z', 'z']) node.step({ kind: 'spread', rumour: rumour(id) }, start, []);
    expect([node.knows('x'), node.knows('y'), node.knows('z'), node.hot]).toEqual([false, true, true, 2]);
    expect(() => monger({ k: 0 })).toThrow(/k must/);
    expect(() => monger({ intervalMs: 0 })).toThrow(/intervalMs/);
    expect(() => monger({ maxRumours: 0 })).toThrow(/maxRumours/);
  });
  test('alone, or among new members, it talks to whom there is', () => {
    const node = monger({ members: ['a'], mode: 'push-pull' });
    const out: RumourEffect<number>[] = [];
    node.step({ kind: 'tick' }, Instant.of(10), out);
    expect(out).toEqual([]);
    node.step({ kind: 'members', members: ['a', 'c'] }, start, out);
    node.step({ kind: 'tick' }, Instant.of(20), out);
    expect(out).toMatchObject([{ kind: 'send', to: 'c', message: { rumours: [], pull: true } }]);
  });
});

describe('anti-entropy, single rounds', () => {
  const pair = (mode: NonNullable<AntiEntropyOptions['mode']>, maxEntries = 100) => {
    const members = ['a', 'b'];
    return new Map(
      members.map((self, at) => {
        // Only a begins: b's first round is far away.
        const options = { self, members, random: seeded(at), intervalMs: at === 0 ? 1 : 1e9, mode, maxEntries };
        return [self, new AntiEntropy<string>(options, start)] as const;
      }),
    );
  };
  const put = (node: AntiEntropy<string>, key: string, version: number) =>
    node.step({ kind: 'put', entry: { key, version, value: `${key}${version}` } }, start, []);
  test.each([
    ['push', 'x2 y1', 'x2 y1 z1'],
    ['pull', 'x2 y3 z1', 'x1 y3 z1'],
    ['push-pull', 'x2 y3 z1', 'x2 y3 z1'],
  ] as const)('%s settles its part of the differences', (mode, a, b) => {
    const nodes = pair(mode);
    const [left, right] = [nodes.get('a')!, nodes.get('b')!];
    put(left, 'x', 2);
    put(left, 'y', 1);
    put(right, 'x', 1);
    put(right, 'y', mode === 'push' ? 0 : 3);
    put(right, 'z', 1);
    playRound(nodes, 1);
    const shown = (node: AntiEntropy<string>) => ['x', 'y', 'z'].flatMap((key) => node.get(key)?.value ?? []).join(' ');
    expect([shown(left), shown(right)]).toEqual([a, b]);
  });
  test('older versions change nothing, equals cost one message, and a message is bounded', () => {
    const nodes = pair('push-pull', 2);
    const left = nodes.get('a')!;
    for (const key of ['u', 'v', 'w', 'x', 'y']) put(left, key, 1);
    put(left, 'u', 0);
    const right = nodes.get('b')!;
    const sizes = [1, 2, 3, 4].map((round) => {
      playRound(nodes, round);
      return right.size;
    });
    expect(sizes).toEqual([2, 4, 5, 5]);
    expect([playRound(nodes, 5), left.get('u')!.version, left.deadline]).toEqual([1, 1, 6]);
    expect(() => pair('push', 0)).toThrow(/maxEntries/);
  });
});

test('peers are distinct, never oneself, and all equally likely', () => {
  const random = seeded(4);
  const members = namesOf(30);
  const counts = new Map<string, number>();
  for (let turn = 0; turn < 9000; turn++) {
    const chosen = choosePeers(random, { self: 'n7', members }, 3);
    expect(new Set(chosen).size).toBe(3);
    for (const peer of chosen) counts.set(peer, (counts.get(peer) ?? 0) + 1);
  }
  expect([counts.size, counts.has('n7')]).toEqual([29, false]);
  for (const count of counts.values()) expect(Math.abs(count - 27_000 / 29)).toBeLessThan(150);
  expect(choosePeers(random, { self: 'n0', members: ['n0', 'n1'] }, 5)).toEqual(['n1']);
});
