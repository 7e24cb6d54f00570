/** Vectors: libmemcached 1.1, test/fixtures/ketama.hpp and test/tests/memcached/ketama.cpp: 99 keys, their hashes, points and servers, in two modes. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { Ketama, type KetamaServer } from './index.ts';

const WEIGHTS = [600, 300, 200, 350, 1000, 800, 950, 100];
const servers = WEIGHTS.map((weight, i): KetamaServer => ({ host: `10.0.1.${i + 1}`, weight }));

interface Vector {
  readonly key: string;
  readonly hash: number;
  /** Only for libmemcached: of spymemcached's the file has none. */
  readonly point: number | undefined;
  readonly host: string;
}

function vectorsIn(file: string): Vector[] {
  const lines = readFileSync(new URL(`testdata/${file}`, import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  return lines.slice(2).map((line) => {
    const [key, hash, ...rest] = line.split('\t');
    const host = rest.pop()!;
    return { key: key!, hash: Number(hash), point: rest.length > 0 ? Number(rest[0]) : undefined, host };
  });
}

describe('ketama', () => {
  for (const [mode, file] of [
    ['weighted', 'ketama-libmemcached.txt'],
    ['spymemcached', 'ketama-spymemcached.txt'],
  ] as const) {
    test(`in the mode ${mode} places every key where libmemcached places it`, () => {
      const ketama = Ketama.of(servers, mode);
      const vectors = vectorsIn(file);
      expect(vectors).toHaveLength(99);
      for (const { key, hash, point, host } of vectors) {
        expect(Ketama.hashOf(key)).toBe(hash);
        if (point !== undefined) expect(ketama.pointOf(hash).point).toBe(point);
        expect(ketama.pointOf(hash).server.host).toBe(host);
        expect(ketama.serverOf(key).host).toBe(host);
      }
    });

    test(`in the mode ${mode} a key that is hashed behind the last point belongs to the first one`, () => {
      const ketama = Ketama.of(servers, mode);
      expect(Ketama.hashOf('VDEAAAAA')).toBe(0xfffcd1b5);
      expect(ketama.serverOf('VDEAAAAA')).toBe(ketama.continuum()[0]!.server);
    });
  }

  test('counts points in single precision', () => {
    const pointsOf = (of: readonly KetamaServer[], i: number): number =>
      Ketama.of(of)
        .continuum()
        .filter(({ server }) => server === of[i]).length;
    expect(servers.map((_, i) => pointsOf(servers, i))).toEqual([176, 88, 56, 104, 296, 236, 280, 28]);
    // What C makes of n equal servers: a twenty-fifth, times 160 / 4 · 25, is a little less than 40 in single precision.
    const equal = (n: number): number =>
      pointsOf(
        Array.from({ length: n }, (_, i): KetamaServer => ({ host: `h${i}` })),
        0,
      );
    expect([1, 2, 24, 25, 26, 47, 50, 55, 61, 71].map(equal)).toEqual([
      160, 160, 160, 156, 160, 156, 156, 156, 156, 156,
    ]);
  });

  test('hashes names as "host-i", as "host:port-i" unless the port is 11211, and as "/host:port-i" for spymemcached', () => {
    const word = (text: string, at: number): number => createHash('md5').update(text).digest().readUInt32LE(at);
    const has = (ketama: Ketama, point: number): boolean => ketama.continuum().some((entry) => entry.point === point);
    expect(has(Ketama.of([{ host: 'a' }]), word('a-39', 12))).toBe(true);
    expect(has(Ketama.of([{ host: 'a', port: 11211 }]), word('a-0', 0))).toBe(true);
    expect(has(Ketama.of([{ host: 'a', port: 11212 }]), word('a:11212-7', 8))).toBe(true);
    expect(has(Ketama.of([{ host: 'a' }], 'spymemcached'), word('/a:11211-7', 4))).toBe(true);
    const unweighted = Ketama.of([{ host: 'a', weight: 7 }], 'unweighted');
    expect(unweighted.continuum()).toHaveLength(100);
    expect(has(unweighted, word('a-99', 0))).toBe(true);
  });

  test('hashes keys of every length, also such as are not ASCII, as MD5 does', () => {
    const reference = (key: string): number => createHash('md5').update(key).digest().readUInt32LE(0);
    for (let length = 0; length < 140; length++) {
      expect(Ketama.hashOf('k'.repeat(length))).toBe(reference('k'.repeat(length)));
      const mixed = `${'k'.repeat(length)}ü€😀`;
      expect(Ketama.hashOf(mixed)).toBe(reference(mixed));
    }
  });

  test('finds the owner that a search of the whole continuum finds', () => {
    const ketama = Ketama.of(servers);
    const continuum = ketama.continuum();
    for (const { point } of continuum.slice(0, 50))
      for (const hash of [point - 1, point, point + 1]) {
        const slow = continuum.find((entry) => entry.point >= hash) ?? continuum[0];
        expect(ketama.pointOf(hash)).toEqual(slow);
      }
  });

  test('refuses servers that are none', () => {
    expect(() => Ketama.of([])).toThrow(/1 to 65535 servers/);
    expect(() => Ketama.of([{ host: 'a', weight: 0 }])).toThrow(/weight of "a"/);
    expect(() => Ketama.of([{ host: 'a', port: -1 }])).toThrow(/port of "a"/);
  });
});
