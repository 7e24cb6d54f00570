import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import { Extrema, PushSum, pushSumStart, SizeEstimate } from './index.ts';

/** Rounds until every member's estimate is within `error` of `truth`. */
function roundsUntil(nodes: readonly PushSum[], truth: number, error: number): number {
  const random = seeded(nodes.length);
  for (let round = 1; round < 500; round++) {
    const shares = nodes.map((node) => ({ to: nodes[randomBelow(random, nodes.length)]!, share: node.share() }));
    for (const { to, share } of shares) if (to.receive(share) !== 'taken') throw new Error('all are of one epoch');
    if (nodes.every(({ estimate }) => estimate !== undefined && Math.abs(estimate / truth - 1) < error)) return round;
  }
  return Number.POSITIVE_INFINITY;
}

describe('push-sum, Kempe et al. 2003', () => {
  test.each([10, 100, 1000, 10_000])('mean, sum and count of %d members within 1 %% in O(log N) rounds', (size) => {
    const values = Array.from({ length: size }, (_, at) => at + 1);
    const root = (at: number) => (at === 0 ? 'root' : 'other');
    const mean = values.map((value) => new PushSum(pushSumStart.mean(value)));
    const sum = values.map((value, at) => new PushSum(pushSumStart.sum(value, root(at))));
    const count = values.map((_, at) => new PushSum(pushSumStart.count(root(at))));
    const bound = 3 * Math.log2(size) + 2 * Math.log2(100) + 5;
    expect(roundsUntil(mean, (size + 1) / 2, 0.01)).toBeLessThan(bound);
    expect(roundsUntil(sum, (size * (size + 1)) / 2, 0.01)).toBeLessThan(bound);
    expect(roundsUntil(count, size, 0.01)).toBeLessThan(bound);
  });
  test('mass conservation: whatever is sent to whom, the sums of all and of all shares under way stay', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 2, maxLength: 6 }),
        fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 40 }),
        (values, sends) => {
          const nodes = values.map((value) => new PushSum(pushSumStart.mean(value)));
          for (const [from, to] of sends) nodes[to % nodes.length]!.receive(nodes[from % nodes.length]!.share());
          const shares = nodes.map((node) => node.share());
          const total = shares.reduce((sum, share) => sum + 2 * share.sum, 0);
          expect(total).toBeCloseTo(
            values.reduce((sum, value) => sum + value, 0),
            9,
          );
          expect(shares.reduce((sum, share) => sum + 2 * share.weight, 0)).toBeCloseTo(values.length, 9);
        },
      ),
      { numRuns: 100, seed: 5 },
    );
  });
  test('a lost share bends the answer; a returned one does not', () => {
    const node = new PushSum({ sum: 10, weight: 1 });
    node.receive(node.share());
    expect(node.estimate).toBe(10);
    const [one, other] = [new PushSum(pushSumStart.sum(10, 'root')), new PushSum(pushSumStart.sum(30, 'other'))];
    other.share();
    one.receive(other.share());
    expect(one.estimate).toBe(17.5);
    expect(new PushSum(pushSumStart.count('other')).estimate).toBeUndefined();
  });
  test('a new epoch starts from the inputs again; shares of an old one are not counted', () => {
    const node = new PushSum(pushSumStart.mean(5));
    expect([node.receive({ epoch: 2, sum: 1, weight: 1 }), node.estimate]).toEqual(['later', 5]);
    node.restart(pushSumStart.mean(7), 2);
    expect([node.epoch, node.receive({ epoch: 0, sum: 99, weight: 1 }), node.estimate]).toEqual([2, 'stale', 7]);
    expect([node.receive({ epoch: 2, sum: 1, weight: 1 }), node.estimate]).toEqual(['taken', 4]);
    expect(() => node.restart(pushSumStart.mean(1), 2)).toThrow(/higher epoch/);
    expect(() => new PushSum({ sum: Number.NaN, weight: 1 })).toThrow(/sum/);
    expect(() => new PushSum({ sum: 1, weight: -1 })).toThrow(/weight/);
  });
});

describe('extrema', () => {
  const extrema = fc
    .array(fc.integer({ min: -3, max: 3 }), { maxLength: 3 })
    .map((values) => values.reduce((all, value) => all.merge(Extrema.of(value)), Extrema.none));
  test('merging is associative, commutative and idempotent, and nothing is its neutral element', () => {
    fc.assert(
      fc.property(extrema, extrema, extrema, (a, b, c) => {
        expect(a.merge(b.merge(c)).equals(a.merge(b).merge(c))).toBe(true);
        expect(a.merge(b).equals(b.merge(a))).toBe(true);
        expect(a.merge(a).equals(a) && a.merge(Extrema.none).equals(a)).toBe(true);
      }),
      { numRuns: 200, seed: 1 },
    );
    const both = Extrema.of(3).merge(Extrema.of(-7));
    expect([both.min, both.max, both.equals(Extrema.of(3))]).toEqual([-7, 3, false]);
    expect(() => Extrema.of(Number.NaN)).toThrow(/number/);
  });
  test('the size of the network from the minima of exponential numbers, heard twice or not (Cardoso et al. 2009)', () => {
    const random = seeded(8);
    for (const size of [1, 10, 1000]) {
      const parts = Array.from({ length: size }, () => SizeEstimate.ofMember(random, 1000));
      const all = [...parts, ...parts].reduce((one, other) => one.merge(other));
      // 1/√998 is 3.2 %; four of these.
      expect(Math.abs(all.members / size - 1)).toBeLessThan(0.13);
      expect(all.merge(parts[0]!).equals(all)).toBe(true);
    }
    expect(SizeEstimate.ofMember(random, 3).equals(SizeEstimate.ofMember(random, 3))).toBe(false);
    expect(() => SizeEstimate.ofMember(random, 2)).toThrow(/three/);
    expect(() => SizeEstimate.ofMember(random, 3).merge(SizeEstimate.ofMember(random, 4))).toThrow(/as many/);
  });
});

test('a share that is no number is refused, and the mass stays', () => {
  const member = new PushSum(pushSumStart.mean(6));
  expect(() => member.receive({ epoch: 0, sum: Number.NaN, weight: 1 })).toThrow(/share must be finite/);
  expect(() => member.receive({ epoch: 0, sum: 1, weight: -1 })).toThrow(/must not be negative/);
  expect(member.estimate).toBe(6);
});
