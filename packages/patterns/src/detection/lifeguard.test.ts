import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import {
  LocalHealth,
  type MemberUpdate,
  ProbeOrder,
  retransmitLimit,
  Suspicion,
  suspicionLimits,
  suspicionTimeoutMs,
  UpdateQueue,
} from './index.ts';
import { seeded } from './random.fixture.ts';

const at = Instant.of;

describe('local health, by the published test values of memberlist (awareness_test.go)', () => {
  test('the score saturates at both ends, and scales a second', () => {
    const health = new LocalHealth();
    const steps = [0, -1, -10, 1, -1, 10, -1, -1, -1, -1, -1, -1, -1, -1];
    const scores = steps.map((delta) => {
      health.adjust(delta);
      return [health.score, health.scale(1000)];
    });
    expect(scores.map(([score]) => score)).toEqual([0, 0, 0, 1, 0, 7, 6, 5, 4, 3, 2, 1, 0, 0]);
    for (const [score, scaled] of scores) expect(scaled).toBe(1000 * (score! + 1));
  });
  test('standing still counts by its length', () => {
    const health = new LocalHealth({ stallMs: 500 });
    health.stalled(499);
    expect(health.score).toBe(0);
    health.stalled(1700);
    expect(health.score).toBe(3);
    expect(() => new LocalHealth({ maxScore: -1 })).toThrow(/maxScore/);
    expect(() => new LocalHealth({ stallMs: 0 })).toThrow(/stallMs/);
  });
});

describe('suspicion, by the published test values of memberlist', () => {
  // util_test.go, TestSuspicionTimeout: a third of the timeout with multiplier 3 and a period of one second.
  test.each([
    [5, 1000],
    [10, 1000],
    [50, 1698],
    [100, 2000],
    [500, 2698],
    [1000, 3000],
  ])('%d members', (members, expected) => {
    expect(suspicionLimits({ members, periodMs: 1000, multiplier: 3 }).minMs / 3).toBeCloseTo(expected, 6);
  });
  // suspicion_test.go, TestSuspicion_remainingSuspicionTime (remaining plus elapsed).
  test.each([
    [0, 30_000],
    [1, 16_000],
    [2, 7_810],
    [3, 2_000],
    [4, 2_000],
    [5, 2_000],
  ])('%d confirmations of 3, between 2 and 30 s', (confirmed, expected) => {
    expect(suspicionTimeoutMs({ minMs: 2000, maxMs: 30_000, confirmations: 3 }, confirmed)).toBe(expected);
  });
  // suspicion_test.go, TestSuspicion: k = 3, 500 ms to 2 s. The third value is rounded to 810 there.
  test.each([
    [[], 0, 2000],
    [['me', 'foo'], 1, 1250],
    [['me', 'foo', 'foo', 'foo'], 1, 1250],
    [['me', 'foo', 'bar'], 2, 811],
    [['me', 'foo', 'bar', 'baz'], 3, 500],
    [['me', 'foo', 'bar', 'baz', 'zoo'], 3, 500],
  ] as const)('accused by me and then by %j', (accusers, confirmed, expected) => {
    const suspicion = new Suspicion('me', { minMs: 500, maxMs: 2000, confirmations: 3 }, at(100));
    const news = accusers.map((accuser) => suspicion.confirm(accuser));
    expect(news.filter(Boolean)).toHaveLength(confirmed);
    expect([suspicion.confirmed, suspicion.deadline]).toEqual([confirmed, 100 + expected]);
  });
  test('LAN defaults: 4 to 24 s for 10 members, 12 to 72 s for 1,000; two confirmations', () => {
    expect(suspicionLimits({ members: 10, periodMs: 1000 })).toEqual({ minMs: 4000, maxMs: 24_000, confirmations: 2 });
    expect(suspicionLimits({ members: 1000, periodMs: 1000 })).toEqual({
      minMs: 12_000,
      maxMs: 72_000,
      confirmations: 2,
    });
  });
  test('where nobody can confirm, the timeout is the short one', () => {
    const limits = suspicionLimits({ members: 3, periodMs: 1000 });
    expect([limits.confirmations, suspicionTimeoutMs(limits, 0)]).toEqual([0, limits.minMs]);
    expect(suspicionLimits({ members: 4, periodMs: 1000 }).confirmations).toBe(2);
  });
  test('time in which nothing could be heard is excused', () => {
    const suspicion = new Suspicion('me', { minMs: 500, maxMs: 2000, confirmations: 3 }, at(0));
    suspicion.excuse(300);
    suspicion.excuse(-100);
    expect(suspicion.deadline).toBe(2300);
    expect(() => new Suspicion('me', { minMs: 5, maxMs: 4, confirmations: 1 }, at(0))).toThrow(/minMs/);
  });
});

describe('dissemination, SWIM section 4.1', () => {
  const alive = (member: string, sequence = 0): MemberUpdate => ({
    member,
    state: { epoch: 1, sequence, rank: 'alive' },
  });
  const names = (updates: readonly MemberUpdate[]): string => updates.map(({ member }) => member).join('');

  test('memberlist (util_test.go): how often a piece of news is sent', () => {
    expect([0, 1, 99].map((members) => retransmitLimit(3, members))).toEqual([0, 3, 6]);
  });
  test('those sent the fewest times go first, and leave when sent often enough', () => {
    const queue = new UpdateQueue();
    for (const member of ['a', 'b', 'c']) queue.offer(alive(member));
    expect([names(queue.take(2, 2)), names(queue.take(2, 2))]).toEqual(['cb', 'ac']);
    expect([queue.size, names(queue.take(9, 2)), queue.size, names(queue.take(9, 2))]).toEqual([2, 'ab', 0, '']);
  });
  test('newer news of a member replaces older; two accusers of one suspicion are two pieces of news', () => {
    const queue = new UpdateQueue();
    const suspect = { epoch: 1, sequence: 0, rank: 'suspect' } as const;
    queue.offer(alive('a'));
    queue.offer({ member: 'a', state: suspect, accuser: 'b' });
    queue.offer({ member: 'a', state: suspect, accuser: 'c' });
    queue.offer({ member: 'a', state: suspect, accuser: 'c' });
    expect(queue.take(9, 9).map(({ accuser }) => accuser)).toEqual(['c', 'b']);
    queue.offer(alive('a', 1));
    expect(queue.take(9, 9)).toEqual([alive('a', 1)]);
  });
});

describe('round robin, SWIM section 4.3', () => {
  test('every member is chosen once per pass, and the order differs from pass to pass', () => {
    const order = new ProbeOrder(seeded(1));
    const members = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const member of [...members, 'a']) order.add(member);
    const passes = Array.from({ length: 6 }, () => members.map(() => order.next()!));
    for (const pass of passes) expect([...pass].sort()).toEqual(members);
    expect(new Set(passes.map(String)).size).toBe(6);
  });
  test('no two choices of a member are further apart than 2N - 1, while others come and go', () => {
    const random = seeded(2);
    const order = new ProbeOrder(random);
    for (const member of ['x', 'a', 'b', 'c']) order.add(member);
    let since = 0;
    for (let period = 0; period < 2000; period++) {
      if (random() < 0.05) order.remove('c');
      if (random() < 0.05) order.add('c');
      since = order.next() === 'x' ? 0 : since + 1;
      expect(since).toBeLessThan(2 * 4 - 1);
    }
  });
  test('others are distinct, and never the one excepted', () => {
    const order = new ProbeOrder(seeded(3));
    expect([order.next(), order.others(2, 'a')]).toEqual([undefined, []]);
    for (const member of ['a', 'b', 'c', 'd']) order.add(member);
    for (let turn = 0; turn < 50; turn++) {
      const others = order.others(2, 'a');
      expect([others.length, new Set(others).size, others.includes('a')]).toEqual([2, 2, false]);
    }
    expect(order.others(9, 'a').sort()).toEqual(['b', 'c', 'd']);
    order.remove('nobody');
    expect(order.size).toBe(4);
  });
});
