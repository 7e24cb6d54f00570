import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Hash64, sipHash, sipKey } from '../integrity/index.ts';
import {
  BloomFilter,
  bloomRate,
  bloomSize,
  CountingBloomFilter,
  hashKey,
  quotientSize,
  SplitBlockBloomFilter,
  splitBlockBlocks,
  splitBlockRate,
} from './index.ts';

const kinds = {
  plain: () => new BloomFilter({ bits: 300, hashes: 4 }),
  counting: () => new CountingBloomFilter({ bits: 300, hashes: 4 }),
  'split-block': () => new SplitBlockBloomFilter(2),
};
const keys = fc.array(fc.oneof(fc.string({ maxLength: 6, unit: 'grapheme' }), fc.uint8Array({ maxLength: 6 })), {
  maxLength: 60,
});

describe.each(Object.entries(kinds))('a %s filter', (_name, make) => {
  test('never says no for yes', () => {
    fc.assert(
      fc.property(keys, (added) => {
        const filter = make();
        for (const key of added) filter.add(key);
        for (const key of added) expect(filter.has(key)).toBe(true);
      }),
    );
  });
  test('says no when it is empty', () => {
    fc.assert(fc.property(keys, (asked) => asked.every((key) => !make().has(key))));
  });
  test('reads what it wrote, and refuses any part of it', () => {
    fc.assert(
      fc.property(keys, (added) => {
        const filter = make();
        for (const key of added) filter.add(key);
        const kind = filter.constructor as unknown as { decode(bytes: Uint8Array): typeof filter };
        const bytes = filter.encode();
        expect(kind.decode(bytes).encode()).toEqual(bytes);
        expect(() => kind.decode(bytes.subarray(0, bytes.length - 1))).toThrow();
        expect(() => kind.decode(Uint8Array.of(...bytes, 0))).toThrow();
        expect(() => kind.decode(Uint8Array.of(99, ...bytes))).toThrow();
      }),
      { numRuns: 20 },
    );
  });
});

test('text and its UTF-8 are the same key, short or long', () => {
  const [text, bytes]: [Hash64, Hash64] = [
    { high: 0, low: 0 },
    { high: 0, low: 0 },
  ];
  for (const key of [
    '',
    'plain',
    'grün',
    '\u{1F9E9}'.repeat(3),
    'a'.repeat(400),
    'ü'.repeat(400),
    `${'a'.repeat(340)}ü`,
  ]) {
    hashKey(key, text);
    hashKey(new TextEncoder().encode(key), bytes);
    expect(text).toEqual(bytes);
  }
});

describe('the rate of false positives is that of the theory', () => {
  /** Keys 0 to n − 1 are in, n to 5 n − 1 are asked for. */
  const measured = (filter: { add(key: string): void; has(key: string): boolean }, n: number): number => {
    for (let i = 0; i < n; i++) filter.add(`key-${i}`);
    let wrong = 0;
    for (let i = n; i < 5 * n; i++) if (filter.has(`key-${i}`)) wrong += 1;
    return wrong / (4 * n);
  };
  const n = 20_000;
  test.each([0.1, 0.02, 0.01])('Bloom, sized for %d', (rate) => {
    const size = bloomSize(n, rate);
    expect(bloomRate(size, n)).toBeLessThanOrEqual(rate);
    expect(bloomRate(size, n) / rate).toBeGreaterThan(0.99);
    expect(Math.abs(measured(new BloomFilter(size), n) / bloomRate(size, n) - 1)).toBeLessThan(0.12);
    expect(Math.abs(measured(new CountingBloomFilter(size), n) / bloomRate(size, n) - 1)).toBeLessThan(0.12);
  });
  test.each([0.1, 0.02, 0.01])('split-block, sized for %d', (rate) => {
    const blocks = splitBlockBlocks(n, rate);
    expect(splitBlockRate(blocks, n)).toBeLessThanOrEqual(rate);
    expect(splitBlockRate(blocks - 1, n)).toBeGreaterThan(rate);
    expect(Math.abs(measured(new SplitBlockBloomFilter(blocks), n) / splitBlockRate(blocks, n) - 1)).toBeLessThan(0.12);
  });
  test.each([
    [0.1, 6.0],
    [0.01, 10.5],
    [0.001, 16.9],
    [0.0001, 26.4],
    [0.00001, 41],
  ])('split-block: %d takes the %d bits per item that Parquet’s specification says', (rate, bits) => {
    const expected = (splitBlockBlocks(1_000_000, rate) * 256) / 1e6;
    expect(Math.abs(expected - bits)).toBeLessThan(0.06 * (bits > 40 ? 10 : 1));
  });
  test('split-block: the examples in Parquet’s specification, of 1,024 blocks', () => {
    expect(splitBlockRate(1024, 52_428)).toBeCloseTo(0.18, 2);
    expect(splitBlockRate(1024, 13_107)).toBeCloseTo(0.0004, 4);
  });
  test('sizes: what the formulas of the literature say', () => {
    // Broder and Mitzenmacher: 9.585 bits per item give 1 % with ideal k; k = 7 costs a little more.
    expect(bloomSize(1_000_000, 0.01)).toEqual({ bits: 9_592_955, hashes: 7 });
    expect(() => splitBlockBlocks(10, 1)).toThrow('must lie between 0 and 1, not 1');
    expect(() => bloomSize(10, 0)).toThrow('must lie between 0 and 1, not 0');
  });
});

describe('a plain filter', () => {
  test('takes in another, and estimates how many keys are in', () => {
    const size = bloomSize(2000, 0.01);
    const [a, b, both] = [new BloomFilter(size), new BloomFilter(size), new BloomFilter(size)];
    for (let i = 0; i < 1500; i++) {
      (i < 1000 ? a : b).add(`k${i}`);
      both.add(`k${i}`);
    }
    expect(Math.abs(a.estimateItems() / 1000 - 1)).toBeLessThan(0.05);
    a.merge(b);
    expect(a.encode()).toEqual(both.encode());
    expect(() => a.merge(new BloomFilter({ bits: 8, hashes: 1 }))).toThrow('not of 8 and 1');
  });
  test('takes any hash: a keyed one, when strangers choose the keys', () => {
    const filter = new BloomFilter({ bits: 1000, hashes: 3 });
    const hash: Hash64 = { high: 0, low: 0 };
    sipHash(sipKey(new Uint8Array(16)), Uint8Array.of(1, 2), hash);
    expect(filter.hasHash(hash.high, hash.low)).toBe(false);
    filter.addHash(hash.high, hash.low);
    expect(filter.hasHash(hash.high, hash.low)).toBe(true);
  });
  test('refuses sizes without meaning', () => {
    expect(() => new BloomFilter({ bits: 0, hashes: 1 })).toThrow('size must be');
    expect(() => new BloomFilter({ bits: 8, hashes: 0 })).toThrow('hashes must be');
    expect(() => new SplitBlockBloomFilter(0)).toThrow('blocks must be');
  });
});

describe('a counting filter', () => {
  test('forgets what is removed and nothing else, whatever the order, and however often a key comes', () => {
    const steps = fc.array(fc.record({ add: fc.boolean(), key: fc.nat(12).map(String) }), { maxLength: 120 });
    fc.assert(
      fc.property(steps, (changes) => {
        const filter = new CountingBloomFilter({ bits: 40, hashes: 3 });
        const held = new Map<string, number>();
        for (const { add, key } of changes) {
          const count = held.get(key) ?? 0;
          if (add) filter.add(key);
          else if (count > 0) expect(filter.remove(key)).toBe(true);
          else continue;
          held.set(key, count + (add ? 1 : -1));
          for (const [one, times] of held) if (times > 0) expect(filter.countOf(one)).toBeGreaterThanOrEqual(times);
        }
      }),
    );
  });
  test('is empty again when all is removed, and refuses to remove what is not there', () => {
    const filter = new CountingBloomFilter({ bits: 1000, hashes: 3 });
    const empty = filter.encode();
    for (let i = 0; i < 50; i++) filter.add(`k${i}`);
    for (let i = 0; i < 50; i++) expect(filter.remove(`k${i}`)).toBe(true);
    expect(filter.encode()).toEqual(empty);
    expect(filter.remove('k1')).toBe(false);
  });
  test('a counter that is full stays full', () => {
    const filter = new CountingBloomFilter({ bits: 1000, hashes: 3 });
    for (let i = 0; i < 20; i++) filter.add('often');
    expect(filter.countOf('often')).toBe(Number.POSITIVE_INFINITY);
    for (let i = 0; i < 40; i++) filter.remove('often');
    expect(filter.has('often')).toBe(true);
  });
});

describe('a split-block filter is Parquet’s', () => {
  test('byte for byte the file bloom_filter.xxhash.bin of apache/parquet-testing', () => {
    const filter = new SplitBlockBloomFilter(32);
    for (const key of ['hello', 'parquet', 'bloom', 'filter']) filter.add(key);
    const bytes = filter.encode();
    expect(bytes.length).toBe(1040);
    expect(Buffer.from(bytes.subarray(0, 16)).toString('hex')).toBe('1580101c1c00001c1c00001c1c000000');
    // The first of the four blocks that are not empty, as it stands in the file.
    expect(Buffer.from(bytes.subarray(0x90, 0xb0)).toString('hex')).toBe(
      '0000100000020000000400008000000000020000000000800000001000000008',
    );
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(
      '1e7e1500b81d0f1b149fa8c3415c0f4c97e0c14cb9c8d125f0baec2b224492bf',
    );
    const read = SplitBlockBloomFilter.decode(bytes);
    expect(['hello', 'parquet', 'bloom', 'filter'].every((key) => read.has(key))).toBe(true);
    expect(read.has('absent')).toBe(false);
  });
  test('other algorithms, hashes and broken blocks are refused', () => {
    const bytes = new SplitBlockBloomFilter(1).encode();
    const changed = (at: number, to: number) => Uint8Array.from(bytes, (byte, i) => (i === at ? to : byte));
    expect(() => SplitBlockBloomFilter.decode(changed(0, 0x14))).toThrow('must start with its length');
    expect(() => SplitBlockBloomFilter.decode(changed(7, 0x2c))).toThrow('only BLOCK filters by XXHASH');
    expect(() => SplitBlockBloomFilter.decode(changed(1, 0x42))).toThrow('whole blocks of 32 bytes, not 33');
  });
  test('the block is ⌊high · blocks / 2^32⌋ exactly, also where a double cannot hold the product', () => {
    const blocks = 2 ** 22 + 3;
    const filter = new SplitBlockBloomFilter(blocks);
    const highs = [0, 1, 1023, 0xffff_ffff, 0x8000_0001, 0xdead_beef];
    for (const high of highs) filter.addHash(high, 0x12345);
    const bytes = filter.encode();
    const bitset = bytes.subarray(bytes.length - filter.sizeBytes);
    for (const high of highs) {
      const at = Number((BigInt(high) * BigInt(blocks)) >> 32n);
      expect(bitset.subarray(at * 32, at * 32 + 32).some((byte) => byte !== 0)).toBe(true);
    }
  });
  test('takes in another', () => {
    const [a, b] = [new SplitBlockBloomFilter(4), new SplitBlockBloomFilter(4)];
    a.add('x');
    b.add('y');
    a.merge(b);
    expect(a.has('x') && a.has('y')).toBe(true);
    expect(() => a.merge(new SplitBlockBloomFilter(3))).toThrow('4 blocks was expected, not of 3');
  });
});

test('a counting filter of which a key is taken that is not in loses only counters of that key', () => {
  // So small that for many keys a position comes twice.
  const size = { bits: 16, hashes: 4 };
  const highest = (filter: CountingBloomFilter): number =>
    Math.max(...[...filter.encode().subarray(3)].flatMap((byte) => [byte & 15, byte >> 4]));
  let refused = 0;
  for (let i = 0; i < 500; i++) {
    const filter = new CountingBloomFilter(size);
    filter.add('in');
    const before = filter.encode();
    if (!filter.has(`k${i}`)) continue;
    if (filter.remove(`k${i}`)) expect(highest(filter)).toBeLessThanOrEqual(4);
    else {
      expect(filter.encode()).toEqual(before);
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(0);
});

test('sizes are refused for items and rates that are none, or that no filter has', () => {
  expect(() => bloomSize(Number.NaN, 0.01)).toThrow(/items must be a number from 0 to 2\^53 − 1, not NaN/);
  expect(() => bloomSize(-1, 0.01)).toThrow(RangeError);
  expect(() => splitBlockBlocks(Number.POSITIVE_INFINITY, 0.01)).toThrow(/items/);
  expect(() => quotientSize(Number.NaN, 0.01)).toThrow(/items/);
  expect(() => bloomSize(10, 1)).toThrow(/rate/);
  expect(() => splitBlockBlocks(1e6, 1e-25)).toThrow(/no filter of blocks has a rate of 1e-25 for 1000000 items/);
});
