import { expect, test } from 'vitest';
import { Digest, hashBytes } from './digest.ts';

test('a digest depends on every word, on their order and on the high halves of wide ones', () => {
  const of = (...words: number[]): string => {
    const digest = new Digest();
    for (const word of words) digest.foldWide(word);
    return digest.hex();
  };
  const all = [of(), of(0), of(0, 0), of(1, 2), of(2, 1), of(2 ** 40 + 1, 2), of(2 ** 32 + 1, 2), of(2 ** 31)];
  expect(new Set(all).size).toBe(all.length);
  expect(of(1, 2, 3)).toMatch(/^[0-9a-f]{16}$/);
});

test('a hash depends on every byte and on the length', () => {
  const seen = new Set<number>();
  for (let length = 0; length < 20; length++) {
    seen.add(hashBytes(new Uint8Array(length)));
    for (let i = 0; i < length; i++) {
      const bytes = new Uint8Array(length);
      bytes[i] = 1;
      seen.add(hashBytes(bytes));
    }
  }
  expect(seen.size).toBe(20 + (19 * 20) / 2);
});
