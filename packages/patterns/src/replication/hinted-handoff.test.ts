import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant, randomBelow } from '../base/index.ts';
import { seeded } from '../detection/random.fixture.ts';
import {
  HandoffPace,
  HintedHandoff,
  type HintedHandoffEffect,
  type HintedHandoffInput,
  type HintedHandoffOptions,
} from './index.ts';

const limits: HintedHandoffOptions = {
  countMax: 6,
  sizeBytesMax: 1000,
  targetCountMax: 4,
  targetSizeBytesMax: 500,
  ttlMs: 10_000,
  tombstoneGraceMs: 20_000,
  windowMs: 3000,
  answerMs: 100,
  backoffMs: 200,
};

const make = (options: Partial<HintedHandoffOptions> = {}) => {
  const handoff = new HintedHandoff({ ...limits, ...options });
  const step = (ms: number, input: HintedHandoffInput): HintedHandoffEffect[] => {
    const out: HintedHandoffEffect[] = [];
    handoff.step(input, Instant.of(ms), out);
    return out;
  };
  const store = (ms: number, id: number, target = 'x', sizeBytes = 10, ageMs = 0) =>
    step(ms, { kind: 'store', id, target, sizeBytes, ageMs });
  return { handoff, step, store };
};

describe('hints', () => {
  test('are kept while their target is down, and given back in order when it is up', () => {
    const { handoff, step, store } = make();
    expect(store(0, 1)).toEqual([{ kind: 'keep', id: 1, target: 'x' }]);
    store(5, 2);
    const out = step(1000, { kind: 'up', target: 'x' });
    expect(out).toEqual([{ kind: 'deliver', id: 1, target: 'x', remainingMs: 9000 }]);
    expect(step(handoff.deadline!, { kind: 'tick' })).toMatchObject([{ kind: 'deliver', id: 2 }]);
    expect(step(1002, { kind: 'delivered', id: 1 })).toEqual([
      { kind: 'discard', id: 1, target: 'x', why: 'delivered' },
    ]);
    expect(step(1003, { kind: 'delivered', id: 2 }).map(({ kind }) => kind)).toEqual(['discard', 'drained']);
    expect([handoff.count, handoff.sizeBytes, handoff.deadline, handoff.gaps]).toEqual([0, 0, undefined, []]);
  });
  test('beyond a bound are refused, never dropped silently, and open a gap that only anti-entropy closes', () => {
    const { handoff, step, store } = make();
    for (const id of [1, 2, 3, 4]) store(0, id);
    expect(store(1, 5)).toEqual([
      { kind: 'refused', id: 5, target: 'x', why: 'target-full' },
      { kind: 'gap', target: 'x' },
    ]);
    expect(store(2, 6)).toEqual([{ kind: 'refused', id: 6, target: 'x', why: 'target-full' }]);
    expect(store(2, 7, 'y', 501)[0]).toMatchObject({ why: 'target-full' });
    expect(store(2, 8, 'y', 500)[0]).toMatchObject({ kind: 'keep' });
    expect(store(2, 9, 'z', 480)[0]).toMatchObject({ why: 'full' });
    expect(store(2, 10, 'z')[0]).toMatchObject({ kind: 'keep' });
    expect(store(2, 11, 'z')[0]).toMatchObject({ why: 'full' });
    expect(handoff.gaps[0]).toEqual({ target: 'x', count: 2, sizeBytes: 20, since: 1, until: 2 });
    step(3, { kind: 'repaired', target: 'x', begunAt: Instant.of(2) });
    expect(handoff.gaps).toHaveLength(3);
    step(3, { kind: 'repaired', target: 'x', begunAt: Instant.of(3) });
    expect(handoff.gaps.map(({ target }) => target)).toEqual(['y', 'z']);
    const few = make({ targetsMax: 1 });
    few.store(0, 1);
    expect([few.store(0, 2, 'y')[0], few.store(0, 3, 'z')[1], few.store(0, 4, 'z')[1]]).toMatchObject([
      { why: 'too-many-targets' },
      { kind: 'gap', target: 'z' },
      { kind: 'gap', target: 'z' },
    ]);
  });
  test('expire before tombstones are collected, and one that could arrive too late is not sent', () => {
    const { handoff, step, store } = make();
    store(0, 1);
    store(2000, 2);
    expect(handoff.deadline).toBe(10_000);
    expect(step(10_000, { kind: 'tick' })).toEqual([
      { kind: 'discard', id: 1, target: 'x', why: 'expired' },
      { kind: 'gap', target: 'x' },
    ]);
    expect(step(11_900, { kind: 'up', target: 'x' })[0]).toMatchObject({ kind: 'discard', id: 2, why: 'expired' });
    expect(make().store(0, 1, 'x', 10, 9900)[0]).toMatchObject({ why: 'too-old' });
    for (const [wrong, message] of [
      [{ ttlMs: 20_000 }, /below tombstoneGraceMs.*bring back what was deleted/],
      [{ windowMs: 10_001 }, /within ttlMs/],
      [{ countMax: 0 }, /countMax/],
    ] as const)
      expect(() => make(wrong)).toThrow(message);
  });
  test('after a restart are as old as they were, and tell how old the oldest is', () => {
    const { handoff, step, store } = make();
    store(0, 1, 'x', 10, 500);
    store(0, 2, 'x', 10, 4000);
    store(0, 3, 'y', 10, 100);
    expect(handoff.oldestAt).toBe(-4000);
    expect(step(1, { kind: 'up', target: 'x' })).toMatchObject([{ kind: 'deliver', id: 2, remainingMs: 5999 }]);
  });
  test('are no longer taken for a target that is gone for long, also when it comes and goes (CASSANDRA-14309)', () => {
    const { step, store } = make();
    store(0, 1);
    for (const ms of [1000, 2000]) {
      step(ms, { kind: 'up', target: 'x' });
      step(ms + 1, { kind: 'down', target: 'x' });
    }
    expect(store(3001, 2)[0]).toMatchObject({ kind: 'refused', why: 'window' });
  });
  test('that fail, or are not answered, wait in their old place, and the target is left alone for longer and longer', () => {
    const { handoff, step, store } = make();
    store(0, 1);
    step(0, { kind: 'up', target: 'x' });
    expect(step(5, { kind: 'failed', id: 1 })).toEqual([]);
    expect(handoff.deadline).toBe(205);
    expect(step(205, { kind: 'tick' })).toMatchObject([{ kind: 'deliver', id: 1 }]);
    expect(handoff.deadline).toBe(305);
    expect(step(305, { kind: 'tick' })).toEqual([]);
    expect(handoff.deadline).toBe(305 + 400);
    // An answer that comes late is an answer.
    expect(step(310, { kind: 'delivered', id: 1 })[0]).toMatchObject({ kind: 'discard', why: 'delivered' });
    expect(step(311, { kind: 'failed', id: 1 })).toEqual([]);
  });
  test('of a member that has left for good are given up, so that others can ask for the data', () => {
    const { handoff, step, store } = make();
    store(0, 1);
    store(0, 2);
    expect(step(1, { kind: 'removed', target: 'x' }).filter(({ kind }) => kind === 'discard')).toMatchObject([
      { id: 1, why: 'removed' },
      { id: 2, why: 'removed' },
    ]);
    expect([handoff.count, step(2, { kind: 'removed', target: 'z' })]).toEqual([0, []]);
  });
  test('can be waited for: a sync point says when all there were are settled, and how many were missed (scylladb)', () => {
    const { step, store } = make();
    expect(step(0, { kind: 'sync-point', id: 1 })).toEqual([{ kind: 'sync-point-reached', id: 1, missed: 0 }]);
    store(0, 1);
    store(0, 2, 'y');
    step(0, { kind: 'sync-point', id: 2 });
    store(0, 3);
    step(1, { kind: 'delivered', id: 3 });
    step(1, { kind: 'delivered', id: 1 });
    expect(step(2, { kind: 'removed', target: 'y' })).toContainEqual({ kind: 'sync-point-reached', id: 2, missed: 1 });
  });
});

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

describe('whatever happens', () => {
  type Story = { readonly seed: number; readonly hides?: 'discard' | 'refused' | 'gap' };
  /** A random life; what became of each hint. Throws when something goes missing. */
  function live({ seed, hides }: Story): { delivered: number; refused: number; expired: number } {
    const random = seeded(seed);
    const { handoff, step } = make();
    const open = new Map<number, { target: string; size: number; writtenAt: number }>();
    const underWay = new Map<number, number>();
    const missed = new Set<string>();
    const told = new Set<string>();
    const sum = { delivered: 0, refused: 0, expired: 0 };
    let now = 0;
    const play = (input: HintedHandoffInput): void => {
      for (const [one, sentAt] of underWay) if (now >= sentAt + limits.answerMs) underWay.delete(one);
      for (const effect of step(now, input)) {
        if (effect.kind === hides) continue;
        if (effect.kind === 'gap') told.add(effect.target);
        if (effect.kind === 'deliver') {
          const hint = open.get(effect.id)!;
          must(!underWay.has(effect.id), 'a hint is under way once');
          must(now + effect.remainingMs === hint.writtenAt + limits.ttlMs, 'and as old as it is');
          underWay.set(effect.id, now);
        }
        if (effect.kind !== 'discard' && effect.kind !== 'refused') continue;
        must(open.delete(effect.id), 'each has one end');
        underWay.delete(effect.id);
        if (effect.why === 'delivered') sum.delivered += 1;
        else if (effect.kind === 'refused') sum.refused += 1;
        else sum.expired += 1;
        if (effect.why !== 'delivered' && effect.why !== 'removed') missed.add(effect.target);
      }
    };
    for (let id = 1; id < 250; id++) {
      now += randomBelow(random, 300);
      const target = ['x', 'y', 'z'][randomBelow(random, 3)]!;
      const fate = randomBelow(random, 100);
      const sent = [...underWay.keys()][randomBelow(random, Math.max(1, underWay.size))];
      if (fate < 40) {
        const size = 1 + randomBelow(random, 300);
        const ageMs = randomBelow(random, 4) === 0 ? randomBelow(random, 12_000) : 0;
        open.set(id, { target, size, writtenAt: now - ageMs });
        play({ kind: 'store', id, target, sizeBytes: size, ageMs });
      } else if (fate < 70 && sent !== undefined) {
        if (fate < 60) play({ kind: 'delivered', id: sent });
        else {
          underWay.delete(sent);
          play({ kind: 'failed', id: sent });
        }
      } else if (fate < 76) play({ kind: 'up', target });
      else if (fate < 80) {
        for (const one of [...underWay.keys()]) if (open.get(one)!.target === target) underWay.delete(one);
        play({ kind: 'down', target });
      } else if (fate === 80) play({ kind: 'removed', target });
      else {
        now = Math.max(now, Math.min(handoff.deadline ?? now, now + 2000));
        play({ kind: 'tick' });
      }
      const sizes = [...open.values()];
      const sizeOf = (hints: typeof sizes): number => hints.reduce((total, { size }) => total + size, 0);
      must(handoff.count === open.size && handoff.sizeBytes === sizeOf(sizes), 'nothing goes missing');
      must(handoff.count <= limits.countMax && handoff.sizeBytes <= limits.sizeBytesMax, 'the bounds hold');
      for (const one of ['x', 'y', 'z']) {
        const mine = sizes.filter((hint) => hint.target === one);
        must(
          mine.length <= limits.targetCountMax && sizeOf(mine) <= limits.targetSizeBytesMax,
          'so do those of a target',
        );
        must(told.has(one) === missed.has(one), 'who lacks something is named');
      }
    }
    return sum;
  }
  test('each hint is delivered, refused or given up, once; bounds hold; what is missed is told', () => {
    const sum = { delivered: 0, refused: 0, expired: 0 };
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), (seed) => {
        const one = live({ seed });
        sum.delivered += one.delivered;
        sum.refused += one.refused;
        sum.expired += one.expired;
      }),
      { numRuns: 60, seed: 3 },
    );
    expect(sum.delivered).toBeGreaterThan(500);
    expect(sum.refused).toBeGreaterThan(200);
    expect(sum.expired).toBeGreaterThan(100);
  });
  test.each(['discard', 'refused', 'gap'] as const)('this is found out when a %s is kept quiet', (hides) => {
    expect(() => {
      for (let seed = 1; seed < 20; seed++) live({ seed, hides });
    }).toThrow(/goes missing|is named/);
  });
});

describe('the pace', () => {
  const MIB = 1024 * 1024;
  /**
   * `nodes` give back hints of 1 MiB to one target, which takes `capacityAt(ms)` MiB per second in all, one after the other. When all were taken, and per second how
   * many, and the longest wait.
   */
  function replay(nodes: number, hints: number, capacityAt: (ms: number) => number, untilMs: number) {
    const many = {
      countMax: 1e6,
      sizeBytesMax: 1e15,
      targetCountMax: 1e6,
      targetSizeBytesMax: 1e15,
      ttlMs: 1e9,
      tombstoneGraceMs: 2e9,
      windowMs: 1e9,
    };
    const all = Array.from({ length: nodes }, () =>
      make({ ...many, answerMs: 60_000, pace: { minBytesPerSecond: MIB } }),
    );
    for (const { store } of all) for (let id = 1; id <= hints; id++) store(0, id, 'x', MIB);
    const queue: { node: number; id: number; doneAt: number }[] = [];
    const perSecond = new Map<number, number>();
    let busyUntil = 0;
    let longestMs = 0;
    let now = 0;
    const take = (node: number, effects: readonly HintedHandoffEffect[]): void => {
      for (const effect of effects) {
        if (effect.kind !== 'deliver') continue;
        busyUntil = Math.max(busyUntil, now) + 1000 / capacityAt(now);
        longestMs = Math.max(longestMs, busyUntil - now);
        queue.push({ node, id: effect.id, doneAt: busyUntil + 1 });
      }
    };
    for (const [node, { step }] of all.entries()) take(node, step(0, { kind: 'up', target: 'x' }));
    while (now < untilMs && all.some(({ handoff }) => handoff.count > 0)) {
      const due = all.map(({ handoff }) => handoff.deadline ?? Number.POSITIVE_INFINITY);
      const nextTick = Math.min(...due);
      const first = queue[0]?.doneAt ?? Number.POSITIVE_INFINITY;
      now = Math.max(now, Math.min(nextTick, first));
      if (first <= nextTick) {
        const { node, id } = queue.shift()!;
        perSecond.set(Math.floor(now / 1000), (perSecond.get(Math.floor(now / 1000)) ?? 0) + 1);
        take(node, all[node]!.step(now, { kind: 'delivered', id }));
      } else
        for (const [node, { step }] of all.entries()) if (due[node]! <= now) take(node, step(now, { kind: 'tick' }));
    }
    return { doneAtMs: now, perSecond, longestMs };
  }
  test('empties in minutes what a constant of 1 MiB/s takes two hours for (Cassandra’s own arithmetic)', () => {
    const { doneAtMs, longestMs } = replay(1, 7300, () => 100, 1e9);
    expect((7300 * MIB) / MIB / 3600).toBeGreaterThan(2);
    expect(doneAtMs).toBeLessThan(2 * 60_000);
    expect(longestMs).toBeLessThan(1000);
  });
  test('a target that gets slower is given less, one that recovers more again', () => {
    const { perSecond } = replay(1, 4000, (ms) => (ms > 30_000 && ms < 60_000 ? 4 : 60), 90_000);
    const mean = (from: number, to: number): number => {
      let sum = 0;
      for (let second = from; second < to; second++) sum += perSecond.get(second) ?? 0;
      return sum / (to - from);
    };
    expect(mean(15, 30)).toBeGreaterThan(25);
    expect(mean(45, 60)).toBeLessThan(4.5);
    expect(mean(75, 90)).toBeGreaterThan(mean(45, 60) * 5);
  });
  test('many that replay to one at once do not drown it', () => {
    const { doneAtMs, longestMs } = replay(8, 200, () => 40, 1e9);
    expect(longestMs).toBeLessThan(1500);
    // 1600 MiB at 40 MiB/s take 40 s at best.
    expect(doneAtMs).toBeLessThan(100_000);
  });
  test('doubles until the target is slow, halves, doubles up to half of where that was, then grows by steps', () => {
    const pace = new HandoffPace({
      startBytesPerSecond: 1000,
      minBytesPerSecond: 300,
      maxBytesPerSecond: 5000,
      stepBytesPerSecond: 100,
      slowMs: 50,
      windowMs: 1000,
    });
    const rates: number[] = [];
    const window = (second: number, tookMs: number): void => {
      pace.sent(10, Instant.of(second * 1000));
      pace.took(tookMs, Instant.of(second * 1000 + 1));
      rates.push(pace.bytesPerSecond);
    };
    for (const [second, tookMs] of [10, 10, 10, 10, 60, 60, 60, 60, 10, 10, 10, 10, 10].entries())
      window(second, tookMs);
    expect(rates).toEqual([1000, 2000, 4000, 5000, 2500, 1250, 625, 312.5, 312.5, 625, 1250, 2500, 2600]);
    expect(() => new HandoffPace({ startBytesPerSecond: 1 })).toThrow(/ascend/);
    expect(() => new HandoffPace({ slowMs: 0 })).toThrow(/above 0/);
  });
  test('is slower for large hints and does not save up idle time', () => {
    const pace = new HandoffPace({ startBytesPerSecond: MIB });
    pace.sent(MIB, Instant.of(0));
    expect(pace.nextAt).toBe(1000);
    pace.sent(MIB / 2, Instant.of(60_000));
    expect(pace.nextAt).toBe(60_500);
  });
});

test('a size or an age that is none is refused: it would lift the bounds for good', () => {
  const { handoff, store } = make();
  expect(() => store(0, 1, 'x', Number.NaN)).toThrow(/sizeBytes must be >= 0, not NaN/);
  expect(() => store(0, 1, 'x', 10, -1)).toThrow(/ageMs must be >= 0, not -1/);
  expect([handoff.count, handoff.sizeBytes]).toEqual([0, 0]);
});
