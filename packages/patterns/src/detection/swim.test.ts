import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { Swim, type SwimEffect, type SwimMessage, type SwimOptions } from './index.ts';
import { seeded } from './random.fixture.ts';
import { World } from './world.fixture.ts';

type News = { readonly at: number; readonly seenBy: string; readonly member: string; readonly rank: string };

class Cluster {
  readonly world: World<SwimMessage>;
  readonly nodes = new Map<string, Swim>();
  readonly news: News[] = [];
  readonly superseded: string[] = [];
  readonly #random;
  readonly #options: Partial<SwimOptions>;
  lost: (from: string, to: string) => boolean = () => false;
  latencyMs: (from: string, to: string) => number | undefined = () => undefined;

  constructor(size: number, seed: number, options: Partial<SwimOptions> = {}) {
    this.#random = seeded(seed);
    this.#options = options;
    this.world = new World({
      random: this.#random,
      lost: (from, to) => this.lost(from, to),
      latencyMs: (from, to) => this.latencyMs(from, to),
    });
    for (let at = 0; at < size; at++) this.start(`n${at}`, 1);
  }

  start(name: string, epoch: number): void {
    const { world } = this;
    const swim = new Swim({ ...this.#options, self: name, epoch, random: this.#random }, Instant.of(world.now));
    this.nodes.set(name, swim);
    const sends = (effects: readonly SwimEffect[]) => {
      for (const effect of effects) {
        if (effect.kind === 'member')
          this.news.push({ at: world.now, seenBy: name, member: effect.member, rank: effect.state.rank });
        if (effect.kind === 'superseded') this.superseded.push(name);
      }
      return effects.filter((effect) => effect.kind === 'send');
    };
    world.add(name, {
      get deadline() {
        return swim.deadline;
      },
      step: (from, message, now) => {
        const out: SwimEffect[] = [];
        if (message === undefined || from === undefined) swim.step({ kind: 'tick' }, now, out);
        else swim.step({ kind: 'message', from, message }, now, out);
        return sends(out);
      },
    });
    world.revive(name);
    const out: SwimEffect[] = [];
    swim.step({ kind: 'join', seeds: ['n0', 'n1'] }, Instant.of(world.now), out);
    world.deliver(name, sends(out));
  }

  seen(member: string, rank: string): News[] {
    return this.news.filter((one) => one.member === member && one.rank === rank);
  }

  rankOf(member: string): (string | undefined)[] {
    return [...this.nodes].filter(([name]) => name !== member).map(([, node]) => node.members.get(member)?.rank);
  }
}

const only = (rank: string, count: number): string[] => Array<string>(count).fill(rank);

describe('a cluster', () => {
  test('all come to know all, and nobody is accused while nothing fails', () => {
    const cluster = new Cluster(20, 1);
    cluster.world.run(60_000);
    for (const node of cluster.nodes.values()) expect(node.members.size).toBe(20);
    expect(cluster.news.filter(({ rank }) => rank !== 'alive')).toEqual([]);
  });
  test('a crash is suspected by somebody, then known to all as a death', () => {
    const cluster = new Cluster(16, 2);
    cluster.world.run(20_000);
    cluster.world.crash('n5');
    cluster.world.run(80_000);
    cluster.nodes.delete('n5');
    expect(cluster.rankOf('n5')).toEqual(only('dead', 15));
    expect(cluster.seen('n5', 'suspect')[0]!.at).toBeLessThan(cluster.seen('n5', 'dead')[0]!.at);
    expect(cluster.news.filter(({ member, rank }) => rank === 'dead' && member !== 'n5')).toEqual([]);
  });
  test('SWIM section 3.1: the first detection takes e/(e-1) periods on average, whatever the size', () => {
    for (const size of [8, 40]) {
      let total = 0;
      const rounds = 12;
      for (let seed = 0; seed < rounds; seed++) {
        const cluster = new Cluster(size, 100 + seed);
        cluster.world.run(15_000 + seed * 83);
        cluster.world.crash('n5');
        const crashed = cluster.world.now;
        cluster.world.run(crashed + 20_000, () => cluster.seen('n5', 'suspect').length > 0);
        total += cluster.seen('n5', 'suspect')[0]!.at - crashed;
      }
      // From the crash to the probe 1.58 periods at most on average, and one more for the round to end.
      expect(total / rounds / 1000).toBeGreaterThan(1);
      expect(total / rounds / 1000).toBeLessThan(1.58 + 1 + 0.6);
    }
  });
  test('SWIM section 3.1: the load per member does not grow with the cluster', () => {
    const perMember = [8, 64].map((size) => {
      const cluster = new Cluster(size, 3);
      cluster.world.run(10_000);
      const before = cluster.world.sent;
      cluster.world.run(40_000);
      return (cluster.world.sent - before) / size / 30;
    });
    for (const messages of perMember) expect(Math.abs(messages - 2)).toBeLessThan(0.2);
  });
  test('who leaves is seen as having left, not as dead', () => {
    const cluster = new Cluster(10, 4);
    cluster.world.run(10_000);
    const out: SwimEffect[] = [];
    cluster.nodes.get('n3')!.step({ kind: 'leave' }, Instant.of(cluster.world.now), out);
    cluster.world.deliver(
      'n3',
      out.filter((effect) => effect.kind === 'send'),
    );
    cluster.world.run(10_100);
    cluster.world.crash('n3');
    cluster.world.run(90_000);
    expect(cluster.rankOf('n3')).toEqual(only('left', 9));
  });
  test('a restart with the next epoch is alive again for all, also for who still held the last run for dead', () => {
    const cluster = new Cluster(10, 5);
    cluster.world.run(10_000);
    cluster.world.crash('n4');
    cluster.world.run(70_000);
    cluster.start('n4', 2);
    cluster.world.run(100_000);
    expect(cluster.rankOf('n4')).toEqual(only('alive', 9));
    expect(cluster.nodes.get('n0')!.members.get('n4')!.epoch).toBe(2);
  });
  test('a restart that lost its epoch is told so', () => {
    const cluster = new Cluster(6, 6);
    cluster.start('n4', 7);
    cluster.world.run(10_000);
    cluster.world.crash('n4');
    cluster.world.run(70_000);
    cluster.start('n4', 3);
    cluster.world.run(100_000);
    expect(cluster.superseded).toContain('n4');
  });
  test('a partition heals: both sides find each other again after each has declared the other dead', () => {
    const cluster = new Cluster(8, 7);
    cluster.world.run(10_000);
    cluster.lost = (from, to) => Number(from.slice(1)) < 4 !== Number(to.slice(1)) < 4;
    cluster.world.run(120_000);
    expect(cluster.nodes.get('n0')!.members.get('n7')!.rank).toBe('dead');
    cluster.lost = () => false;
    cluster.world.run(260_000);
    for (const [name] of cluster.nodes) expect(cluster.rankOf(name)).toEqual(only('alive', 7));
  });
  test('indirect probes: a lost link between two members accuses nobody', () => {
    const cluster = new Cluster(10, 8);
    cluster.lost = (from, to) => (from === 'n2' && to === 'n3') || (from === 'n3' && to === 'n2');
    cluster.world.run(120_000);
    expect(cluster.news.filter(({ rank }) => rank !== 'alive')).toEqual([]);
  });
  test('the same seed gives the same run', () => {
    const runOf = (seed: number): string => {
      const cluster = new Cluster(8, seed);
      cluster.world.run(8000);
      cluster.world.crash('n2');
      cluster.world.run(40_000);
      return JSON.stringify(cluster.news);
    };
    expect(runOf(9)).toBe(runOf(9));
    expect(runOf(9)).not.toBe(runOf(10));
  });
});

describe('Lifeguard: a node that hears everything four seconds late', () => {
  /** Accusations and deaths of members that were well, in all tables. */
  const wronged = (options: Partial<SwimOptions>): { suspected: number; dead: number } => {
    const total = { suspected: 0, dead: 0 };
    for (let seed = 0; seed < 4; seed++) {
      const cluster = new Cluster(12, 20 + seed, { multiplier: 3, ...options });
      cluster.world.run(15_000);
      cluster.latencyMs = (_from, to) => (to === 'n1' ? 4000 : undefined);
      cluster.world.run(120_000);
      const others = cluster.news.filter(({ member }) => member !== 'n1');
      total.suspected += others.filter(({ rank }) => rank === 'suspect').length;
      total.dead += others.filter(({ rank }) => rank === 'dead').length;
    }
    return total;
  };
  test('wrongs many without local health, and few with it', () => {
    const without = wronged({ maxHealthScore: 0, maxMultiplier: 1 });
    const aware = wronged({});
    expect(without.dead).toBeGreaterThan(100);
    expect(aware.dead * 50).toBeLessThan(without.dead);
    expect(aware.suspected * 5).toBeLessThan(without.suspected);
  });
  test('a blocked event loop accuses nobody: a late turn is noticed before anybody is judged', () => {
    const cluster = new Cluster(12, 29);
    cluster.world.run(15_000);
    for (let from = 15_000; from < 90_000; from += 1700) {
      cluster.world.run(from);
      cluster.world.stall('n1', from + 1100);
    }
    expect(cluster.news.filter(({ rank, member }) => rank !== 'alive' && member !== 'n1')).toEqual([]);
  });
  test('its health score rises, and falls when it runs well', () => {
    const cluster = new Cluster(6, 30);
    cluster.world.run(10_000);
    cluster.world.stall('n1', 13_000);
    cluster.world.run(13_001);
    expect(cluster.nodes.get('n1')!.healthScore).toBeGreaterThan(2);
    cluster.world.run(60_000);
    expect(cluster.nodes.get('n1')!.healthScore).toBe(0);
  });
});

describe('single steps', () => {
  const one = (
    options: Partial<SwimOptions> = {},
  ): ((ms: number, from: string, message: SwimMessage) => SwimEffect[]) => {
    const swim = new Swim({ self: 'a', epoch: 2, random: seeded(1), ...options }, Instant.of(0));
    return (ms, from, message) => {
      const out: SwimEffect[] = [];
      swim.step({ kind: 'message', from, message }, Instant.of(ms), out);
      return out;
    };
  };
  test('the buddy system: whoever is suspected hears of it first, in whatever is sent to it', () => {
    const step = one();
    const state = { epoch: 1, sequence: 0, rank: 'suspect' } as const;
    step(0, 'c', { kind: 'news', updates: [{ member: 'b', state, accuser: 'c' }] });
    const [ack] = step(1, 'b', { kind: 'ping', seq: 1, target: 'a', updates: [] });
    expect(ack).toMatchObject({ to: 'b', message: { kind: 'ack', updates: [{ member: 'b', state }] } });
  });
  test('the accused refutes with a higher sequence', () => {
    const state = { epoch: 2, sequence: 3, rank: 'suspect' } as const;
    const [ack] = one()(0, 'c', { kind: 'ping', seq: 1, target: 'a', updates: [{ member: 'a', state, accuser: 'c' }] });
    const refuted = { member: 'a', state: { epoch: 2, sequence: 4, rank: 'alive' } };
    expect(ack).toMatchObject({ message: { kind: 'ack', updates: [refuted] } });
  });
  test('a ping for somebody else at this address is not answered', () => {
    expect(one()(0, 'c', { kind: 'ping', seq: 1, target: 'old', updates: [] })).toEqual([]);
  });
  test('a full table takes nobody more', () => {
    const state = { epoch: 1, sequence: 0, rank: 'alive' } as const;
    expect(one({ maxMembers: 1 })(0, 'b', { kind: 'news', updates: [{ member: 'b', state }] })).toEqual([]);
    expect(() => one({ epoch: 0 })).toThrow(/epoch/);
  });
});
