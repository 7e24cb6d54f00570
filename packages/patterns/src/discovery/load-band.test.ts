import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Instant } from '../base/index.ts';
import { LoadBand } from './index.ts';

const at = Instant.of;

/** Keeps so many outstanding, one request of a millisecond after the other, for a time. */
function load(band: LoadBand, outstanding: number, fromMs: number, forMs: number): void {
  for (let i = 0; i < outstanding; i++) band.begin(at(fromMs));
  for (let ms = 1; ms < forMs; ms++) {
    band.end(at(fromMs + ms));
    band.begin(at(fromMs + ms));
  }
  for (let i = 0; i < outstanding; i++) band.end(at(fromMs + forMs));
}

describe('a load band', () => {
  test('smooths by hand: 10 outstanding for half of a time constant make 10 · (1 − e^−0.5) = 3.93', () => {
    const band = new LoadBand({ sizeMax: 100, smoothMs: 1_000 }, at(0));
    for (let i = 0; i < 10; i++) band.begin(at(0));
    expect(band.mean).toBe(0);
    band.end(at(500));
    expect(band.mean).toBeCloseTo(3.9347, 4);
  });

  test('does not take one request after a long silence for a load', () => {
    const band = new LoadBand({ sizeMax: 100, smoothMs: 1_000 }, at(0));
    band.begin(at(1_000_000));
    expect(band.mean).toBe(0);
  });

  test('takes as many as keep each at the upper end, one at a time', () => {
    const band = new LoadBand({ sizeMax: 100 }, at(0));
    load(band, 40, 0, 60_000);
    expect(band.size).toBe(20);
  });

  test('gives them back when the load falls below the lower end, and not before', () => {
    const band = new LoadBand({ sizeMax: 100 }, at(0));
    load(band, 40, 0, 60_000);
    load(band, 12, 60_000, 60_000);
    expect(band.size).toBe(20);
    load(band, 4, 120_000, 60_000);
    expect(band.size).toBe(8);
  });

  test('stays within its bounds', () => {
    const band = new LoadBand({ sizeMin: 3, sizeMax: 5 }, at(0));
    expect(band.size).toBe(3);
    load(band, 100, 0, 30_000);
    expect(band.size).toBe(5);
    load(band, 1, 30_000, 60_000);
    expect(band.size).toBe(3);
  });
});

test('under a steady load the size comes to rest, within the band', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (first, then) => {
      const band = new LoadBand({ sizeMax: 1_000, smoothMs: 100 }, at(0));
      load(band, first, 0, 2_000);
      for (let i = 0; i < then; i++) band.begin(at(2_000));
      const sizes = new Set<number>();
      for (let ms = 2_001; ms < 5_000; ms++) {
        band.end(at(ms));
        band.begin(at(ms));
        if (ms > 4_000) sizes.add(band.size);
      }
      expect(sizes.size).toBe(1);
      const each = then / band.size;
      expect(each <= 2 + 1e-6 && (each >= 0.5 || band.size === 1)).toBe(true);
    }),
    { numRuns: 20 },
  );
});
