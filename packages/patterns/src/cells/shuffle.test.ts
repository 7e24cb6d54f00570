import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hashKey } from '../partitioning/key-hash.ts';
import {
  AssignedShards,
  binomial,
  blastRadius,
  handCount,
  handsAtMost,
  overlapCounts,
  overlapShares,
  ShuffleShards,
} from './index.ts';

const workers = (count: number, zones = 1) =>
  Array.from({ length: count }, (_, i) => ({ id: `w${i}`, zone: `z${i % zones}` }));
const one = (count: number, perZone: number) => ({ zones: [count], perZone });
const shared = (a: readonly string[], b: readonly string[]): number => a.filter((worker) => b.includes(worker)).length;

/** All subsets of so many of the first n numbers. */
const choose = (n: number, k: number, from = 0): number[][] =>
  k === 0
    ? [[]]
    : Array.from({ length: Math.max(0, n - from) }, (_, i) => from + i).flatMap((first) =>
        choose(n, k - 1, first + 1).map((rest) => [first, ...rest]),
      );

describe('how much hands have in common', () => {
  test('eight workers, two in a hand: 28 hands, and 3.6 % of the others share both (AWS)', () => {
    expect([handCount(one(8, 2)), overlapCounts(one(8, 2))]).toEqual([28n, [15n, 12n, 1n]]);
    expect((overlapShares(one(8, 2))[2]! * 100).toFixed(1)).toBe('3.6');
  });
  test('a hundred workers, five in a hand: 0.0000013 % share all five (AWS)', () => {
    expect((overlapShares(one(100, 5))[5]! * 100).toPrecision(2)).toBe('0.0000013');
  });
  test('52 cards and two jokers, four in a hand: over 300,000 hands, and less than 1/4, 1/40, 1/1000 share one, two, three (AWS)', () => {
    const [, once, twice, thrice] = overlapShares(one(54, 4)) as [number, number, number, number];
    expect(handCount(one(54, 4))).toBe(316_251n);
    expect([once < 1 / 4, twice < 1 / 40, thrice < 1 / 1_000]).toEqual([true, true, true]);
    expect([once > 1 / 5, twice > 1 / 50, thrice > 1 / 2_000]).toEqual([true, true, true]);
  });
  test('2048 name servers, four in a hand: 730 billion hands (AWS, Route 53)', () => {
    expect(Number(handCount(one(2_048, 4))) / 1e9).toBeCloseTo(730.9, 0);
  });
  test('counts what counting all hands one by one counts, with zones too', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 2 }),
        fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
        (perZone, extra) => {
          const zones = extra.map((more) => perZone + more);
          // A hand as numbers: workers of a zone are numbered from zone · 10 on.
          const hands = zones.reduce<number[][]>(
            (all, size, zone) =>
              all.flatMap((hand) =>
                choose(size, perZone).map((more) => [...hand, ...more.map((worker) => zone * 10 + worker)]),
              ),
            [[]],
          );
          const counts = new Array<bigint>(zones.length * perZone + 1).fill(0n);
          for (const hand of hands) counts[hand.filter((worker) => hands[0]!.includes(worker)).length]! += 1n;
          expect([overlapCounts({ zones, perZone }), handCount({ zones, perZone })]).toEqual([
            counts,
            BigInt(hands.length),
          ]);
        },
      ),
      { numRuns: 60, seed: 4 },
    );
  });
  test('shares add up to one, also where no double holds the number of hands', () => {
    for (const deck of [one(8, 2), one(10_000, 300), { zones: [7, 9, 30], perZone: 3 }])
      expect(overlapShares(deck).reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
    expect(binomial(5, 6)).toBe(0n);
  });
  test('the blast radius: who has too few workers left, and whether there is anybody at all', () => {
    const all = blastRadius(one(8, 2), 1_000);
    expect([all.share, all.customers]).toEqual([1 / 28, 1_000 / 28]);
    expect(all.any).toBeCloseTo(1 - (27 / 28) ** 1_000, 12);
    expect(blastRadius(one(8, 2), 10).any).toBeCloseTo(1 - (27 / 28) ** 10, 12);
    // Who needs both is hit by whoever shares one.
    expect(blastRadius(one(8, 2), 1, 2).share).toBe(13 / 28);
    const tiny = blastRadius(one(2_048, 4), 1_000_000);
    expect([tiny.any / tiny.customers > 0.99999, tiny.any > 1e-6]).toEqual([true, true]);
    expect(blastRadius(one(2, 2), 5)).toEqual({ share: 1, customers: 5, any: 1 });
    for (const needed of [3, 0, 1.5]) expect(() => blastRadius(one(8, 2), 1, needed)).toThrow(/needed/);
    expect(() => overlapCounts(one(8, 1.5))).toThrow(/at least one/);
    expect(() => overlapCounts(one(8, 0))).toThrow(/at least one/);
    expect(() => overlapCounts(one(1, 2))).toThrow(/at least 2 workers/);
    expect(() => overlapCounts({ zones: [], perZone: 1 })).toThrow(/at least one/);
  });
});

describe('hands without a table', () => {
  test('are the same for whoever knows the same workers, and have the right size in each zone', () => {
    const shards = ShuffleShards.of(workers(12, 3), { perZone: 2 });
    const again = ShuffleShards.of([...workers(12, 3)].reverse(), { perZone: 2 });
    for (let i = 0; i < 100; i++) {
      const hand = shards.handOf(`customer-${i}`);
      expect(again.handOf(`customer-${i}`)).toEqual(hand);
      expect(hand.map((worker) => Number(worker.slice(1)) % 3)).toEqual([0, 0, 1, 1, 2, 2]);
      expect(new Set(hand).size).toBe(6);
    }
  });
  test('share as many workers as chance would have it: measured over all pairs, against the closed form', () => {
    for (const [count, zones, perZone] of [
      [8, 1, 2],
      [12, 3, 2],
    ] as const) {
      const shards = ShuffleShards.of(workers(count, zones), { perZone });
      const hands = Array.from({ length: 700 }, (_, i) => new Set(shards.handOf(`customer-${i}`)));
      const expected = overlapShares(shards.deck);
      const measured = expected.map(() => 0);
      let pairs = 0;
      hands.forEach((hand, at) => {
        for (const other of hands.slice(at + 1)) {
          let both = 0;
          for (const worker of hand) if (other.has(worker)) both += 1;
          measured[both]! += 1;
          pairs += 1;
        }
      });
      // 244,650 pairs, which are not independent: each hand is in 699 of them.
      measured.forEach((number, j) => {
        expect(Math.abs(number / pairs - expected[j]!)).toBeLessThan(0.01);
      });
    }
  });
  test('each worker is in as many hands as the others', () => {
    const shards = ShuffleShards.of(workers(10), { perZone: 3 });
    const loads = new Map<string, number>();
    for (let i = 0; i < 10_000; i++)
      for (const worker of shards.handOf(`c${i}`)) loads.set(worker, (loads.get(worker) ?? 0) + 1);
    for (const load of loads.values()) expect(Math.abs(load - 3_000)).toBeLessThan(5 * Math.sqrt(10_000 * 0.3 * 0.7));
  });
  test('when a worker comes or goes, hands change in that worker at most', () => {
    const before = ShuffleShards.of(workers(10), { perZone: 3 });
    const after = ShuffleShards.of(workers(11), { perZone: 3 });
    let changed = 0;
    for (let i = 0; i < 1_000; i++) {
      const [old, now] = [before.handOf(`c${i}`), after.handOf(`c${i}`)];
      expect(shared(old, now)).toBe(now.includes('w10') ? 2 : 3);
      if (now.includes('w10')) changed += 1;
    }
    expect(Math.abs(changed - 1_000 * (3 / 11))).toBeLessThan(80);
  });
  test('customers whose 32-bit hashes collide have hands of their own', () => {
    // Found by trying names until two had the same hash.
    const byHash = new Map<number, string>();
    const pairs: [string, string][] = [];
    for (let i = 0; pairs.length < 3; i++) {
      const name = `tenant-${i}`;
      const other = byHash.get(hashKey(name));
      if (other !== undefined) pairs.push([name, other]);
      byHash.set(hashKey(name), name);
    }
    const shards = ShuffleShards.of(workers(1_000), { perZone: 4 });
    for (const [name, other] of pairs) expect(shared(shards.handOf(name), shards.handOf(other))).toBeLessThan(2);
  });
  test('a hand is the beginning of a ranking', () => {
    const shards = ShuffleShards.of(workers(30, 3), { perZone: 4 });
    for (let i = 0; i < 50; i++)
      expect(shards.rankingOf(`c${i}`).flatMap((zone) => zone.slice(0, 4))).toEqual(shards.handOf(`c${i}`));
    expect(shards.rankingOf('c').map((zone) => zone.length)).toEqual([10, 10, 10]);
  });
  test('zones can be left out of account, and wrong workers are named', () => {
    expect(ShuffleShards.of(workers(6, 3), { perZone: 4, isLattice: false }).handOf('x')).toHaveLength(4);
    expect(() => ShuffleShards.of(workers(6, 3), { perZone: 3 })).toThrow(/at least 3 workers/);
    expect(() => ShuffleShards.of([{ id: 'a' }, { id: 'a' }], { perZone: 1 })).toThrow(/must differ/);
  });
});

describe('hands with a promise', () => {
  test('never share more than promised; the first ones are those that would have been dealt without', () => {
    for (const [count, zones, perZone, overlapMax] of [
      [20, 1, 4, 1],
      [12, 3, 1, 1],
      [12, 3, 2, 2],
      [9, 1, 3, 0],
    ] as const) {
      const options = { perZone, overlapMax };
      const assigned = new AssignedShards(workers(count, zones), options);
      const hands: (readonly string[])[] = [];
      for (let i = 0; i < 40; i++) {
        const assignment = assigned.assign(`c${i}`);
        if ('hand' in assignment) hands.push(assignment.hand);
      }
      expect(hands[0]).toEqual(ShuffleShards.of(workers(count, zones), options).handOf('c0'));
      hands.forEach((hand, at) => {
        for (const other of hands.slice(at + 1)) expect(shared(hand, other)).toBeLessThanOrEqual(overlapMax);
      });
      expect(hands.length).toBeGreaterThan(2);
      if (zones === 1) expect(hands.length).toBeLessThanOrEqual(handsAtMost(count, perZone, overlapMax));
    }
  });
  test('says exhausted only when there is no such hand: checked by trying all', () => {
    for (let seed = 0; seed < 30; seed++) {
      const assigned = new AssignedShards(workers(7), { perZone: 3, overlapMax: 1 });
      const hands: (readonly string[])[] = [];
      for (let i = 0; ; i++) {
        const assignment = assigned.assign(`${seed}-${i}`);
        const possible = choose(7, 3)
          .map((hand) => hand.map((worker) => `w${worker}`))
          .filter((hand) => hands.every((other) => shared(hand, other) <= 1));
        if (!('hand' in assignment)) {
          expect([assignment.kind, possible]).toEqual(['exhausted', []]);
          break;
        }
        hands.push(assignment.hand);
      }
      // The Fano plane has seven, and no more can be had.
      expect(hands.length).toBeLessThanOrEqual(handsAtMost(7, 3, 1));
      expect(handsAtMost(7, 3, 1)).toBe(7);
    }
  });
  test('as many as published packings have at most', () => {
    // D(8, 3, 2), D(16, 4, 2) and D(7, 3, 2) of Brouwer's tables; the bound is exact for these.
    expect([handsAtMost(8, 3, 1), handsAtMost(16, 4, 1), handsAtMost(7, 3, 1), handsAtMost(5, 2, 0)]).toEqual([
      8, 20, 7, 2,
    ]);
  });
  test('a hand that was released can be dealt again', () => {
    const assigned = new AssignedShards(workers(4), { perZone: 2, overlapMax: 0 });
    expect(['a', 'b', 'c'].map((customer) => assigned.assign(customer).kind)).toEqual([
      'assigned',
      'assigned',
      'exhausted',
    ]);
    expect([
      assigned.release('a'),
      assigned.release('a'),
      assigned.assign('c').kind,
      assigned.assign('c').kind,
    ]).toEqual([true, false, 'assigned', 'known']);
    expect([assigned.size, assigned.handOf('a'), assigned.handOf('c')?.length]).toEqual([2, undefined, 2]);
  });
  test('bounds: customers, and how long is searched', () => {
    const full = new AssignedShards(workers(8), { perZone: 2, overlapMax: 1, handsMax: 1 });
    expect([full.assign('a').kind, full.assign('b').kind]).toEqual(['assigned', 'full']);
    const hasty = new AssignedShards(workers(8), { perZone: 2, overlapMax: 0, stepsMax: 2 });
    expect([hasty.assign('a').kind, hasty.size]).toEqual(['given-up', 0]);
    for (const wrong of [{ overlapMax: 2 }, { overlapMax: -1 }, { overlapMax: 0.5 }, { stepsMax: 0 }, { handsMax: 0 }])
      expect(() => new AssignedShards(workers(8), { perZone: 2, overlapMax: 1, ...wrong })).toThrow(RangeError);
    expect(() => new AssignedShards(workers(200), { perZone: 20, overlapMax: 7 })).toThrow(/too many/);
  });
});
