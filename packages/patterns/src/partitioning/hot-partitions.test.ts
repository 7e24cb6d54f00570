import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { HotPartitions, type HotPartitionsOptions, saltedKey, saltedKeys, unsaltedKey } from './index.ts';

/** Keys are "p-name": of partition p. */
const options: HotPartitionsOptions = {
  partitions: 4,
  partitionOf: (key) => Number(key[0]),
  counters: 16,
  windowMs: 10_000,
  halfLifeMs: 1000,
};
const at = Instant.of;

interface Flow {
  readonly kind: 'read' | 'write';
  readonly keys: readonly string[];
  readonly perSecond: number;
}
const background: Flow = { kind: 'read', keys: ['0-x', '1-x', '2-x', '3-x'], perSecond: 100 };
const reads = (keys: readonly string[], perSecond: number): Flow => ({ kind: 'read', keys, perSecond });
const writes = (keys: readonly string[], perSecond: number): Flow => ({ kind: 'write', keys, perSecond });

/** So many operations per second on each key of each flow, evenly over the time. */
function load(detector: HotPartitions, from: number, to: number, ...flows: readonly Flow[]): void {
  for (let ms = from; ms < to; ms += 100)
    for (const { kind, keys, perSecond } of flows)
      for (const key of keys) detector.record(kind, key, at(ms), perSecond / 10);
}

describe('hot partitions', () => {
  test('a steady rate is measured as it is, and is forgotten by half in each half-life', () => {
    const detector = new HotPartitions(options, at(0));
    load(detector, 0, 20_000, reads(['1-a'], 500));
    const rate = detector.ratePerSecond(1, at(20_000));
    expect(rate / 500).toBeGreaterThan(0.95);
    expect(rate / 500).toBeLessThan(1.05);
    expect(detector.ratePerSecond(1, at(22_000))).toBeCloseTo(rate / 4, 2);
    expect(detector.ratePerSecond(0, at(22_000))).toBe(0);
  });

  test('a rate is right from the first second on', () => {
    const detector = new HotPartitions(options, at(0));
    load(detector, 0, 1000, reads(['1-a'], 500));
    expect(Math.abs(detector.ratePerSecond(1, at(1000)) / 500 - 1)).toBeLessThan(0.05);
    const just = new HotPartitions(options, at(0));
    just.record('read', '1-a', at(0));
    expect(just.ratePerSecond(1, at(1))).toBeLessThan(10);
  });

  test('an even load is not hot, and neither is an uneven one that is small', () => {
    const detector = new HotPartitions(options, at(0));
    load(detector, 0, 5000, background);
    expect(detector.advise(at(5000))).toEqual([]);
    const idle = new HotPartitions(options, at(0));
    load(idle, 0, 5000, reads(['2-a'], 50));
    expect(idle.advise(at(5000))).toEqual([]);
  });

  test('one key that is read is to be cached', () => {
    const detector = new HotPartitions(options, at(0));
    load(detector, 0, 5000, background, reads(['2-hot'], 2000), writes(['2-hot'], 20));
    const advice = detector.advise(at(5000));
    expect(advice).toMatchObject([{ kind: 'cache', partition: 2, key: '2-hot' }]);
    expect(Math.abs(advice[0]!.perSecond / 2020 - 1)).toBeLessThan(0.05);
  });

  test('one key that is written is to be salted, so that each part is no hotter than the mean', () => {
    const detector = new HotPartitions(options, at(0));
    load(detector, 0, 5000, background, writes(['2-hot'], 2000));
    // The mean is (4 · 100 + 2000) / 4 = 600.
    expect(detector.advise(at(5000))).toMatchObject([{ kind: 'salt', partition: 2, key: '2-hot', ways: 4 }]);
  });

  test('many warm keys make a partition to be split', () => {
    const detector = new HotPartitions(options, at(0));
    load(
      detector,
      0,
      5000,
      background,
      reads(
        Array.from({ length: 40 }, (_, i) => `3-${i}`),
        50,
      ),
    );
    expect(detector.advise(at(5000))).toMatchObject([{ kind: 'split', partition: 3 }]);
  });

  test('a key that was hot is forgotten after two windows', () => {
    const detector = new HotPartitions(options, at(0));
    load(detector, 0, 5000, reads(['2-old'], 5000));
    load(detector, 5000, 26_000, background);
    load(detector, 26_000, 31_000, background, reads(['2-new'], 1000));
    expect(detector.advise(at(31_000))).toMatchObject([{ kind: 'cache', key: '2-new' }]);
  });

  test('is refused without partitions and with limits of nothing', () => {
    expect(() => new HotPartitions({ ...options, partitions: 0 }, at(0))).toThrow(/partitions/);
    for (const name of ['halfLifeMs', 'windowMs', 'hotFactor', 'keyShare'])
      expect(() => new HotPartitions({ ...options, [name]: 0 }, at(0))).toThrow(new RegExp(name));
  });
});

describe('salting', () => {
  test('spreads a key over its sub-keys and finds its way back', () => {
    expect(saltedKeys('k', 3)).toEqual(['k', 'k\u0000salt:1', 'k\u0000salt:2']);
    for (let salt = 0; salt < 10; salt++) {
      expect(saltedKeys('k', 3)).toContain(saltedKey('k', 3, salt));
      expect(unsaltedKey(saltedKey('k', 3, salt))).toBe('k');
    }
    expect(saltedKeys('k', 5).slice(0, 3)).toEqual(saltedKeys('k', 3));
  });

  test('refuses numbers of ways that are none', () => {
    for (const ways of [0, 1.5, 1025]) expect(() => saltedKeys('k', ways)).toThrow(/ways/);
    expect(() => saltedKey('k', 2, -1)).toThrow(/salt/);
  });
});

test('a key that looks salted already is refused: its sub-keys could be those of another key', () => {
  const looksSalted = saltedKey('a', 4, 1);
  expect(() => saltedKey(looksSalted, 4, 2)).toThrow(/must not contain the mark of a salt/);
  expect(unsaltedKey(looksSalted)).toBe('a');
});

test('a count or a partition that is none is refused and leaves no trace', () => {
  const detector = new HotPartitions(options, at(0));
  for (const count of [-5, 0, Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => detector.record('read', '1-a', at(1), count)).toThrow(/count must be greater than 0/);
  expect(detector.ratePerSecond(1, at(2))).toBe(0);
  expect(() => detector.record('read', '9-a', at(1))).toThrow(/a number from 0 to 3, got 9 for "9-a"/);
});
