import { describe, expect, test } from 'vitest';
import { exponentialQuantile } from './exponential.ts';
import { deriveSeed, formatSeed, parseSeed, SeededStream } from './index.ts';

describe('seeds', () => {
  test('are read as bigint, decimal or hex, and printed so that they are read back', () => {
    const seed = parseSeed(0xdeadbeef00000001n);
    expect(formatSeed(seed)).toBe('0xdeadbeef00000001');
    expect(parseSeed(formatSeed(seed))).toEqual(seed);
    expect(parseSeed(' 42 ')).toEqual({ high: 0, low: 42 });
    expect(parseSeed(2n ** 64n - 1n)).toEqual({ high: 0xffffffff, low: 0xffffffff });
  });

  test.each(['', 'x', '-1', '1.5', '0x', '18446744073709551616'])('%j is refused', (text) => {
    expect(() => parseSeed(text)).toThrow(RangeError);
  });

  test('derived ones differ by seed and by label', () => {
    const seen = new Set<string>();
    for (let low = 0; low < 50; low++) {
      for (const label of ['', 'a', 'b', 'ab', 'ba', 'node 1', 'node 2']) {
        seen.add(formatSeed(deriveSeed({ high: 0, low }, label)));
      }
    }
    expect(seen.size).toBe(350);
  });
});

describe('a stream', () => {
  const stream = (label = 'x'): SeededStream => new SeededStream(parseSeed(1n), label);

  test('is the same for the same seed and label, on every engine', () => {
    const words = (label: string): number[] =>
      Array.from(
        { length: 4 },
        (
          (s) => () =>
            s.uint32()
        )(stream(label)),
      );
    expect(words('x')).toEqual(words('x'));
    expect(words('x')).not.toEqual(words('y'));
    expect(words('x')).toMatchInlineSnapshot(`
      [
        112818249,
        1220090685,
        3062150652,
        1954995904,
      ]
    `);
  });

  test('draws evenly below a bound, also beyond 32 bits', () => {
    const random = stream();
    const counts = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < 60_000; i++) counts[random.below(6)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(500);
    let [sum, outside] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      const drawn = random.below(2 ** 50);
      if (!Number.isSafeInteger(drawn) || drawn < 0 || drawn >= 2 ** 50) outside += 1;
      sum += drawn / 2 ** 50;
    }
    expect(outside).toBe(0);
    expect(Math.abs(sum / 10_000 - 0.5)).toBeLessThan(0.02);
    expect(() => random.below(0)).toThrow(RangeError);
  });

  test('floats are in [0, 1), chances come as often as asked, and zero draws nothing', () => {
    const random = stream();
    let [hits, outside] = [0, 0];
    for (let i = 0; i < 10_000; i++) {
      const float = random.float();
      if (float < 0 || float >= 1) outside += 1;
      if (random.chance(0.25)) hits += 1;
    }
    expect(outside).toBe(0);
    expect(Math.abs(hits - 2500)).toBeLessThan(200);
    const [one, other] = [stream(), stream()];
    one.chance(0);
    expect(one.uint32()).toBe(other.uint32());
  });

  test('fills bytes, also in odd numbers', () => {
    const filled = stream().fill(new Uint8Array(7));
    expect(filled).toEqual(stream().fill(new Uint8Array(7)));
    expect(new Set(stream().fill(new Uint8Array(4000))).size).toBe(256);
  });

  test('shuffles into every order', () => {
    const random = stream();
    const seen = new Set<string>();
    for (let i = 0; i < 500; i++) seen.add(random.shuffled(['a', 'b', 'c', 'd']).join(''));
    expect(seen.size).toBe(24);
  });
});

describe('the exponential', () => {
  test('is close to -ln of a uniform number, without asking the engine for a logarithm', () => {
    for (const word of [0, 1, 2, 3, 255, 65_535, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 2, 2 ** 32 - 1]) {
      expect(exponentialQuantile(word)).toBeCloseTo(-Math.log((word + 1) / 2 ** 32), 6);
    }
  });

  test('has the mean that was asked for, and delays never fall below their floor', () => {
    const random = new SeededStream(parseSeed(2n), 'delay');
    let [sum, least] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < 50_000; i++) {
      const delayUs = random.delayUs({ minMs: 1, meanMs: 2 });
      least = Math.min(least, delayUs);
      sum += delayUs;
    }
    expect(least).toBeGreaterThanOrEqual(1000);
    expect(Math.abs(sum / 50_000 - 3000)).toBeLessThan(50);
  });
});
