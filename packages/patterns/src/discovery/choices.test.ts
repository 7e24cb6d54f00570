import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  Endpoints,
  LeastRequest,
  NO_SLOT,
  OutstandingRequests,
  RoundRobin,
  SmoothRoundRobin,
  TwoChoices,
} from './index.ts';
import { populate } from './traffic.fixture.ts';

const at = Instant.of;

/** Puts n balls that never leave into n bins and says how full the fullest is. */
function fullestOf(n: number, choices: number, seed: number): number {
  const endpoints = populate(new Endpoints({ endpointsMax: n }), n);
  const metric = new OutstandingRequests(endpoints);
  const picker = new TwoChoices(seeded(seed), { endpoints, metric, choices });
  let fullest = 0;
  for (let ball = 0; ball < n; ball++) {
    const slot = picker.pick(at(0));
    metric.begin(slot);
    fullest = Math.max(fullest, endpoints.pendingOf(slot));
  }
  return fullest;
}

describe('two choices', () => {
  test('keep the fullest of n within ln ln n / ln 2 and two more', () => {
    for (const n of [1000, 30_000])
      for (const seed of [1, 2]) expect(fullestOf(n, 2, seed)).toBeLessThanOrEqual(Math.log2(Math.log(n)) + 2);
  });

  test('are exponentially better than one', () => {
    // ln n / ln ln n for n = 30,000 is 4.4; the fullest of one random choice has about twice as many.
    for (const seed of [1, 2]) expect(fullestOf(30_000, 1, seed)).toBeGreaterThanOrEqual(7);
  });

  test('are hardly beaten by four', () => {
    expect(fullestOf(30_000, 2, 1) - fullestOf(30_000, 4, 1)).toBeLessThanOrEqual(2);
  });

  test('never choose the fuller of two', () => {
    const endpoints = populate(new Endpoints(), 2);
    endpoints.begin(endpoints.slotOf('e0'));
    const picker = new TwoChoices(seeded(1), { endpoints, metric: new OutstandingRequests(endpoints) });
    for (let i = 0; i < 1000; i++) expect(picker.pick(at(0))).toBe(endpoints.slotOf('e1'));
  });

  test('follow weights while all are idle', () => {
    const endpoints = populate(new Endpoints(), 4, (i) => ({ weight: i + 1 }));
    const picker = new TwoChoices(seeded(7), { endpoints, metric: new OutstandingRequests(endpoints) });
    const counts = [0, 0, 0, 0];
    for (let i = 0; i < 40_000; i++) counts[picker.pick(at(0))]! += 1;
    expect(counts.map((count) => count / 40_000)).toEqual(
      [0.1, 0.2, 0.3, 0.4].map((share) => expect.closeTo(share, 2)),
    );
  });

  test('have nothing to say without endpoints', () => {
    const endpoints = new Endpoints();
    const metric = new OutstandingRequests(endpoints);
    for (const picker of [
      new TwoChoices(seeded(1), { endpoints, metric }),
      new LeastRequest(seeded(1), { endpoints }),
      new RoundRobin(seeded(1), { endpoints }),
      new SmoothRoundRobin({ endpoints }),
    ])
      expect(picker.pick(at(0))).toBe(NO_SLOT);
  });
});

describe('least request with weights', () => {
  test('takes turns by weight while nothing is outstanding', () => {
    const endpoints = new Endpoints();
    for (const [id, weight] of [
      ['a', 1],
      ['b', 2],
      ['c', 4],
    ] as const)
      endpoints.add({ id, weight }, at(0));
    const picker = new LeastRequest(seeded(1), { endpoints });
    const turns = Array.from({ length: 14 }, () => endpoints.idOf(picker.pick(at(0)))).sort();
    expect(turns.join('')).toBe('aabbbbcccccccc');
  });

  test('weighs w / (outstanding + 1) ^ bias', () => {
    const turnsOf = (bias: number): string => {
      const endpoints = new Endpoints();
      const a = endpoints.add({ id: 'a', weight: 4 }, at(0));
      endpoints.add({ id: 'b', weight: 1 }, at(0));
      for (let i = 0; i < 3; i++) endpoints.begin(a);
      const picker = new LeastRequest(seeded(1), { endpoints, bias });
      return Array.from({ length: 10 }, () => endpoints.idOf(picker.pick(at(0))))
        .sort()
        .join('');
    };
    expect(turnsOf(1)).toBe('aaaaabbbbb'); // 4 / 4 against 1
    expect(turnsOf(0.5)).toBe('aaaaaaabbb'); // 4 / 2 against 1
    expect(turnsOf(0)).toBe('aaaaaaaabb'); // 4 against 1
  });

  test('gives no turn to one that is ill, and turns again when it is well', () => {
    const endpoints = populate(new Endpoints(), 4, () => ({ weight: 2 }));
    const picker = new LeastRequest(seeded(1), { endpoints });
    picker.pick(at(0));
    const ill = endpoints.slotOf('e2');
    endpoints.setHealthy(ill, false, at(0));
    const turns = (): number[] => Array.from({ length: 8 }, () => picker.pick(at(0)));
    expect(turns()).not.toContain(ill);
    endpoints.setHealthy(ill, true, at(0));
    expect(turns().filter((slot) => slot === ill)).toHaveLength(2);
  });

  test('lets those that stay keep their turns when one comes', () => {
    const endpoints = new Endpoints();
    for (const [id, weight] of [
      ['a', 2],
      ['b', 2],
    ] as const)
      endpoints.add({ id, weight }, at(0));
    const picker = new LeastRequest(seeded(1), { endpoints });
    const first = picker.pick(at(0));
    endpoints.add({ id: 'c', weight: 0.1 }, at(0));
    expect(picker.pick(at(0))).not.toBe(first);
  });
});

describe('turns', () => {
  test('smooth weighted round robin gives nginx’s sequence a a b a c a a', () => {
    const endpoints = new Endpoints();
    for (const [id, weight] of [
      ['a', 5],
      ['b', 1],
      ['c', 1],
    ] as const)
      endpoints.add({ id, weight }, at(0));
    const picker = new SmoothRoundRobin({ endpoints });
    const turns = Array.from({ length: 14 }, () => endpoints.idOf(picker.pick(at(0)))).join('');
    expect(turns).toBe('aabacaaaabacaa');
  });

  test('round robin gives everybody a turn before anybody has two', () => {
    const endpoints = populate(new Endpoints(), 5);
    const picker = new RoundRobin(seeded(3), { endpoints });
    expect(new Set(Array.from({ length: 5 }, () => picker.pick())).size).toBe(5);
  });
});
