import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareBytes, prefixEnd, toBytes, toRange, toText } from './keys.ts';

/** Few byte values, so that prefixes and neighbours happen. */
const key = fc.uint8Array({ maxLength: 4 }).map((bytes) => bytes.map((byte) => [0, 1, 254, 255][byte % 4]!));

const within = (k: Uint8Array, { key: from, rangeEnd }: { key: Uint8Array; rangeEnd: Uint8Array }): boolean => {
  if (rangeEnd.length === 0) return compareBytes(k, from) === 0;
  const toEnd = rangeEnd.length === 1 && rangeEnd[0] === 0;
  return compareBytes(k, from) >= 0 && (toEnd || compareBytes(k, rangeEnd) < 0);
};

test('the range of a prefix holds exactly the keys that start with it', () => {
  fc.assert(
    fc.property(key, key, (prefix, k) => {
      if (k.length === 0) return;
      const starts = prefix.every((byte, i) => k[i] === byte);
      expect(within(k, toRange({ prefix }))).toBe(starts);
    }),
    { numRuns: 2000 },
  );
});

test('a range from a key to another holds the first and not the last', () => {
  const range = toRange({ from: 'b', to: 'd' });
  expect(['a', 'b', 'c', 'cc', 'd'].filter((k) => within(toBytes(k), range))).toEqual(['b', 'c', 'cc']);
  expect(within(toBytes('zzz'), toRange({ from: 'b' }))).toBe(true);
  expect(within(toBytes('a'), toRange({ from: '' }))).toBe(true);
});

test('text is its UTF-8, and bytes compare as unsigned', () => {
  expect(toText(toBytes('grüße ✓'))).toBe('grüße ✓');
  expect(compareBytes(Uint8Array.of(127), Uint8Array.of(128))).toBeLessThan(0);
  expect([...prefixEnd(Uint8Array.of(255, 255))]).toEqual([0]);
});
