/** Bailis et al., "Probabilistically Bounded Staleness for Practical Partial Quorums", VLDB 2012. */
import { describe, expect, test } from 'vitest';
import { kFreshness, missProbability, monotonicReads, Staleness, simulateStaleness, tFreshness } from './index.ts';

/** Mulberry32: good enough to sample delays. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
const exponential = (meanMs: number, seed: number): (() => number) => {
  const next = random(seed);
  return () => -meanMs * Math.log(1 - next());
};

describe('the closed forms', () => {
  test('give the figures of section 3.1 for N = 3', () => {
    expect([2, 3, 5, 10].map((versions) => kFreshness(3, 1, 1, versions).toFixed(3))).toEqual([
      '0.556',
      '0.704',
      '0.868',
      '0.983',
    ]);
    for (const [read, write] of [
      [1, 2],
      [2, 1],
    ] as const)
      expect([1, 2, 5].map((versions) => kFreshness(3, read, write, versions).toFixed(3))).toEqual([
        '0.667',
        '0.889',
        '0.996',
      ]);
  });

  test('of quorums that intersect never miss', () => {
    expect([missProbability(3, 2, 2), missProbability(5, 1, 5), missProbability(4, 3, 2)]).toEqual([0, 0, 0]);
    expect(missProbability(5, 2, 2)).toBeCloseTo(3 / 10, 12);
  });

  test('agree with counting all read quorums', () => {
    for (let copies = 1; copies <= 6; copies++)
      for (let read = 1; read <= copies; read++)
        for (let write = 1; write <= copies; write++) {
          let [all, missing] = [0, 0];
          for (let set = 0; set < 2 ** copies; set++) {
            const size = [...Array(copies).keys()].filter((copy) => (set >> copy) & 1).length;
            if (size !== read) continue;
            all += 1;
            // The first W copies have the write.
            if ((set & (2 ** write - 1)) === 0) missing += 1;
          }
          expect(missProbability(copies, read, write)).toBeCloseTo(missing / all, 12);
        }
  });

  test('of reads that never go back: as k-freshness with what was written since the last read', () => {
    expect(monotonicReads(3, 1, 1, 4, 2)).toBeCloseTo(kFreshness(3, 1, 1, 3), 12);
  });

  test('refuse quorums that are none', () => {
    expect(() => missProbability(3, 4, 1)).toThrow(/read/);
    for (const size of [0, 1.5]) expect(() => missProbability(3, 1, size)).toThrow(/write/);
    expect(() => kFreshness(3, 1, 1, 0)).toThrow(/versions/);
    expect(() => tFreshness(3, 1, 1, [1, 1])).toThrow(/4 probabilities/);
  });
});

describe('the simulation', () => {
  const rounds = 40_000;

  test('at the moment of the acknowledgement gives the closed form, when reads choose their copies by chance', () => {
    for (const [copies, read, write] of [
      [3, 1, 1],
      [3, 2, 1],
      [5, 2, 2],
      [3, 2, 2],
    ] as const) {
      const delays = { write: exponential(10, 1), acknowledge: () => 0, read: () => 0, respond: exponential(1, 2) };
      const staleness = simulateStaleness({ copies, read, write, delays, rounds });
      expect(Math.abs(staleness.freshAfter(0) - (1 - missProbability(copies, read, write)))).toBeLessThan(0.01);
    }
  });

  test('gives equation 4 for any time after it', () => {
    // One copy acknowledged; each of the other two is reached within t with probability 1 − e^(−t / 10).
    const delays = { write: exponential(10, 3), acknowledge: () => 0, read: () => 0, respond: exponential(1, 4) };
    const staleness = simulateStaleness({ copies: 3, read: 1, write: 1, delays, rounds });
    for (const ms of [0, 1, 5, 10, 30]) {
      const one = 1 - Math.exp(-ms / 10);
      const closed = tFreshness(3, 1, 1, [1, 1, 1 - (1 - one) ** 2, one ** 2]);
      expect(closed).toBeCloseTo(1 / 3 + (2 / 3) * one, 12);
      expect(Math.abs(staleness.freshAfter(ms) - closed)).toBeLessThan(0.01);
    }
    // 1/3 + 2/3 · (1 − e^(−t/10)) = 0.9 at t = 10 · ln(20/3).
    expect(staleness.visibilityMs(0.9)).toBeCloseTo(10 * Math.log(20 / 3), 0);
  });

  test('measures latencies as the W-th and R-th fastest of N', () => {
    const delays = { write: exponential(10, 5), acknowledge: () => 5, read: exponential(10, 6), respond: () => 1 };
    const staleness = simulateStaleness({ copies: 3, read: 3, write: 1, delays, rounds });
    // The fastest of three has a third of the mean: median 10/3 · ln 2.
    expect(staleness.writeLatencyMs(0.5)).toBeCloseTo(5 + (10 / 3) * Math.LN2, 0);
    // The slowest of three: its median m has (1 − e^(−m/10))³ = 1/2.
    expect(Math.abs(staleness.readLatencyMs(0.5) - 1 + 10 * Math.log(1 - 0.5 ** (1 / 3)))).toBeLessThan(0.3);
  });

  test('never shows a stale read where quorums intersect, whatever the delays', () => {
    const delays = {
      write: exponential(100, 7),
      acknowledge: exponential(1, 8),
      read: exponential(1, 9),
      respond: exponential(1, 10),
    };
    expect(simulateStaleness({ copies: 5, read: 3, write: 3, delays, rounds }).visibilityMs(1)).toBe(0);
    expect(simulateStaleness({ copies: 5, read: 3, write: 2, delays, rounds }).visibilityMs(1)).toBeGreaterThan(0);
  });

  test('reports the smallest time within which at least that part of the rounds lies', () => {
    const found = new Staleness(Float64Array.of(30, 0, 20, 10), Float64Array.of(2, 1), Float64Array.of(4));
    expect([0, 0.25, 0.26, 0.5, 0.75, 1].map((part) => found.visibilityMs(part))).toEqual([0, 0, 10, 10, 20, 30]);
    expect([0, 9, 10, 30].map((ms) => found.freshAfter(ms))).toEqual([0.25, 0.25, 0.5, 1]);
    expect([found.readLatencyMs(0.5), found.readLatencyMs(0.51), found.writeLatencyMs(1)]).toEqual([1, 2, 4]);
  });

  test('sees nothing fresh before anything is visible', () => {
    const found = new Staleness(Float64Array.of(5, 6), Float64Array.of(1, 1), Float64Array.of(1, 1));
    expect([4, 5, 6].map((ms) => found.freshAfter(ms))).toEqual([0, 0.5, 1]);
    expect(found.visibilityMs(0)).toBe(5);
  });

  test('samples each delay once for each copy and round', () => {
    const counts = { write: 0, acknowledge: 0, read: 0, respond: 0 };
    const counting = (kind: keyof typeof counts, ms: number) => () => {
      counts[kind] += 1;
      return ms;
    };
    const delays = {
      write: counting('write', 3),
      acknowledge: counting('acknowledge', 4),
      read: counting('read', 1),
      respond: counting('respond', 1),
    };
    const found = simulateStaleness({ copies: 3, read: 1, write: 1, delays, rounds: 1 });
    expect([found.writeLatencyMs(1), found.readLatencyMs(1), found.visibilityMs(1)]).toEqual([7, 2, 0]);
    simulateStaleness({ copies: 2, read: 1, write: 1, delays, rounds: 5 });
    expect(counts).toEqual({ write: 13, acknowledge: 13, read: 13, respond: 13 });
  });

  test('refuses to run no rounds, and quorums that are none', () => {
    const zero = (): number => 0;
    const delays = { write: zero, acknowledge: zero, read: zero, respond: zero };
    for (const rounds of [0, 1.5])
      expect(() => simulateStaleness({ copies: 3, read: 1, write: 1, delays, rounds })).toThrow(/rounds must be/);
    expect(() => simulateStaleness({ copies: 3, read: 4, write: 1, delays, rounds: 1 })).toThrow(/read must be/);
  });
});
