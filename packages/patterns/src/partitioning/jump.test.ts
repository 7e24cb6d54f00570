/**
 * Vectors: google/guava, HashingTest.testConsistentHash_linearCongruentialGeneratorCompatibility; the table that dgryski/go-jump and its ports
 * to other languages share; ClickHouse, 00580_consistent_hashing_functions.
 */
import { describe, expect, test } from 'vitest';
import { jump, jumpKey } from './index.ts';

const jump64 = (key: bigint, buckets: number): number => jump(Number(key >> 32n), Number(key & 0xffff_ffffn), buckets);

describe('jump', () => {
  test('places the keys 0 to 19 in a hundred buckets as Guava does', () => {
    const golden = [0, 55, 62, 8, 45, 59, 86, 97, 82, 59, 73, 37, 17, 56, 86, 21, 90, 37, 38, 83];
    expect(golden.map((_, key) => jump(0, key, 100))).toEqual(golden);
  });

  test('places large keys, and keys in many buckets, as Guava and ClickHouse do', () => {
    expect(jump64(10863919174838991n, 11)).toBe(6);
    expect(jump64(2016238256797177309n, 11)).toBe(3);
    expect(jump64(1673758223894951030n, 11)).toBe(5);
    expect([jump(0, 2, 100001), jump(0, 2201, 100001), jump(0, 2202, 100001)]).toEqual([80343, 22152, 15018]);
    expect(jump64(16045690984833335023n, 255)).toBe(237);
    expect([jump(0, 1, 1), jump(0, 42, 57), jump(0, 256, 1024), jump(0, 3735883980, 666)]).toEqual([0, 43, 520, 361]);
  });

  test('follows a key through growing numbers of buckets as go-jump does', () => {
    const follow = (key: bigint, most: number): number[] => Array.from({ length: most }, (_, i) => jump64(key, i + 1));
    expect(follow(1n, 19)).toEqual([0, 0, 0, 0, 0, 0, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 17, 17]);
    expect(follow(0xdeadbeefn, 19)).toEqual([0, 1, 2, 3, 3, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 16, 16, 16]);
    expect(follow(0x0ddc0ffeebadf00dn, 19)).toEqual([0, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 15, 15, 15, 15]);
  });

  test('agrees with 64-bit arithmetic on keys whose generator carries and overflows', () => {
    const slow = (start: bigint, buckets: number): number => {
      let key = start;
      let [bucket, next] = [0, 0];
      while (next < buckets) {
        bucket = next;
        key = BigInt.asUintN(64, key * 2862933555777941757n + 1n);
        next = Math.floor((bucket + 1) * (2 ** 31 / (Number(key >> 33n) + 1)));
      }
      return bucket;
    };
    // One step from this key is zero, so that the lower half carries: the inverse of the factor, negated.
    let inverse = 1n;
    for (let i = 0; i < 6; i++) inverse = BigInt.asUintN(64, inverse * (2n - 2862933555777941757n * inverse));
    const beforeZero = BigInt.asUintN(64, -inverse);
    for (const key of [beforeZero, beforeZero ^ (1n << 63n), 2n ** 64n - 1n, 2n ** 32n, 2n ** 32n - 1n])
      for (const buckets of [1, 2, 10, 1000, 2 ** 31 - 1]) expect(jump64(key, buckets)).toBe(slow(key, buckets));
  });

  test('moves keys only to the new bucket, and no more of them than its share', () => {
    let moved = 0;
    for (let i = 0; i < 20_000; i++) {
      const before = jumpKey(`key ${i}`, 10);
      const after = jumpKey(`key ${i}`, 11);
      if (before !== after) {
        expect(after).toBe(10);
        moved += 1;
      }
    }
    expect(moved / 20_000).toBeCloseTo(1 / 11, 2);
  });

  test('refuses numbers of buckets that are none', () => {
    for (const buckets of [0, -1, 1.5, Number.NaN, 2 ** 31]) expect(() => jump(0, 1, buckets)).toThrow(RangeError);
  });
});
