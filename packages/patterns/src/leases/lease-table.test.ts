import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { LeaseTable, type LeaseTableEffect, type LeaseTableInput, type LeaseTableOptions } from './index.ts';

class Bench {
  readonly table: LeaseTable;
  constructor(options: LeaseTableOptions = {}) {
    this.table = new LeaseTable(options);
  }
  at(ms: number, input: LeaseTableInput): LeaseTableEffect[] {
    const out: LeaseTableEffect[] = [];
    this.table.step(input, Instant.of(ms), out);
    return out;
  }
  tick(ms: number): number[] {
    return this.at(ms, { kind: 'tick' }).map((e) => e.id);
  }
  promote(ms: number, term: number, ttls: Record<number, number> = {}, extendMs = 0): void {
    const leases = Object.entries(ttls).map(([id, ttlMs]) => ({ id: Number(id), ttlMs }));
    this.at(ms, { kind: 'promote', term, leases, extendMs });
  }
}

describe('the keeper of leases', () => {
  test('expires a lease when its time is up, not before, and says in which term', () => {
    const bench = new Bench();
    bench.promote(0, 3);
    bench.at(100, { kind: 'granted', id: 7, ttlMs: 5000 });
    expect(bench.table.deadline).toBe(5100);
    expect(bench.at(5099, { kind: 'tick' })).toEqual([]);
    expect(bench.at(5100, { kind: 'tick' })).toEqual([{ kind: 'expire', id: 7, term: 3 }]);
  });

  test('is less than a millisecond late between two of them, and never early', () => {
    const bench = new Bench();
    bench.promote(0.25, 1, { 7: 1000 });
    expect(bench.table.deadline).toBe(1001);
    expect(bench.tick(1000.2)).toEqual([]);
    expect(bench.tick(1001)).toEqual([7]);
  });

  test('gives a renewed lease its full time from then on', () => {
    const bench = new Bench();
    bench.promote(0, 1, { 7: 5000 });
    expect(bench.at(4000, { kind: 'renew', id: 7 })).toEqual([{ kind: 'renewed', id: 7, ttlMs: 5000 }]);
    expect(bench.tick(8999)).toEqual([]);
    expect(bench.table.remainingMs(7, Instant.of(8000))).toBe(1000);
    expect(bench.tick(9000)).toEqual([7]);
  });

  test('does not renew what it has found expired, because the revocation may be under way', () => {
    const bench = new Bench();
    bench.promote(0, 1, { 7: 5000 });
    bench.tick(5000);
    expect(bench.at(5001, { kind: 'renew', id: 7 })).toEqual([{ kind: 'refused', id: 7, why: 'expired' }]);
    expect(bench.table.remainingMs(7, Instant.of(5001))).toBe(0);
  });

  test('does not know leases that were never granted or have been revoked', () => {
    const bench = new Bench();
    bench.promote(0, 1, { 7: 5000 });
    bench.at(1, { kind: 'revoked', id: 7 });
    for (const id of [7, 8]) {
      expect(bench.at(2, { kind: 'renew', id })).toEqual([{ kind: 'refused', id, why: 'unknown' }]);
    }
    expect(bench.tick(10_000)).toEqual([]);
    expect(bench.table.deadline).toBeUndefined();
  });

  test('emits an expiry again when nothing has come of it', () => {
    const bench = new Bench({ retryMs: 300 });
    bench.promote(0, 1, { 7: 1000 });
    expect(bench.tick(1000)).toEqual([7]);
    expect(bench.tick(1299)).toEqual([]);
    expect(bench.tick(1300)).toEqual([7]);
    bench.at(1400, { kind: 'revoked', id: 7 });
    expect(bench.tick(5000)).toEqual([]);
  });

  test('begins by giving every lease its full time and an election timeout', () => {
    const bench = new Bench();
    bench.promote(10_000, 2, { 7: 5000, 8: 1000 }, 300);
    expect(bench.tick(11_299)).toEqual([]);
    expect(bench.tick(11_300)).toEqual([8]);
    expect(bench.tick(15_300)).toContain(7);
  });

  test('a renewal never shortens what a promotion gave', () => {
    const bench = new Bench();
    bench.promote(0, 2, { 7: 5000 }, 300);
    bench.at(1, { kind: 'renew', id: 7 });
    expect(bench.tick(5299)).toEqual([]);
    expect(bench.tick(5300)).toEqual([7]);
  });

  test('spreads a mass expiry over time', () => {
    const bench = new Bench({ expiriesPerSecondMax: 750, retryMs: 60_000 });
    const ttls = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [i + 1, 1000]));
    bench.promote(0, 1, ttls);
    const perSecond: number[] = [0, 0, 0, 0, 0, 0];
    let now = 1000;
    while (bench.table.deadline !== undefined && bench.table.deadline < 7000) {
      now = Math.max(now, bench.table.deadline);
      perSecond[Math.floor((now - 1000) / 1000)]! += bench.tick(now).length;
    }
    expect(perSecond.reduce((a, b) => a + b)).toBe(3000);
    for (const count of perSecond) expect(count).toBeLessThanOrEqual(750 + 75);
    expect(perSecond.slice(0, 3).every((count) => count > 700)).toBe(true);
  });
});

describe('a node that does not keep the leases', () => {
  test('expires nothing and renews nothing', () => {
    const bench = new Bench();
    bench.at(0, { kind: 'granted', id: 7, ttlMs: 1000 });
    expect(bench.table.deadline).toBeUndefined();
    expect(bench.tick(5000)).toEqual([]);
    expect(bench.at(5000, { kind: 'renew', id: 7 })).toEqual([{ kind: 'refused', id: 7, why: 'demoted' }]);
  });

  test('forgets everything when it is demoted', () => {
    const bench = new Bench();
    bench.promote(0, 1, { 7: 1000 });
    bench.at(1, { kind: 'demote' });
    expect([bench.table.term, bench.table.size, bench.table.deadline]).toEqual([undefined, 0, undefined]);
    expect(bench.tick(5000)).toEqual([]);
  });
});

const action = fc.record({
  kind: fc.constantFrom('granted' as const, 'renew' as const, 'renew' as const, 'revoked' as const, 'tick' as const),
  id: fc.integer({ min: 1, max: 5 }),
  ttlMs: fc.constantFrom(10, 30, 30, 100),
  waitMs: fc.constantFrom(0, 5, 10, 25, 60),
});

test('against a list that is searched each time: the same leases expire, at the same time', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 150 }), (actions) => {
      const bench = new Bench({ expiriesPerSecondMax: 1e9, retryMs: 40 });
      bench.promote(0, 1);
      const model = new Map<number, { ttlMs: number; due: number; expiring: boolean }>();
      let now = 0;
      for (const { kind, id, ttlMs, waitMs } of actions) {
        now += waitMs;
        const lease = model.get(id);
        if (kind === 'granted') model.set(id, { ttlMs, due: now + ttlMs, expiring: false });
        else if (kind === 'revoked') model.delete(id);
        if (kind === 'granted') bench.at(now, { kind, id, ttlMs });
        else if (kind === 'revoked') bench.at(now, { kind, id });
        else if (kind === 'renew') {
          const verdict = lease === undefined ? 'unknown' : lease.expiring ? 'expired' : 'renewed';
          if (lease !== undefined && verdict === 'renewed') lease.due = Math.max(lease.due, now + lease.ttlMs);
          const effect = bench.at(now, { kind, id })[0]!;
          expect(effect.kind === 'refused' ? effect.why : effect.kind).toBe(verdict);
        } else {
          const due = [...model].filter(([, l]) => l.due <= now);
          for (const [, l] of due) {
            l.expiring = true;
            l.due = now + 40;
          }
          expect(bench.tick(now).sort()).toEqual(due.map(([i]) => i).sort());
        }
        const earliest = Math.min(...[...model.values()].map((l) => l.due));
        const { deadline } = bench.table;
        // It may be too early, when a lease was renewed, but not too late.
        if (model.size === 0) expect(deadline).toBeUndefined();
        else expect(deadline).toBeLessThanOrEqual(earliest);
      }
    }),
    { numRuns: 300 },
  );
});

test('granting and revoking without end does not fill the memory', () => {
  const bench = new Bench();
  bench.promote(0, 1);
  for (let i = 1; i <= 20_000; i++) {
    bench.at(i, { kind: 'granted', id: i, ttlMs: 1e9 });
    if (i > 10) bench.at(i, { kind: 'revoked', id: i - 10 });
  }
  expect(bench.table.size).toBe(10);
  expect(bench.table.pending).toBe(10);
});

test('a lease without a time, and options that are none, are refused', () => {
  const table = new LeaseTable();
  table.step({ kind: 'promote', term: 1, leases: [], extendMs: 0 }, Instant.of(0), []);
  for (const ttlMs of [-1, Number.NaN])
    expect(() => table.step({ kind: 'granted', id: 7, ttlMs }, Instant.of(0), [])).toThrow(
      `the ttlMs of lease 7 must be >= 0, not ${ttlMs}`,
    );
  expect([table.size, table.deadline]).toEqual([0, undefined]);
  expect(() => new LeaseTable({ retryMs: 0 })).toThrow(/retryMs must be > 0/);
});
